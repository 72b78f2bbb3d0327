/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.varlink.service: what every Varlink client may ask of a server about itself. */

#include "jit-approver/daemon/call.h"

/* false: not one of its methods, and nothing was answered. */
bool interface_call(Call *c);
