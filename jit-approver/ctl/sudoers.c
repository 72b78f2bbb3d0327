/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sudoers as far as its Defaults go: a backslash joins lines, '#' begins a comment, a comma parts
 * settings, both not within quotes. Trusts the text for nothing.
 */

#include "jit-approver/ctl/sudoers.h"

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

/* A line with its continuations, without comment; the caller frees. NULL at the end. */
static char *take_line(const char **text)
{
        char *line, *to;
        bool quoted = false, comment = false;
        const char *s = *text;

        if (!*s) {
                return NULL;
        }
        line = to = must(malloc(strlen(s) + 1));
        for (; *s && *s != '\n'; s++) {
                if (s[0] == '\\' && s[1] == '\n') {
                        s++;
                        *to++ = ' ';
                        continue;
                }
                if (s[0] == '\\' && s[1]) {
                        if (!comment) {
                                *to++ = *s;
                                *to++ = s[1];
                        }
                        s++;
                        continue;
                }
                quoted = quoted != (*s == '"');
                comment = comment || (*s == '#' && !quoted);
                if (!comment) {
                        *to++ = *s;
                }
        }
        *to = '\0';
        *text = s + (*s == '\n');
        return line;
}

static char *trim(char *s)
{
        size_t n;

        s += strspn(s, " \t\r");
        n = strlen(s);
        while (n > 0 && strchr(" \t\r", s[n - 1])) {
                s[--n] = '\0';
        }
        return s;
}

/* Cuts off the text up to the next comma outside quotes. NULL at the end. */
static char *take_setting(char **s)
{
        char *one = *s;
        bool quoted = false;

        if (!*one) {
                return NULL;
        }
        for (; **s && (quoted || **s != ','); (*s)++) {
                quoted = quoted != (**s == '"');
        }
        if (**s) {
                *(*s)++ = '\0';
        }
        return trim(one);
}

static void add(Sudoers *s, const char *scope, char *one)
{
        SudoSetting *item;
        char *equal;
        bool on = true;

        for (; *one == '!'; one = trim(one + 1)) {
                on = !on;
        }
        if (!*one) {
                return;
        }
        s->items = must(reallocarray(s->items, s->n + 1, sizeof(*s->items)));
        item = &s->items[s->n++];
        *item = (SudoSetting){ .on = on, .scope = must(strdup(scope)) };
        equal = strchr(one, '=');
        if (equal) {
                char *value = trim(equal + 1);

                value += *value == '"';
                value[strcspn(value, "\"")] = '\0';
                item->value = must(strdup(value));
                *equal = '\0';
                one[strcspn(one, "+- \t")] = '\0';
        }
        item->name = must(strdup(trim(one)));
}

void sudoers_read(Sudoers *s, const char *text)
{
        for (char *line = take_line(&text); line; line = take_line(&text)) {
                char *word = trim(line), *scope;

                if (strncmp(word, "Defaults", 8) == 0 && strchr(" \t@:!>", word[8]) && word[8]) {
                        scope = word + 8;
                        word = scope + strcspn(scope, " \t");
                        if (*word) {
                                *word++ = '\0';
                        }
                        for (char *one = take_setting(&word); one; one = take_setting(&word)) {
                                add(s, scope, one);
                        }
                }
                free(line);
        }
}

void sudoers_done(Sudoers *s)
{
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].name);
                free(s->items[i].value);
                free(s->items[i].scope);
        }
        free(s->items);
        *s = (Sudoers){ 0 };
}
