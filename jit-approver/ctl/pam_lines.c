/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * pam.d as Linux-PAM reads it (libpam/pam_handlers.c, pam_misc.c): '#' begins a comment, a backslash
 * joins lines, "@include" is Debian's, a type without a line is that of "other". Trusts the texts for
 * nothing: depth and length are bounded.
 */

#include "jit-approver/ctl/pam_lines.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define DEPTH_MAX 16
#define ENTRIES_MAX 1024
#define LINE_MAX_PAM 4096

const char *const pam_folders[3] = { "/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d" };

const char *const pam_codes[_PAM_CODE_MAX] = {
        "success",
        "open_err",
        "symbol_err",
        "service_err",
        "system_err",
        "buf_err",
        "perm_denied",
        "auth_err",
        "cred_insufficient",
        "authinfo_unavail",
        "user_unknown",
        "maxtries",
        "new_authtok_reqd",
        "acct_expired",
        "session_err",
        "cred_unavail",
        "cred_expired",
        "cred_err",
        "no_module_data",
        "conv_err",
        "authtok_err",
        "authtok_recover_err",
        "authtok_lock_busy",
        "authtok_disable_aging",
        "try_again",
        "ignore",
        "abort",
        "authtok_expired",
        "module_unknown",
        "bad_item",
        "conv_again",
        "incomplete",
};

const char *pam_type_to_string(PamType t)
{
        static const char *const words[_PAM_TYPE_MAX] = { "auth", "account", "session",
                "password" };

        return words[t];
}

/* Reading one service. */
typedef struct Reader {
        const PamText *files;
        size_t n_files;
        PamType type;
        PamStack *stack;
} Reader;

static void act_fill(int act[static _PAM_CODE_MAX], int value)
{
        for (size_t i = 0; i < _PAM_CODE_MAX; i++) {
                act[i] = value;
        }
}

/* success and new_authtok_reqd do `good`, ignore is ignored, the rest does `other`. */
static void act_words(int act[static _PAM_CODE_MAX], int good, int other)
{
        act_fill(act, other);
        act[PAM_CODE_SUCCESS] = act[PAM_CODE_NEW_AUTHTOK_REQD] = good;
        act[PAM_CODE_IGNORE] = PAM_ACT_IGNORE;
}

/* How long the word of `words` is with which s begins; its index in *ret. 0: with none. */
static size_t begins_with(const char *s, const char *const *words, size_t n, size_t *ret)
{
        for (size_t i = 0; i < n; i++) {
                size_t length = strlen(words[i]);

                if (strncmp(words[i], s, length) == 0) {
                        *ret = i;
                        return length;
                }
        }
        return 0;
}

/* What stands behind '='; goes on behind it. */
static int act_parse(const char **s, int *ret)
{
        static const char *const words[] = { "ignore", "ok", "done", "bad", "die", "reset" };
        char digits[12];
        uint64_t jump;
        size_t i, n = begins_with(*s, words, ELEMENTSOF(words), &i);

        if (n > 0) {
                *ret = -(int) i;
                *s += n;
                return 0;
        }
        n = strspn(*s, "0123456789");
        *s += strspn(*s, "0") < n ? strspn(*s, "0") : 0;
        n = strspn(*s, "0123456789");
        if (n == 0 || n >= sizeof(digits)) {
                return -EINVAL;
        }
        memcpy(digits, *s, n);
        digits[n] = '\0';
        if (parse_u64(digits, INT_MAX, &jump) < 0 || jump == 0) {
                return -EINVAL;
        }
        *ret = (int) jump;
        *s += n;
        return 0;
}

static const char *skip_space(const char *s)
{
        return s + strspn(s, " \t\r\v\f");
}

/*
 * "success=ok ignore=ignore default=die" as _pam_parse_control() takes it: white space is wanted
 * nowhere and allowed everywhere, large letters are others, of two defaults the first counts.
 */
