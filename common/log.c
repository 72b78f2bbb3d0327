/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One write(2) a line, so that lines of several processes do not mix. */

#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text.h"
#include "common/util.h"

#define LINE_MAX_BYTES 2048

void log_line(int priority, const char *format, ...)
{
        _cleanup_(freep) char *text = NULL, *line = NULL;
        char safe[LINE_MAX_BYTES];
        va_list args;

        va_start(args, format);
        int n = vasprintf(&text, format, args);
        va_end(args);
        if (n < 0) {
                text = NULL;
                return;
        }
        text_clean(safe, sizeof(safe), text, (size_t) n);
        if (str_printf(&line, "<%d>%s\n", priority, safe) >= 0) {
                ssize_t r = write(STDERR_FILENO, line, strlen(line));
                (void) r;
        }
}
