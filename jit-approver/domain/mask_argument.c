/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One argument of a command: whether it is, or holds, a secret by what stands before it, by its own
 * name, or by its shape; and what it says of the argument behind it.
 *
 * MUST: look at each byte a bounded number of times; put all of an argument, or nothing of it.
 */

#include <strings.h>

#include "common/util.h"
#include "jit-approver/domain/mask_argument.h"
#include "jit-approver/domain/mask_shape.h"

#define LETTERS_MAX 16 /* of one option */

/* room is for the worst case; were it not, less would come out, never more. */
void mask_put(Mask *m, const char *s, size_t n)
{
        size_t fits = MIN(n, m->room - m->used);

        memcpy(m->out + m->used, s, fits);
        m->used += fits;
}

void mask_put_masked(Mask *m)
{
        mask_put(m, MASKED, strlen(MASKED));
}

/* Options of one letter that hold a secret in some programs only. */
typedef struct Habit {
        const char *program;
        bool family; /* all programs whose names begin so */
        bool glued;  /* the secret never is the next argument */
        char letter;
        Next what;
} Habit;

static const Habit habits[] = {
        { "mysql", true, true, 'p', NEXT_SECRET },
        { "mariadb", true, true, 'p', NEXT_SECRET },
        { "7z", true, true, 'p', NEXT_SECRET },
        { "sshpass", false, false, 'p', NEXT_SECRET },
        { "mongo", true, false, 'p', NEXT_VALUE },
        { "useradd", false, false, 'p', NEXT_VALUE },
        { "usermod", false, false, 'p', NEXT_VALUE },
        { "login", false, false, 'p', NEXT_VALUE }, /* docker login, podman login, az login */
        { "redis-cli", false, false, 'a', NEXT_VALUE },
        { "ldap", true, false, 'w', NEXT_VALUE },
        { "ipmitool", false, false, 'P', NEXT_VALUE },
        { "zip", false, false, 'P', NEXT_VALUE },
        { "unzip", false, false, 'P', NEXT_VALUE },
        { "ssh-keygen", false, false, 'N', NEXT_VALUE },
        { "ssh-keygen", false, false, 'P', NEXT_VALUE },
        { "curl", false, false, 'u', NEXT_USER },
        { "curl", false, false, 'U', NEXT_USER },
        { "curl", false, false, 'E', NEXT_USER },
        { "curl", false, false, 'b', NEXT_VALUE },
        { "http", true, false, 'a', NEXT_USER },
        { "smbclient", false, false, 'U', NEXT_USER },
        /* These have none, and end those of what started them: sshpass -p x ssh -p 22 */
        { "ssh", false, false, '\0', NEXT_PLAIN },
        { "docker", false, false, '\0', NEXT_PLAIN },
        { "podman", false, false, '\0', NEXT_PLAIN },
};

static const char *const user_options[] = { "--user", "--proxy-user", "--cert" };
static const char *const schemes[] = { "Bearer", "Basic", "Digest", "Negotiate", "Token",
        "ApiKey" };
static const char *const harmless[] = { "yes", "no", "true", "false", "on", "off" };

size_t mask_last_substitution(Text t)
{
        size_t last = t.n;

        for (size_t i = 0; i < t.n; i++) {
                size_t next = i + 1;

                /* A shell takes out a backslash with the end of its line first. */
                while (t.s[i] == '$' && next + 1 < t.n && memcmp(t.s + next, "\\\n", 2) == 0) {
                        next += 2;
                }
                if (t.s[i] == '`' || (t.s[i] == '$' && next < t.n && t.s[next] == '(')) {
                        last = i;
                }
        }
        return last;
}

static bool holds_substitution(Text t)
{
        return mask_last_substitution(t) < t.n;
}

static bool text_is_one_of(Text t, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (strlen(list[i]) == t.n && strncasecmp(list[i], t.s, t.n) == 0) {
                        return true;
                }
        }
        return false;
}

static bool is_option(Text t)
{
        return t.n > 1 && t.s[0] == '-';
}

/* The secret of the "user:secret@" or, on the web, of the "secret@" that begins here; 0 for none. */
static size_t userinfo_length(Text t, bool web, size_t *ret_secret)
{
        size_t end = 0, at = 0, colon = 0;

        while (end < t.n && !is_blank(t.s[end]) && !strchr("/?#", t.s[end])) {
                at = t.s[end] == '@' ? end : at;
                colon = t.s[end] == ':' && colon == 0 && at == 0 ? end + 1 : colon;
                end++;
        }
        if (at == 0 || (colon == 0 && !web)) {
                return 0;
        }
        *ret_secret = MIN(colon, at);
        return at;
}

static bool is_web(Text t, size_t end)
{
        return (end >= 4 && strncasecmp(t.s + end - 4, "http", 4) == 0) ||
               (end >= 5 && strncasecmp(t.s + end - 5, "https", 5) == 0);
}

