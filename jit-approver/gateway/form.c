/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Our own parser, because libmicrohttpd's has had holes (CVE-2023-27371) and forgives too much.
 *
 * MUST: never a part of a body: one mistake and all of it is refused.
 */

#include "jit-approver/gateway/form.h"

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/span.h"
#include "common/text.h"

#define CODE_LENGTH 2

static char **form_field(Form *f, const char *name)
{
        return streq(name, "decision")   ? &f->decision
               : streq(name, "duration") ? &f->duration
               : streq(name, "note")     ? &f->note
               : streq(name, "code")     ? &f->code
               : streq(name, "form")     ? &f->form
                                         : NULL;
}

/* %XX and '+'. The bytes must be text. */
static int decode(const char *s, size_t n, char **ret)
{
        _cleanup_(erase_freep) char *out = calloc(1, n + 1);
        size_t length = 0;

        if (!out) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                char c = s[i] == '+' ? ' ' : s[i];

                if (c == '%') {
                        char hex[3] = { 0 };

                        if (n - i < 3) {
                                return -EBADMSG;
                        }
                        memcpy(hex, s + i + 1, 2);
                        if (hex_decode(hex, &c, 1) < 0) {
                                return -EBADMSG;
                        }
                        i += 2;
                }
                out[length++] = c;
        }
        out[length] = '\0';
        if (!utf8_valid(out, length)) {
                return -EBADMSG;
        }
        *ret = TAKE_PTR(out);
        return 0;
}

/* name=value into its place. */
static int form_pair(Form *f, const char *s, size_t n)
{
        const char *equals = memchr(s, '=', n);
        _cleanup_(freep) char *name = NULL;

        if (!equals) {
                return -EBADMSG;
        }
        int r = decode(s, (size_t) (equals - s), &name);
        if (r < 0) {
                return r;
        }
        char **field = form_field(f, name);
        if (!field || *field) {
                return -EBADMSG;
        }
        return decode(equals + 1, n - (size_t) (equals + 1 - s), field);
}

int form_parse(const char *body, size_t size, Form *ret)
{
        _cleanup_(form_done) Form f = { 0 };
        size_t at = 0;

        while (at < size) {
                const char *end = memchr(body + at, '&', size - at);
                size_t n = end ? (size_t) (end - body) - at : size - at;

                int r = form_pair(&f, body + at, n);
                if (r < 0) {
                        return r;
                }
                at += n + 1;
                if (end && at == size) {
                        return -EBADMSG; /* nothing behind the last & */
                }
        }
        *ret = f;
        f = (Form){ 0 };
        return 0;
}

int form_parse_json(const char *body, size_t size, Form *ret)
{
        _cleanup_(json_freep) Json *json = NULL;
        _cleanup_(form_done) Form f = { 0 };

        int r = json_parse(body, size, &json);
        if (r < 0) {
                return r == -ENOMEM ? r : -EBADMSG;
        }
        if (json_type(json_root(json)) != JSON_OBJECT) {
                return -EBADMSG;
        }
        for (const JsonNode *n = json_first(json_root(json)); n; n = json_next(n)) {
                char **field = form_field(&f, json_name(n));

                if (!field || field == &f.form ||
                        (json_type(n) != JSON_STRING && json_type(n) != JSON_NULL)) {
                        return -EBADMSG;
                }
                if (json_type(n) == JSON_STRING && !(*field = strdup(json_string(n)))) {
                        return -ENOMEM;
                }
        }
        *ret = f;
        f = (Form){ 0 };
        return 0;
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Every run of blanks and line ends is one space, none at the ends. Other controls stay: they are shown as such. */
static void one_line(char *s)
{
        char *out = s;

        for (; *s; s++) {
                if (!is_space(*s)) {
                        *out++ = *s;
                } else if (s[1] && !is_space(s[1])) {
                        *out++ = ' ';
                }
        }
        *out = '\0';
}

static void drop_empty(char **s)
{
        if (*s && !**s) {
                *s = erase_free(*s);
        }
}

static bool is_code(const char *s)
{
        return strlen(s) == CODE_LENGTH && strspn(s, "0123456789") == CODE_LENGTH;
}

const char *form_check(Form *f)
{
        usec_t span;

        if (f->note) {
                one_line(f->note);
                if (f->note[0] == ' ') {
                        memmove(f->note, f->note + 1, strlen(f->note));
                }
        }
        drop_empty(&f->note);
        drop_empty(&f->duration);
        if (!f->decision || (!streq(f->decision, "approve") && !streq(f->decision, "deny"))) {
                return "The decision is either approve or deny.";
        }
        if (streq(f->decision, "deny")) {
                f->code = erase_free(f->code);
        }
        drop_empty(&f->code);
        if (f->code && !is_code(f->code)) {
                return "The code is the two digits on the asker's screen.";
        }
        if (f->duration && span_parse(f->duration, &span) < 0) {
                return "The duration is a span of time such as 30m.";
        }
        return NULL;
}

void form_done(Form *f)
{
        f->decision = erase_free(f->decision);
        f->duration = erase_free(f->duration);
        f->note = erase_free(f->note);
        f->code = erase_free(f->code);
        f->form = erase_free(f->form);
}
