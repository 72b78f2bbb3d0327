/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a stranger's browser sends as a decision, as a form and as JSON: either all of it is text and it is
 * checked to be what the approver takes, or none of it is kept. The page's words, too: whatever the bytes,
 * no markup comes out.
 */

#include <stdlib.h>

#include "common/text.h"
#include "jit-approver/gateway/form.h"
#include "jit-approver/gateway/html.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s)
{
        CHECK(!s || utf8_valid(s, strlen(s)));
}

static void check_form(int r, Form *f)
{
        if (r < 0) {
                CHECK(!f->decision && !f->duration && !f->note && !f->code && !f->form);
                return;
        }
        check_text(f->decision);
        check_text(f->duration);
        check_text(f->note);
        check_text(f->code);
        check_text(f->form);
        if (!form_check(f)) {
                CHECK(f->decision && (streq(f->decision, "approve") || streq(f->decision, "deny")));
                CHECK(!f->code);
                CHECK(!f->note || (f->note[0] && !strpbrk(f->note, "\r\n\t") && f->note[0] != ' '));
                CHECK(!f->note || f->note[strlen(f->note) - 1] != ' ');
        }
        form_done(f);
}

static void check_html(const char *bytes, size_t size)
{
        _cleanup_(freep) char *copy = strndup(bytes, size), *text = NULL;
        size_t length;
        Html h;

        CHECK(copy && html_start(&h) >= 0);
        html(&h, "%s", copy);
        CHECK(html_finish(&h, &text, &length) >= 0 && utf8_valid(text, length));
        for (size_t i = 0; i < length; i++) {
                CHECK((unsigned char) text[i] >= 0x20 && !strchr("<>\"'`", text[i]));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *bytes = (const char *) data;
        Form f = { 0 };

        check_form(form_parse(bytes, size, &f), &f);
        f = (Form){ 0 };
        check_form(form_parse_json(bytes, size, &f), &f);
        check_html(bytes, size);
        return 0;
}
