/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What links begin with.
 *
 * MUST: take only what means the same to every mail reader, chat and browser, and what cannot end,
 * quote or split the text around it. So the path has plain letters only.
 */

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "common/util.h"
#include "jit-approver/domain/rules_url.h"

#define LABEL_MAX 63
#define HOST_MAX 253

typedef struct Text {
        const char *s;
        size_t n;
} Text;

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool text_is(Text t, const char *word)
{
        return t.n == strlen(word) && strncasecmp(t.s, word, t.n) == 0;
}

static bool is_this_machine(Text host)
{
        return text_is(host, "localhost") || text_is(host, "127.0.0.1") || text_is(host, "[::1]");
}

static bool label_is_good(const char *s, size_t n)
{
        if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-') {
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                if (!is_alnum(s[i]) && s[i] != '-') {
                        return false;
                }
        }
        return true;
}

/* "[2001:db8::1]": its letters; whether it is an address the first link tells. */
static bool address_is_plausible(Text host)
{
        size_t colons = 0;

        if (host.n < 4 || host.n > 41 || host.s[host.n - 1] != ']') {
                return false;
        }
        for (size_t i = 1; i + 1 < host.n; i++) {
                colons += host.s[i] == ':';
                if (host.s[i] != ':' && !strchr("0123456789abcdefABCDEF", host.s[i])) {
                        return false;
                }
        }
        return colons >= 2;
}

static bool host_is_good(Text host)
{
        if (host.n == 0 || host.n > HOST_MAX) {
                return false;
        }
        if (host.s[0] == '[') {
                return address_is_plausible(host);
        }
        for (size_t at = 0; at <= host.n;) {
                const char *dot = memchr(host.s + at, '.', host.n - at);
                size_t end = dot ? (size_t) (dot - host.s) : host.n;

                if (!label_is_good(host.s + at, end - at)) {
                        return false;
                }
                at = end + 1;
        }
        return true;
}

/* ":8443", or nothing. */
static bool port_is_good(Text port)
{
        unsigned n = 0;

        if (port.n == 0) {
                return true;
        }
        if (port.n < 2 || port.n > 6 || port.s[1] == '0') {
                return false;
        }
        for (size_t i = 1; i < port.n; i++) {
                if (!is_digit(port.s[i])) {
                        return false;
                }
                n = n * 10 + (unsigned) (port.s[i] - '0');
        }
        return n <= 65535;
}

/* "/jit/prod", or nothing: no empty step, and none that leads elsewhere. */
static bool path_is_good(Text path)
{
        for (size_t at = 0; at < path.n;) {
                size_t end = at + 1;
                bool dots = true;

                for (; end < path.n && path.s[end] != '/'; end++) {
                        if (!is_alnum(path.s[end]) && !strchr("-._~", path.s[end])) {
                                return false;
                        }
                        dots = dots && path.s[end] == '.';
                }
                if (dots) {
                        return false;
                }
                at = end;
        }
        return true;
}

/* What is wrong with it, or NULL; *ret is the host. */
static const char *url_problem(const char *url, Text *ret)
{
        bool plain = strncmp(url, "http://", 7) == 0;
        size_t n = strlen(url), start = plain ? 7 : 8, end;
        Text host, port, path;

        if (!plain && strncmp(url, "https://", 8) != 0) {
                return "does not begin with https://";
        }
        if (n > start && url[n - 1] == '/') {
                n--;
        }
        end = start + strcspn(url + start, "/?#");
        end = MIN(end, n);
        path = (Text){ url + end, n - end };
        if (memchr(url + start, '@', n - start)) {
                return "has a user in it";
        }
        if (strchr(url, '?') || strchr(url, '#')) {
                return "has a '?' or '#' in it";
        }
        host = (Text){ url + start, strcspn(url + start, ":/") };
        if (url[start] == '[') {
                host.n = strcspn(url + start, "]/") + 1;
        }
        host.n = MIN(host.n, end - start);
        port = (Text){ host.s + host.n, end - start - host.n };
        if (!host_is_good(host) || !port_is_good(port) || (port.n > 0 && port.s[0] != ':')) {
                return "has no good host and port";
        }
        if (!path_is_good(path)) {
                return "has more in its path than letters, digits and '-._~' between single '/'";
        }
        if (plain && !is_this_machine(host)) {
                return "is http: only https, or http to localhost, 127.0.0.1 or [::1]";
        }
        *ret = host;
        return NULL;
}

int value_parse_url(const ValueText *v, char **field)
{
        size_t n = strlen(v->text);
        const char *what;
        Text host = {};
        char *url;

        what = n > RULES_URL_MAX ? "is longer than 200 bytes" : url_problem(v->text, &host);
        if (what) {
                problems_add(v->problems, &v->at, "'%s' is not possible for '%s': it %s", v->text,
                        v->key, what);
                return 0;
        }
        url = strndup(v->text, v->text[n - 1] == '/' ? n - 1 : n);
        if (!url) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < host.n; i++) {
                char *c = &url[(size_t) (host.s - v->text) + i];

                *c = *c >= 'A' && *c <= 'Z' ? (char) (*c - 'A' + 'a') : *c;
        }
        free(*field);
        *field = url;
        return 1;
}
