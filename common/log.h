/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Log lines of the programs, to stderr with the priority prefix that systemd reads (sd-daemon(3)).
 * Foreign text is made safe here, so that a line stays one line. Never linked into the PAM module.
 */

#include "common/macro.h"

void log_line(int priority, const char *format, ...) _printf_(2, 3);

#define log_error(...) log_line(3, __VA_ARGS__)
#define log_warning(...) log_line(4, __VA_ARGS__)
#define log_notice(...) log_line(5, __VA_ARGS__)
#define log_info(...) log_line(6, __VA_ARGS__)
