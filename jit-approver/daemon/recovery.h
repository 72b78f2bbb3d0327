/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `jit-approver --recover`: what is wrong with the store, and something better in its place. */

#define RECOVERY_STATE "/var/lib/jit-approver" /* where systemd puts it */

/* from NULL: without a backup. Says on standard error what it found and did; an exit code. */
int recovery_main(const char *dir, const char *from);

/* What an error of store_open() is called. */
const char *recovery_words(int error);
