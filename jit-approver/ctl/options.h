/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Command lines by table: the global options are taken before and after the verb. */

#include "jit-approver/ctl/ctl.h"

#define OPTIONS_GO_ON (-1)
#define OPTIONS_HELP (-2) /* the help of all verbs is wanted; verb NULL only */

/*
 * Reads the words up to the verb (verb NULL), or those after it, into *ctl and where the verb's
 * options point. OPTIONS_GO_ON, or the exit code of a program that is done (--help, --version, a
 * mistake, which was told). ctl->args is what is left of argv.
 */
int options_parse(Ctl *ctl, const Verb *verb, int argc, char **argv);

/* The help of one verb, on stdout. */
void options_help(const Verb *verb);

/* Tells what is wrong with the command line; returns EXIT_USAGE. */
int usage(const char *format, ...) _printf_(1, 2);