/* Text without any structure that is known: tokens of known shapes, and users in URLs. */
static void put_leaf(Mask *m, Text t)
{
        for (size_t i = 0; i < t.n;) {
                size_t length = mask_token_length(t.s, t.n, i), secret = 0, user;

                if (length > 0) {
                        mask_put_masked(m);
                        i += length;
                        continue;
                }
                if (t.n - i < 3 || memcmp(t.s + i, "://", 3) != 0) {
                        mask_put(m, t.s + i++, 1);
                        continue;
                }
                mask_put(m, "://", 3);
                user = userinfo_length(skip(t, i + 3), is_web(t, i), &secret);
                mask_put(m, t.s + i + 3, secret);
                if (holds_substitution((Text){ t.s + i + 3, user })) {
                        mask_put(m, t.s + i + 3 + secret, user - secret);
                } else if (user > secret) {
                        mask_put_masked(m);
                }
                i += 3 + user;
        }
}

/* The bytes before the sign in "user:secret" and in smbclient's "user%secret"; all: a user alone. */
static size_t user_length(Text t)
{
        size_t i = 0;

        while (i < t.n && t.s[i] != ':' && t.s[i] != '%') {
                i++;
        }
        return i;
}

/* A user with a secret. What stands where the user should and is more than a name goes too. */
static void put_user(Mask *m, Text t)
{
        Text user = { t.s, user_length(t) };
        bool plain = first_blank(user) == user.n && !memchr(user.s, '=', user.n);

        if (plain) {
                put_leaf(m, (Text){ t.s, user.n + 1 });
        }
        if (!plain || user.n + 1 < t.n) {
                mask_put_masked(m);
        }
}

bool mask_take_next(Mask *m, Text t)
{
        Next next = m->next;

        m->next = NEXT_PLAIN;
        if (next == NEXT_PLAIN || holds_substitution(t)) {
                return false;
        }
        switch (next) {
        case NEXT_VALUE:
                if (is_option(t)) {
                        return false;
                }
                break;
        case NEXT_SECRET:
                if (text_is_one_of(t, schemes, ELEMENTSOF(schemes))) {
                        mask_put(m, t.s, t.n);
                        m->next = NEXT_SECRET;
                        return true;
                }
                break;
        case NEXT_USER:
                if (is_option(t) || user_length(t) == t.n) {
                        return false;
                }
                put_user(m, t);
                return true;
        case NEXT_PLAIN:
        default:
                return false;
        }
        mask_put_masked(m);
        return true;
}

static bool is_habit_of(const Habit *h, Text program)
{
        size_t n = strlen(h->program);

        return (h->family ? program.n >= n : program.n == n) &&
               memcmp(program.s, h->program, n) == 0;
}

/* The habit that an option of one letter has in the program at hand, or NULL. */
static const Habit *habit_of(const Mask *m, char letter)
{
        for (size_t i = 0; i < ELEMENTSOF(habits); i++) {
                if (habits[i].letter == letter && is_habit_of(&habits[i], m->program)) {
                        return &habits[i];
                }
        }
        return NULL;
}

/* How many signs stand before what the piece of a command begins with, quotes that nothing ends too. */
static size_t lead_length(Text t)
{
        size_t n = 0;

        while (n < t.n && t.s[n] && strchr("\"'\\`$(){}[];|&<>!", t.s[n])) {
                n++;
        }
        return n;
}

static bool is_own(const Mask *m, Text t)
{
        return matcher_matches(m->own, t.s, t.n);
}

bool mask_put_own(Mask *m, Text t)
{
        const char *equals = m->own && t.n > 0 ? memchr(t.s, '=', t.n) : NULL;
        size_t name = equals ? (size_t) (equals - t.s) + 1 : t.n;

        if (is_own(m, t)) {
                mask_put_masked(m);
                return true;
        }
        if (!is_own(m, skip(t, name))) {
                return false;
        }
        put_leaf(m, (Text){ t.s, name });
        mask_put_masked(m);
        return true;
}

/* "-psecret" */
bool mask_put_glued(Mask *m, Text t)
{
        Text lead = { t.s, lead_length(t) };
        const Habit *h;

        t = skip(t, lead.n);
        h = t.n > 2 && t.s[0] == '-' && t.s[1] != '-' ? habit_of(m, t.s[1]) : NULL;
        if (!h || holds_substitution(t) || (h->what == NEXT_USER && user_length(t) == t.n)) {
                return false;
        }
        mask_put(m, lead.s, lead.n);
        mask_put(m, t.s, 2);
        if (h->what == NEXT_USER) {
                put_user(m, skip(t, 2));
        } else {
                mask_put_masked(m);
        }
        return true;
}

/* Where the name that ends before t.s[end] begins; end when there is none. A quote may end it. */
static size_t name_start(Text t, size_t *end)
{
        size_t start;

        while (*end > 0 && (is_quote(t.s[*end - 1]) || strchr("\\+", t.s[*end - 1]))) {
                (*end)--;
        }
        start = *end;
        while (start > 0 && is_name_byte(t.s[start - 1])) {
                start--;
        }
        return start;
}

