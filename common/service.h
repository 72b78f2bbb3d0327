/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PAM's service names, as far as one program goes by two of them. What is returned is never owned. */

#include <stdbool.h>

/* "sudo-i" is "sudo", "su-l" is "su", "runuser-l" is "runuser"; any other is itself. */
const char *service_canonical(const char *service);
/* The other way; NULL: it has no other name. */
const char *service_sibling(const char *canonical);
/* sudo, su, runuser (by their canonical names): the host acts for its real uid and changes into a target. */
bool service_changes_user(const char *canonical);
