/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Only finds where values begin and end; what is between is for json_parse() to judge. Trusts no
 * byte of the file.
 */

#include "jit-approver/ctl/rowfile.h"

#include <errno.h>

#include "common/util.h"

static const char *skip_space(const char *s)
{
        return s + strspn(s, " \t\r\n");
}

/* The byte after the string that begins at s; NULL when it does not end. */
static const char *skip_string(const char *s)
{
        for (s++; *s && *s != '"'; s++) {
                if (*s == '\\' && s[1]) {
                        s++;
                }
        }
        return *s ? s + 1 : NULL;
}

/* The byte after the value that begins at s. Brackets are counted, not matched: the parser does. */
static const char *skip_value(const char *s)
{
        size_t depth = 0;

        while (*s) {
                if (*s == '"') {
                        s = skip_string(s);
                        if (!s || depth == 0) {
                                return s;
                        }
                        continue;
                }
                if (depth == 0 && strchr(",]}", *s)) {
                        return s;
                }
                depth += *s == '{' || *s == '[';
                if (*s == '}' || *s == ']') {
                        depth--;
                        if (depth == 0) {
                                return s + 1;
                        }
                }
                s++;
        }
        return NULL;
}

static int read_rows(const char *s, CallVisit visit, void *userdata)
{
        if (*s != '[') {
                return -EBADMSG;
        }
        s = skip_space(s + 1);
        while (*s != ']') {
                _cleanup_(json_freep) Json *row = NULL;
                const char *end = skip_value(s);

                int r = end ? json_parse(s, (size_t) (end - s), &row) : -EBADMSG;
                if (r < 0) {
                        return r;
                }
                visit(json_root(row), userdata);
                s = skip_space(end);
                if (*s == ',') {
                        s = skip_space(s + 1);
                        if (*s == ']') {
                                return -EBADMSG;
                        }
                } else if (*s != ']') {
                        return -EBADMSG;
                }
        }
        return 0;
}

static int read_head(const char *s, const char *end, char ret[static 65])
{
        size_t n = (size_t) (end - s);

        if (n != 66 || *s != '"') {
                return -EBADMSG;
        }
        memcpy(ret, s + 1, 64);
        ret[64] = '\0';
        return 0;
}

int rowfile_read(const char *text, CallVisit visit, void *userdata, char ret_head[static 65])
{
        const char *s = skip_space(text);
        bool rows = false;

        ret_head[0] = '\0';
        if (*s != '{') {
                return -EBADMSG;
        }
        do {
                const char *name = skip_space(s + 1);
                const char *colon = *name == '"' ? skip_string(name) : NULL;
                const char *value, *end;
                int r = 0;

                if (!colon || *skip_space(colon) != ':') {
                        return -EBADMSG;
                }
                value = skip_space(skip_space(colon) + 1);
                end = skip_value(value);
                if (!end) {
                        return -EBADMSG;
                }
                if (strncmp(name, "\"rows\"", 6) == 0 && !rows) {
                        rows = true;
                        r = read_rows(value, visit, userdata);
                } else if (strncmp(name, "\"head\"", 6) == 0 && !*ret_head) {
                        r = read_head(value, end, ret_head);
                } else {
                        r = -EBADMSG; /* a stranger, or a second one of the two */
                }
                if (r < 0) {
                        return r;
                }
                s = skip_space(end);
        } while (*s == ',');
        return rows && *s == '}' && !*skip_space(s + 1) ? 0 : -EBADMSG;
}
