/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* style.css as it stands in the repository, and a name for it under which browsers may keep it for good. */

#include "jit-approver/gateway/page.h"

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

const char *page_style_path(void)
{
        return "/style-" STYLE_HASH ".css";
}
