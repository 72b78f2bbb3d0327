/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What sudo was asked to do, read off its own argument vector with sudo's own rules (sudo(8) 1.9,
 * getopt_long(3) without permutation). Pure. What is not certain to mean the same to every sudo 1.9
 * is SUDO_UNKNOWN, which opens nothing that names a target or a command.
 */

#include "common/macro.h"

typedef enum SudoMode {
        SUDO_UNKNOWN = 0,
        SUDO_RUN, /* a plain command */
        SUDO_SHELL, /* -s, -i, -e, sudoedit, VAR=value, -E and what else alters a command, or none at all */
        SUDO_LIST,     /* -l: tells, runs nothing */
        SUDO_VALIDATE, /* -v: runs nothing */
        SUDO_REMOVE,   /* -K: runs nothing */
} SudoMode;

typedef struct SudoArgv {
        SudoMode mode;
        const char *user, *group; /* of -u and -g, borrowed; NULL: not given, or SUDO_UNKNOWN */
        size_t command;           /* with SUDO_RUN: where the command begins */
        /* Whatever the mode: what was seen of -n, -S, -A, -p. These decide about asking only. */
        bool non_interactive, from_stdin, askpass, own_prompt;
} SudoArgv;

void sudo_argv_parse(const char *const *argv, size_t argc, SudoArgv *ret);
