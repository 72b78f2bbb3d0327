/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The settings of sudoers(5) that say whether and as what sudo asks PAM. Pure. */

#include "common/macro.h"

typedef struct SudoSetting {
        char *name, *value; /* value NULL: a switch */
        char *scope; /* "" or what stands behind Defaults: "@host", ":user", "!command", ">runas" */
        bool on;
} SudoSetting;

typedef struct Sudoers {
        SudoSetting *items;
        size_t n;
} Sudoers;

/* Adds the Defaults of one file; to be called in the order in which sudo reads them. */
void sudoers_read(Sudoers *s, const char *text);
void sudoers_done(Sudoers *s);
