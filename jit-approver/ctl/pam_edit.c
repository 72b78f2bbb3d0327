/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts the texts for nothing but being text. MUST: (1) what is not ours stays byte for byte; (2) our
 * account line comes before whatever could end the stack with a yes.
 */

#include "jit-approver/ctl/pam_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/util.h"
#include "jit-approver/ctl/pam_walk.h"

#define DEPTH_MAX 16
#define CONTEXT 2 /* lines of a diff */
#define WORDS_MAX 4

enum {
        BRINGS_ACCOUNT = 1 << PAM_TYPE_ACCOUNT,
        BRINGS_SESSION = 1 << PAM_TYPE_SESSION,
        BRINGS_ALL = (1 << _PAM_TYPE_MAX) - 1,
};

/* A line as Linux-PAM joins it, [from, to) of the text. */
typedef struct Line {
        size_t from, to;
        unsigned brings; /* types, by itself or by what it includes */
        bool ours;
        bool only_refuses; /* it never ends the stack with a yes */
} Line;

/* The end of the physical line at s, behind its newline; whether the next one belongs to it. */
static size_t physical_end(const char *s, bool *ret_joins)
{
        size_t n = strcspn(s, "\n"), used = MIN(n, strcspn(s, "#"));

        while (used > 0 && strchr(" \t\r", s[used - 1])) {
                used--;
        }
        *ret_joins = used > 0 && s[used - 1] == '\\' && s[n] == '\n';
        return n + (s[n] == '\n' ? 1 : 0);
}

static size_t line_end(const char *text, size_t from)
{
        bool joins = true;

        while (joins && text[from]) {
                from += physical_end(text + from, &joins);
        }
        return from;
}

/* The words up to the module, in a copy of the line. */
static size_t line_words(char *s, char *words[static WORDS_MAX])
{
        size_t n = 0;

        for (char *c = s; *c; c++) { /* joined, and without comments */
                if (*c == '#') {
                        memset(c, ' ', strcspn(c, "\n"));
                }
                *c = *c == '\n' || *c == '\r' || (*c == '\\' && strchr("\n\r", c[1])) ? ' ' : *c;
        }
        while (n < WORDS_MAX && *(s += strspn(s, " \t"))) {
                const char *ends = *s == '[' ? "]" : " \t";

                words[n++] = s;
                s += strcspn(s, ends);
                if (*s == ']') {
                        s++;
                }
                if (*s) {
                        *s++ = '\0';
                }
        }
        return n;
}

static const char *find_text(const PamText *files, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(files[i].service, name)) {
                        return files[i].text;
                }
        }
        return NULL;
}

typedef struct Reader {
        const PamText *files;
        size_t n;
        unsigned depth;
} Reader;

static unsigned text_brings(const Reader *r, const char *text);

/* What a file brings; one that is not there may bring anything. */
static unsigned file_brings(const Reader *r, const char *path)
{
        const char *slash = strrchr(path, '/');
        const char *text = find_text(r->files, r->n, slash ? slash + 1 : path);
        const Reader inside = { r->files, r->n, r->depth + 1 };

        return text && inside.depth < DEPTH_MAX ? text_brings(&inside, text) : BRINGS_ALL;
}

