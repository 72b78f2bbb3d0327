/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A line on somebody's terminal. We open no terminals (root without powers may not, and should not): a
 * transient unit that runs as the user writes it, within 2 s or not at all.
 */

#include "jit-approver/daemon/bus.h"

typedef struct Terminals Terminals;

int terminals_new(Bus *bus, Terminals **ret);
Terminals *terminals_free(Terminals *t);
DEFINE_FREE(Terminals, terminals_free)

/*
 * Fire and forget. tty as PAM names it ("/dev/pts/3", "pts/3", "tty1"); anything else is ignored. user: the
 * account whose terminal it is. text: one line or several, made safe here.
 */
void terminal_tell(Terminals *t, const char *tty, const char *user, const char *text);
