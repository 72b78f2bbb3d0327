/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * pam.d as Linux-PAM reads it (libpam/pam_handlers.c): '#' begins a comment, a backslash joins
 * lines, words are taken without regard to case, "@include" is Debian's. Trusts the texts for
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

static int act_parse(const char *s, int *ret)
{
        static const char *const words[] = { "ignore", "ok", "done", "bad", "die", "reset" };
        uint64_t jump;

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (strcasecmp(s, words[i]) == 0) {
                        *ret = -(int) i;
                        return 0;
                }
        }
        if (parse_u64(s, INT_MAX, &jump) < 0 || jump == 0) {
                return -EINVAL;
        }
        *ret = (int) jump;
        return 0;
}

/* "success=ok ignore=ignore default=die", changed in place. */
static int act_brackets(char *s, int act[static _PAM_CODE_MAX])
{
        bool set[_PAM_CODE_MAX] = { false };
        char *save = NULL;
        int otherwise = PAM_ACT_BAD, value;

        for (char *w = strtok_r(s, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
                char *equal = strchr(w, '=');
                size_t code = 0;

                if (!equal || act_parse(equal + 1, &value) < 0) {
                        return -EINVAL;
                }
                *equal = '\0';
                while (code < _PAM_CODE_MAX && strcasecmp(w, pam_codes[code]) != 0) {
                        code++;
                }
                if (code < _PAM_CODE_MAX) {
                        act[code] = value;
                        set[code] = true;
                } else if (strcasecmp(w, "default") == 0) {
                        otherwise = value;
                } else {
                        return -EINVAL;
                }
        }
        for (size_t i = 0; i < _PAM_CODE_MAX; i++) {
                act[i] = set[i] ? act[i] : otherwise;
        }
        return 0;
}

static void control_read(char *s, PamEntry *e)
{
        if (strcasecmp(s, "required") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_BAD);
        } else if (strcasecmp(s, "requisite") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_DIE);
        } else if (strcasecmp(s, "sufficient") == 0) {
                act_words(e->act, PAM_ACT_DONE, PAM_ACT_IGNORE);
        } else if (strcasecmp(s, "optional") == 0) {
                act_words(e->act, PAM_ACT_OK, PAM_ACT_IGNORE);
        } else if (*s != '[' || act_brackets(s + 1, e->act) < 0) {
                e->unknown_control = true;
                act_fill(e->act, PAM_ACT_BAD);
        }
}

/* The next word, "[…]" as one (without its last bracket); ends it in place. "" at the end. */
static char *take_word(char **s)
{
        char *word, *end;

        *s += strspn(*s, " \t\r");
        word = *s;
        end = *word == '[' ? strchr(word, ']') : NULL;
        if (!end) {
                end = word + strcspn(word, " \t\r");
        }
        *s = *end ? end + 1 : end;
        *end = '\0';
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

static int read_file_lines(Reader *r, const char *name, unsigned level, unsigned depth);

static int read_include(Reader *r, const char *name, unsigned level, unsigned depth)
{
        int e = read_file_lines(r, base_name(name), level, depth + 1);

        if (e == -ENOENT) {
                (void) snprintf(r->stack->missing, sizeof(r->stack->missing), "%s", name);
                return 0;
        }
        return e;
}

/* One line of a file, comments gone, changed in place. */
static int read_line(
        Reader *r, char *s, const char *file, unsigned line, unsigned level, unsigned depth)
{
        char *type = take_word(&s), *control, *module;

        if (!*type) {
                return 0;
        }
        if (strcasecmp(type, "@include") == 0) {
                return read_include(r, take_word(&s), level, depth);
        }
        if (strcasecmp(*type == '-' ? type + 1 : type, pam_type_to_string(r->type)) != 0) {
                return 0;
        }
        control = take_word(&s);
        module = take_word(&s);
        if (strcasecmp(control, "include") == 0) {
                return read_include(r, module, level, depth);
        }
        if (strcasecmp(control, "substack") == 0) {
                (void) entry_add(r, file, line, level);
                return read_include(r, module, level + 1, depth);
        }
        PamEntry *e = entry_add(r, file, line, level);
        control_read(control, e);
        e->module = must(strdup(base_name(module)));
        for (char *word = take_word(&s); *word; word = take_word(&s)) {
                if (strv_add(&e->arguments, *word == '[' ? word + 1 : word) < 0) {
                        (void) must(NULL);
                }
        }
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

static int read_file_lines(Reader *r, const char *name, unsigned level, unsigned depth)
{
        const char *text = NULL;
        char line[LINE_MAX_PAM];
        unsigned at = 1;

        for (size_t i = 0; i < r->n_files; i++) {
                if (streq(r->files[i].service, name)) {
                        text = r->files[i].text;
                }
        }
        if (!text) {
                return -ENOENT;
        }
        if (depth > DEPTH_MAX) {
                return -ELOOP;
        }
        while (*text) {
                unsigned lines = take_line(&text, line);
                int e = read_line(r, line, name, at, level, depth);

                if (e < 0) {
                        return e;
                }
                if (r->stack->n > ENTRIES_MAX) {
                        return -E2BIG;
                }
                at += lines;
        }
        return 0;
}

int pam_stack_read(const PamText *files, size_t n, const char *service, PamType type, PamStack *ret)
{
        PamStack s = { 0 };
        Reader r = { .files = files, .n_files = n, .type = type, .stack = &s };

        int e = read_file_lines(&r, service, 0, 0);
        if (e < 0) {
                pam_stack_done(&s);
                return e;
        }
        *ret = s;
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
