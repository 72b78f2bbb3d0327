/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* style.css as it stands in the repository, and a name for it under which browsers may keep it for good. */

#include "jit-approver/gateway/page.h"

#include <stdio.h>
#include <string.h>

__asm__(".section .rodata\n"
        ".global page_style_text\n"
        ".hidden page_style_text\n"
        "page_style_text:\n"
        ".incbin \"" STYLE_FILE "\"\n"
        ".byte 0\n"
        ".previous\n");

size_t page_style_size(void)
{
        return strlen(page_style_text);
}

/* FNV-1a: not against anybody, only so that another text has another name. */
static uint64_t hash(const char *s)
{
        uint64_t h = 14695981039346656037u;

        for (; *s; s++) {
                h = (h ^ (unsigned char) *s) * 1099511628211u;
        }
        return h;
}

const char *page_style_path(void)
{
        static char path[40];

        if (!path[0]) {
                (void) snprintf(path, sizeof(path), "/style-%016llx.css",
                        (unsigned long long) hash(page_style_text));
        }
        return path;
}