static unsigned type_of(const char *word)
{
        for (PamType t = 0; t < _PAM_TYPE_MAX; t++) {
                if (strcasecmp(word + (*word == '-' ? 1 : 0), pam_type_to_string(t)) == 0) {
                        return 1U << t;
                }
        }
        return 0;
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static int line_read(const Reader *r, const char *text, size_t from, Line *ret)
{
        char *words[WORDS_MAX];
        size_t to = line_end(text, from);
        _cleanup_(freep) char *copy = strndup(text + from, to - from);

        if (!copy) {
                return -ENOMEM;
        }
        *ret = (Line){ .from = from, .to = to };
        size_t n = line_words(copy, words);
        if (n >= 2 && streq(words[0], "@include")) {
                ret->brings = file_brings(r, words[1]);
        } else if (n >= 3) {
                bool included = strcasecmp(words[1], "include") == 0 ||
                                strcasecmp(words[1], "substack") == 0;
                bool firm = strcasecmp(words[1], "required") == 0 ||
                            strcasecmp(words[1], "requisite") == 0;

                ret->brings =
                        type_of(words[0]) & (included ? file_brings(r, words[2]) : BRINGS_ALL);
                ret->ours = !included && streq(base_name(words[2]), PAM_OURS);
                ret->only_refuses = firm && streq(base_name(words[2]), "pam_nologin.so");
        }
        return 0;
}

static unsigned text_brings(const Reader *r, const char *text)
{
        unsigned brings = 0;
        Line line;

        for (size_t at = 0; text[at]; at = line.to) {
                if (line_read(r, text, at, &line) < 0) {
                        return BRINGS_ALL;
                }
                brings |= line.brings;
        }
        return brings;
}

/* Where lines are to go, and which are there. */
typedef struct Places {
        size_t account, session; /* offsets; SIZE_MAX: the file has no such lines */
        bool has_account, has_session;
} Places;

static int places_find(const Reader *r, const char *text, Places *ret)
{
        Line line;

        *ret = (Places){ .account = SIZE_MAX, .session = SIZE_MAX };
        for (size_t at = 0; text[at]; at = line.to) {
                int e = line_read(r, text, at, &line);
                if (e < 0) {
                        return e;
                }
                ret->has_account |= line.ours && line.brings == BRINGS_ACCOUNT;
                ret->has_session |= line.ours && line.brings == BRINGS_SESSION;
                if (line.brings & BRINGS_ACCOUNT && ret->account == SIZE_MAX &&
                        !line.only_refuses) {
                        ret->account = line.from;
                }
                if (line.brings & BRINGS_SESSION) {
                        ret->session = line.to;
                }
        }
        return 0;
}

/* Puts a whole line in; text is freed. */
static int insert_line(char **text, size_t at, const char *line)
{
        bool open_end = at > 0 && (*text)[at - 1] != '\n'; /* the last one has no newline */
        char *longer;

        int r = str_printf(
                &longer, "%.*s%s%s\n%s", (int) at, *text, open_end ? "\n" : "", line, *text + at);
        if (r >= 0) {
                free(*text);
                *text = longer;
        }
        return r;
}

/* The later one first: then the other's place is still where it was. */
static int insert_lines(char **text, const Places *p, const PamAdded *a, const char *account)
{
        static const char session[] = "session required " PAM_OURS;
        bool session_first = a->account && a->session && p->session > p->account;
        int r = session_first ? insert_line(text, p->session, session) : 0;

        if (r >= 0 && a->account) {
                r = insert_line(text, p->account, account);
        }
        if (r >= 0 && a->session && !session_first) {
                r = insert_line(text, p->session, session);
        }
        return r;
}

int pam_edit_add(
        const PamText *files, size_t n, const char *text, const char *arguments, PamAdded *ret)
{
        _cleanup_(freep) char *account = NULL, *copy = strdup(text);
        const Reader r = { files, n, 0 };
        Places p;

        int e = copy ? places_find(&r, text, &p) : -ENOMEM;
        if (e < 0) {
                return e;
        }
        if (p.account == SIZE_MAX) {
                return -ENODATA;
        }
        PamAdded a = {
                .account = !p.has_account,
                .session = !p.has_session && p.session != SIZE_MAX,
        };
        e = str_printf(&account, "account required " PAM_OURS "%s%s", arguments ? " " : "",
                str_or(arguments, ""));
        if (e >= 0) {
                e = insert_lines(&copy, &p, &a, account);
        }
        if (e < 0) {
                return e;
        }
        a.text = TAKE_PTR(copy);
        *ret = a;
        return 0;
}

void pam_added_done(PamAdded *a)
{
        free(a->text);
        *a = (PamAdded){ 0 };
}

int pam_edit_remove(const char *text, char **ret)
{
        const Reader r = { 0 };
        size_t kept = 0;
        int removed = 0;
        char *left = strdup(text);
        Line line;

        if (!left) {
                return -ENOMEM;
        }
        for (size_t at = 0; text[at]; at = line.to) {
                int e = line_read(&r, text, at, &line);
                if (e < 0) {
                        free(left);
                        return e;
                }
                if (line.ours) {
                        removed++;
                } else {
                        memcpy(left + kept, text + at, line.to - at);
                        kept += line.to - at;
                }
        }
        left[kept] = '\0';
        *ret = left;
        return removed;
}

/* Whether the entry, for some answer, jumps over one of ours. */
static bool jumps_over_ours(const PamStack *s, size_t at)
{
        for (int code = 0; code < _PAM_CODE_MAX; code++) {
                int jump = s->entries[at].act[code];

                for (size_t i = at + 1; jump > 0 && i < s->n && i <= at + (size_t) jump; i++) {
                        if (pam_is_ours(&s->entries[i])) {
                                return true;
                        }
                }
        }
        return false;
}

bool pam_edit_is_jumped(const PamText *files, size_t n, const char *service, char *where)
{
        bool found = false;

        for (PamType t = 0; t < _PAM_TYPE_MAX && !found; t++) {
                _cleanup_(pam_stack_done) PamStack s = { 0 };

                if (pam_stack_read(files, n, service, t, &s) < 0) {
                        continue;
                }
                for (size_t i = 0; i < s.n && !found; i++) {
                        found = jumps_over_ours(&s, i);
                        if (found) {
                                memcpy(where, s.entries[i].where, sizeof(s.entries[i].where));
                        }
                }
        }
        return found;
}

/* --- the diff --- */

typedef struct DiffLine {
        const char *text;
        size_t n;
        char mark; /* ' ', '+', '-' */
} DiffLine;

static DiffLine take_line(const char **s, char mark)
{
        DiffLine l = { *s, strcspn(*s, "\n"), mark };

        *s += l.n + ((*s)[l.n] == '\n' ? 1 : 0);
        return l;
}

/* Lines of the longer text; those that the shorter has not are marked. */
static size_t diff_lines(const char *shorter, const char *longer, char mark, DiffLine *ret)
{
        size_t n = 0;

        while (*longer) {
                DiffLine l = take_line(&longer, mark);
                const char *next = shorter;

                if (*shorter) {
                        DiffLine other = take_line(&next, ' ');
                        if (other.n == l.n && memcmp(other.text, l.text, l.n) == 0) {
                                l.mark = ' ';
                                shorter = next;
                        }
                }
                ret[n++] = l;
        }
        return n;
}

static bool is_near_change(const DiffLine *lines, size_t n, size_t at)
{
        size_t from = at < CONTEXT ? 0 : at - CONTEXT;

        for (size_t i = from; i < n && i <= at + CONTEXT; i++) {
                if (lines[i].mark != ' ') {
                        return true;
                }
        }
        return false;
}

char *pam_edit_diff(const char *path, const char *before, const char *after)
{
        bool more = strlen(after) >= strlen(before), skipped = false;
        const char *longer = more ? after : before;
        _cleanup_(freep) DiffLine *lines = calloc(strlen(longer) + 1, sizeof(*lines));
        char *text = NULL;
        size_t size = 0;
        FILE *f = lines ? open_memstream(&text, &size) : NULL;

        if (!f) {
                return NULL;
        }
        size_t n = diff_lines(more ? before : after, longer, more ? '+' : '-', lines);
        (void) fprintf(f, "--- %s\n+++ %s\n", path, path);
        for (size_t i = 0; i < n; i++) {
                if (is_near_change(lines, n, i)) {
                        (void) fprintf(f, "%s%c%.*s\n", skipped ? "...\n" : "", lines[i].mark,
                                (int) lines[i].n, lines[i].text);
                        skipped = false;
                } else {
                        skipped = true;
                }
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