static int act_pairs(const char *s, int act[static _PAM_CODE_MAX])
{
        bool set[_PAM_CODE_MAX] = { false };

        for (s = skip_space(s); *s; s = skip_space(s)) {
                size_t code = _PAM_CODE_MAX, n = begins_with(s, pam_codes, _PAM_CODE_MAX, &code);
                int value;

                if (n == 0) {
                        n = strncmp(s, "default", 7) == 0 ? 7 : 0;
                }
                s = skip_space(s + n);
                if (n == 0 || *s != '=') {
                        return -EINVAL;
                }
                s = skip_space(s + 1);
                if (act_parse(&s, &value) < 0) {
                        return -EINVAL;
                }
                for (size_t i = 0; i < _PAM_CODE_MAX; i++) {
                        if (i == code || (code == _PAM_CODE_MAX && !set[i])) {
                                act[i] = value;
                                set[i] = true;
                        }
                }
        }
        for (size_t i = 0; i < _PAM_CODE_MAX; i++) {
                act[i] = set[i] ? act[i] : PAM_ACT_BAD;
        }
        return 0;
}

/* Brackets are for the words' sake only: whatever is none of the four is taken as pairs. */
static void control_read(const char *s, PamEntry *e)
{
        if (strcasecmp(s, "required") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_BAD);
        } else if (strcasecmp(s, "requisite") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_DIE);
        } else if (strcasecmp(s, "sufficient") == 0) {
                act_words(e->act, PAM_ACT_DONE, PAM_ACT_IGNORE);
        } else if (strcasecmp(s, "optional") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_IGNORE);
        } else if (!*s || act_pairs(s, e->act) < 0) {
                e->unknown_control = true;
                act_fill(e->act, PAM_ACT_BAD);
        }
}

/*
 * The next word, ended in place; "[…]" is one, wherever it stands, without its brackets, and holds a
 * bracket as "\]". "" at the end.
 */