/* Whether what stands before t.s[at], "=" or ":", is the name of a secret. */
static bool names_secret(Text t, size_t at)
{
        size_t end = at, start = name_start(t, &end);

        if (start == end || !mask_is_secret_name(t.s + start, end - start)) {
                return false;
        }
        if (t.s[at] == '=') {
                return true;
        }
        /* "/etc/auth:/etc/auth" and "token://x" are none. */
        return (start == 0 || strchr("\"'\\{[(,;&", t.s[start - 1])) &&
               !(at + 2 < t.n && t.s[at + 1] == '/' && t.s[at + 2] == '/');
}

/* What follows them. */
static Text put_blanks(Mask *m, Text t)
{
        size_t n = 0;

        while (n < t.n && is_blank(t.s[n])) {
                n++;
        }
        mask_put(m, t.s, n);
        return skip(t, n);
}

/* What follows "NAME=" or "Name:". */
static void put_value(Mask *m, Text t, bool header)
{
        if (header) {
                size_t word;

                t = put_blanks(m, t);
                word = first_blank(t);
                if (text_is_one_of((Text){ t.s, word }, schemes, ELEMENTSOF(schemes))) {
                        mask_put(m, t.s, word);
                        t = put_blanks(m, skip(t, word));
                }
        }
        if (t.n == 0) {
                m->next = NEXT_SECRET;
        } else if (text_is_one_of(t, harmless, ELEMENTSOF(harmless))) {
                mask_put(m, t.s, t.n);
        } else {
                mask_put_masked(m);
        }
}

/* "--password=…", "PGPASSWORD=…", "Authorization: …", {"token":"…"}: up to the first blank. */
bool mask_put_assignment(Mask *m, Text t)
{
        size_t end = first_blank(t), last = mask_last_substitution(t);

        for (size_t i = 1; i < end; i++) {
                bool header = t.s[i] == ':';

                if ((!header && (t.s[i] != '=' || i + 1 == t.n)) || (last < t.n && i < last) ||
                        !names_secret(t, i)) {
                        continue;
                }
                put_leaf(m, (Text){ t.s, i + 1 });
                put_value(m, skip(t, i + 1), header);
                return true;
        }
        return false;
}

/* "-c", "-lc", "-ce": what sh, bash, su and others take a command by. */
static bool takes_command(Text t)
{
        if (t.n < 2 || t.n > LETTERS_MAX || t.s[0] != '-' || t.s[1] == '-') {
                return false;
        }
        for (size_t i = 1; i < t.n; i++) {
                if (!is_name_byte(t.s[i])) {
                        return false;
                }
        }
        return memchr(t.s, 'c', t.n);
}

/* What the next argument is by an option of one letter, also as the last of several: -su. */
static Next next_by_letter(const Mask *m, Text t)
{
        const Habit *h;

        if (t.n < 2 || t.s[1] == '-' || (t.n > 2 && habit_of(m, t.s[1]))) {
                return NEXT_PLAIN;
        }
        h = habit_of(m, t.s[t.n - 1]);
        return h && !h->glued ? h->what : NEXT_PLAIN;
}

/* Options by which the next argument is a secret. */
static Next next_of(const Mask *m, Text t)
{
        Next next = next_by_letter(m, t);

        if (next != NEXT_PLAIN) {
                return next;
        }
        if (text_is_one_of(t, user_options, ELEMENTSOF(user_options))) {
                return NEXT_USER;
        }
        return mask_is_secret_name(t.s, t.n) ? NEXT_VALUE : NEXT_PLAIN;
}

/* The last part of what may be a path, or stand behind other commands: "true;/usr/bin/mysql". */
static void note_program(Mask *m, Text t)
{
        size_t end = t.n, start;
        Text program;

        while (end > 0 && !is_name_byte(t.s[end - 1])) {
                end--;
        }
        start = end;
        while (start > 0 && is_name_byte(t.s[start - 1])) {
                start--;
        }
        program = (Text){ t.s + start, end - start };
        for (size_t i = 0; i < ELEMENTSOF(habits); i++) {
                if (is_habit_of(&habits[i], program)) {
                        m->program = (Text){ habits[i].program, strlen(habits[i].program) };
                }
        }
}

/* What an argument that was shown says of the next. */
static void note(Mask *m, Text t)
{
        static const char *const bearer[] = { "Bearer" };

        t = skip(t, lead_length(t));
        while (t.n > 0 && is_quote(t.s[t.n - 1])) {
                t.n--;
        }
        m->shell = takes_command(t);
        if (is_option(t)) {
                m->next = next_of(m, t);
        } else if (text_is_one_of(t, bearer, 1)) {
                m->next = NEXT_SECRET;
        }
        note_program(m, t);
}

void mask_put_plain(Mask *m, Text t)
{
        put_leaf(m, t);
        note(m, t);
}
