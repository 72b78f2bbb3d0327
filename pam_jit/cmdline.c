/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts no byte: the words are the asker's, and exec takes megabytes of anything. MUST: (1) words
 * end at NUL and nowhere else; (2) what was cut or altered is never called exact, so that no rule on
 * commands matches it; (3) the call still fits the protocol, whatever the bytes.
 */

#include "pam_jit/cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text.h"

#define CMDLINE_MAX (16 * 1024)
/* Both keep the call within JSON_SIZE_MAX and JSON_NODES_MAX. */
#define WORDS_MAX 2000
#define WORDS_JSON_MAX (40 * 1024)

ssize_t proc_read(const char *path, char *buf, size_t max)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t done = 0;

        if (fd < 0) {
                return -errno;
        }
        while (done < max) {
                ssize_t n = read(fd, buf + done, max - done);
                if (n < 0 && errno != EINTR) {
                        return -errno;
                }
                if (n == 0) {
                        break;
                }
                done += n > 0 ? (size_t) n : 0;
        }
        return (ssize_t) done;
}

/* The bytes a string takes in JSON, quotes and comma counted. */
static size_t json_cost(const char *s)
{
        size_t cost = 3;

        for (; *s; s++) {
                cost += (unsigned char) *s < 0x20 ? 6 : *s == '"' || *s == '\\' ? 2 : 1;
        }
        return cost;
}

/* Shows a word that is not UTF-8 as \xNN. */
static int word_clean(Cmdline *c, size_t *n_cleaned, const char **word)
{
        _cleanup_(freep) char *clean = text_clean_dup(*word, 4 * strlen(*word) + 8);

        int r = clean ? strv_add(&c->cleaned, clean) : -ENOMEM;
        if (r < 0) {
                return r;
        }
        *word = c->cleaned[(*n_cleaned)++];
        c->exact = false;
        return 0;
}

/* Makes the words fit for the wire; too many or too much is cut with a visible sign. */
static int words_tame(Cmdline *c)
{
        size_t cost = 0, n_cleaned = 0;

        for (size_t i = 0; i < c->words.n; i++) {
                const char **word = &c->words.items[i];

                if (!utf8_valid(*word, strlen(*word))) {
                        int r = word_clean(c, &n_cleaned, word);
                        if (r < 0) {
                                return r;
                        }
                }
                cost += json_cost(*word);
                if (cost > WORDS_JSON_MAX || i >= WORDS_MAX) {
                        *word = "…";
                        c->words.n = i + 1;
                        c->exact = false;
                }
        }
        return 0;
}

/* Splits text[0..size), which ends with a NUL. */
static int words_split(Cmdline *c, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                n += c->text[i] == '\0';
        }
        c->words.items = calloc(n + 1, sizeof(*c->words.items));
        if (!c->words.items) {
                return -ENOMEM;
        }
        for (const char *s = c->text; s < c->text + size; s += strlen(s) + 1) {
                c->words.items[c->words.n++] = s;
        }
        return 0;
}

static int cmdline_load(Cmdline *c)
{
        c->text = malloc(CMDLINE_MAX + 2);
        if (!c->text) {
                return -ENOMEM;
        }
        ssize_t n = proc_read("/proc/self/cmdline", c->text, CMDLINE_MAX + 1);
        if (n <= 0) {
                return 0;
        }

        size_t size = (size_t) n;
        c->exact = size <= CMDLINE_MAX && c->text[size - 1] == '\0';
        size = MIN(size, (size_t) CMDLINE_MAX);
        if (c->text[size - 1] != '\0') {
                c->text[size++] =
                        '\0'; /* cut short, or a title that the host wrote over its words */
        }
        int r = words_split(c, size);
        return r < 0 ? r : words_tame(c);
}

int cmdline_read(Cmdline *ret)
{
        Cmdline c = { 0 };

        int r = cmdline_load(&c);
        if (r < 0) {
                cmdline_done(&c);
                return r;
        }
        *ret = c;
        return 0;
}

void cmdline_done(Cmdline *c)
{
        free(c->words.items);
        free(c->text);
        strv_free(c->cleaned);
        *c = (Cmdline){ 0 };
}