static char *take_word(char **s)
{
        char *word, *end, *to;

        *s += strspn(*s, " \t\r");
        word = *s;
        if (*word != '[') {
                end = word + strcspn(word, " \t\r");
                *s = *end ? end + 1 : end;
                *end = '\0';
                return word;
        }
        for (to = end = ++word; *end && *end != ']'; end++) {
                end += end[0] == '\\' && end[1] == ']';
                *to++ = *end;
        }
        *s = *end ? end + 1 : end;
        *to = '\0';
        return word;
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static PamEntry *entry_add(Reader *r, const char *file, unsigned line, unsigned level)
{
        PamStack *s = r->stack;
        PamEntry *e;

        s->entries = must(reallocarray(s->entries, s->n + 1, sizeof(*s->entries)));
        e = &s->entries[s->n++];
        *e = (PamEntry){ .level = level };
        (void) snprintf(e->where, sizeof(e->where), "%s:%u", file, line);
        return e;
}

/* Where a line stands. */
typedef struct Spot {
        const char *file;
        unsigned line, level, depth;
        bool all; /* the file's lines of all types count: it was not included for one */
} Spot;

static int read_file_lines(Reader *r, const char *name, const Spot *from);

/* A line that Linux-PAM lets fail whenever it comes to it. */
static void add_failing(Reader *r, const Spot *at)
{
        PamEntry *e = entry_add(r, at->file, at->line, at->level);

        e->module = must(strdup(""));
        e->must_fail = true;
        act_fill(e->act, PAM_ACT_BAD);
}

/* Only pam.d is known here. */
static bool in_pam_d(const char *path)
{
        const char *name = base_name(path);

        for (size_t i = 0; i < ELEMENTSOF(pam_folders); i++) {
                size_t n = strlen(pam_folders[i]);

                if (strncmp(path, pam_folders[i], n) == 0 && path + n + 1 == name) {
                        return true;
                }
        }
        return name == path;
}

static int read_include(Reader *r, const char *name, const Spot *at, unsigned deeper)
{
        Spot from = *at;

        from.level += deeper;
        from.depth++;
        if (!in_pam_d(name)) {
                (void) snprintf(r->stack->elsewhere, sizeof(r->stack->elsewhere), "%s", name);
                return 0;
        }
        int e = read_file_lines(r, base_name(name), &from);
        if (e == -ENOENT) {
                (void) snprintf(r->stack->missing, sizeof(r->stack->missing), "%s", name);
                add_failing(r, at);
                return 0;
        }
        return e;
}

/* Whether a line of this type is run with ours. An unknown type is taken for one, to fail there. */
static bool type_counts(const Reader *r, const char *type, const Spot *at, bool *ret_known)
{
        *ret_known = false;
        for (PamType t = 0; t < _PAM_TYPE_MAX; t++) {
                if (strcasecmp(*type == '-' ? type + 1 : type, pam_type_to_string(t)) == 0) {
                        *ret_known = true;
                        return t == r->type;
                }
        }
        return !at->all || r->type == PAM_TYPE_AUTH;
}

static void read_module(Reader *r, const char *control, const char *module, char *rest,
        bool known_type, const Spot *at)
{
        PamEntry *e = entry_add(r, at->file, at->line, at->level);

        control_read(control, e);
        e->must_fail = !known_type || !*module;
        e->unknown_type = !known_type;
        e->module = must(strdup(base_name(module)));
        e->has_path = base_name(module) != module;
        for (char *word = take_word(&rest); *word; word = take_word(&rest)) {
                if (strv_add(&e->arguments, word) < 0) {
                        (void) must(NULL);
                }
        }
}

/* One line of a file, comments gone, changed in place. */
static int read_line(Reader *r, char *s, const Spot *at)
{
        char *type = take_word(&s), *control, *module;
        bool known;

        if (!*type) {
                return 0;
        }
        if (strcasecmp(type, "@include") == 0) {
                return read_include(r, take_word(&s), at, 0);
        }
        if (!type_counts(r, type, at, &known)) {
                return 0;
        }
        control = take_word(&s);
        module = take_word(&s);
        Spot one = *at;
        one.all = false;
        if (strcasecmp(control, "include") == 0) {
                return read_include(r, module, &one, 0);
        }
        if (strcasecmp(control, "substack") == 0) {
                (void) entry_add(r, at->file, at->line, at->level);
                return read_include(r, module, &one, 1);
        }
        read_module(r, control, module, s, known, at);
        return 0;
}

/* Takes a line with its continuations into out, comments cut off. Returns how many it was. */
static unsigned take_line(const char **text, char out[static LINE_MAX_PAM])
{
        unsigned lines = 0;
        size_t used = 0;
        bool joined = true;

        while (joined && **text) {
                size_t n = strcspn(*text, "\n"), keep = strcspn(*text, "#\n");

                joined = keep == n && n > 0 && (*text)[n - 1] == '\\';
                keep = MIN(joined ? n - 1 : keep, LINE_MAX_PAM - 2 - used);
                memcpy(out + used, *text, keep);
                used += keep;
                out[used] = ' ';
                used += joined && used < LINE_MAX_PAM - 2;
                *text += n + ((*text)[n] == '\n');
                lines++;
        }
        out[used] = '\0';
        return lines;
}

static const char *file_text(const Reader *r, const char *name)
{
        for (size_t i = 0; i < r->n_files; i++) {
                if (streq(r->files[i].service, name)) {
                        return r->files[i].text;
                }
        }
        return NULL;
}

static int read_file_lines(Reader *r, const char *name, const Spot *from)
{
        const char *text = file_text(r, name);
        char line[LINE_MAX_PAM];
        Spot at = *from;

        if (!text) {
                return -ENOENT;
        }
        if (at.depth > DEPTH_MAX) {
                return -ELOOP;
        }
        at.file = name;
        at.line = 1;
        while (*text) {
                unsigned lines = take_line(&text, line);
                int e = read_line(r, line, &at);

                if (e < 0) {
                        return e;
                }
                if (r->stack->n > ENTRIES_MAX) {
                        return -E2BIG;
                }
                at.line += lines;
        }
        return 0;
}

int pam_stack_read(const PamText *files, size_t n, const char *service, PamType type, PamStack *ret)
{
        static const char other[] = "other";
        _cleanup_(pam_stack_done) PamStack s = { 0 };
        Reader r = { .files = files, .n_files = n, .type = type, .stack = &s };
        Spot top = { .all = true };

        int e = read_file_lines(&r, service, &top);
        if (e == -ENOENT || (e >= 0 && s.n == 0 && !*s.elsewhere)) { /* not one line of this type */
                s.from_other = true;
                e = read_file_lines(&r, other, &top);
                e = e == -ENOENT ? 0 : e;
        }
        if (e < 0) {
                return e;
        }
        *ret = s;
        s = (PamStack){ 0 };
        return 0;
}

void pam_stack_done(PamStack *s)
{
        for (size_t i = 0; i < s->n; i++) {
                free(s->entries[i].module);
                (void) strv_free(s->entries[i].arguments);
        }
        free(s->entries);
        *s = (PamStack){ 0 };
}
