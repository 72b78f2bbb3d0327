/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the approver sent, printed on as JSON. */

#include "jit-approver/ctl/doc.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/ctl/ctl.h"
#include "jit-approver/ctl/print.h"

char *node_join(const JsonNode *array, const char *between)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = must(open_memstream(&text, &size));
        const char *comma = "";

        for (const JsonNode *n = array ? json_first(array) : NULL; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        (void) fprintf(f, "%s%s", comma, json_string(n));
                        comma = between;
                }
        }
        (void) fclose(f);
        return must(text);
}

char *node_json(const JsonNode *n)
{
        JsonWriter w = { 0 };
        char *text = NULL;

        json_put_node(&w, NULL, n);
        (void) json_writer_finish(&w, &text, NULL);
        return must(text);
}

/* The length of the well-formed UTF-8 character at s, and its number. */
static size_t take_char(const char *s, uint32_t *ret)
{
        static const uint8_t masks[] = { 0x7f, 0x7f, 0x1f, 0x0f, 0x07 };
        uint8_t lead = (uint8_t) *s;
        size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        uint32_t c = lead & masks[n];

        for (size_t i = 1; i < n; i++) {
                c = c << 6 | ((uint8_t) s[i] & 0x3f);
        }
        *ret = c;
        return n;
}

/*
 * JSON on a terminal must be as harmless as the tables: what text_clean() would not let through is
 * written as \u escapes, which mean the same to whoever parses it.
 */
static void write_harmless(FILE *f, const char *json)
{
        char clean[16];
        uint32_t c;

        for (size_t n; *json; json += n) {
                n = take_char(json, &c);
                size_t written = text_clean(clean, sizeof(clean), json, n);
                if (written == n && memcmp(clean, json, n) == 0) {
                        (void) fwrite(json, 1, n, f);
                } else if (c < 0x10000) {
                        (void) fprintf(f, "\\u%04x", c);
                } else {
                        (void) fprintf(f, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                0xdc00 + ((c - 0x10000) & 0x3ff));
                }
        }
}

int node_print_with(const JsonNode *object, const char *tail)
{
        _cleanup_(freep) char *text = node_json(object);

        if (tail) {
                text[strlen(text) - 1] = '\0';
        }
        write_harmless(stdout, text);
        if (tail) {
                (void) putchar(',');
                write_harmless(stdout, tail);
                (void) putchar('}');
        }
        (void) putchar('\n');
        return EXIT_DONE;
}

int node_print(const JsonNode *n)
{
        return node_print_with(n, NULL);
}

void doc_add(Doc *d, const JsonNode *item)
{
        _cleanup_(freep) char *text = node_json(item);

        if (!d->stream) {
                d->stream = must(open_memstream(&d->text, &d->size));
        }
        (void) fputs(d->n++ > 0 ? ",\n" : "", d->stream);
        write_harmless(d->stream, text);
}

char *doc_member(Doc *d, const char *member)
{
        char *text = NULL;

        if (d->stream && fclose(TAKE_PTR(d->stream)) != 0) {
                (void) must(NULL);
        }
        (void) str_printf(&text, "\"%s\":[%s]", member, str_or(d->text, ""));
        return must(text);
}

void doc_print(Doc *d, const char *member, const char *tail)
{
        _cleanup_(freep) char *whole = doc_member(d, member);

        (void) printf("{%s%s%s}\n", whole, tail ? "," : "", str_or(tail, ""));
}

void doc_done(Doc *d)
{
        if (d->stream) {
                (void) fclose(d->stream);
        }
        freep(&d->text);
        *d = (Doc){ 0 };
}
