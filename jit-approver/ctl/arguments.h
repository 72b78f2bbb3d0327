/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The arguments of pam_jit.so's own lines, by the module's rules: one that it does not know, or
 * knows twice, makes it refuse everybody.
 */

/* The first that is wrong, or NULL. */
const char *arguments_wrong(char *const *words);
