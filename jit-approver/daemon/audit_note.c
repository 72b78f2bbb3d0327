/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Facts that wait. Between an answer and the next lies hardly more than the time a fact takes to be
 * written down, so here it is only copied, and the same again only counted. MUST: copy every word that a
 * fact points to.
 */

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"

/* Every text of a fact that is not some person's name. */
static const size_t texts[] = {
        offsetof(Fact, service),
        offsetof(Fact, command),
        offsetof(Fact, reason),
        offsetof(Fact, rule),
        offsetof(Fact, tty),
        offsetof(Fact, origin),
        offsetof(Fact, state),
        offsetof(Fact, note),
        offsetof(Fact, why),
        offsetof(Fact, approver),
        offsetof(Fact, decision),
        offsetof(Fact, proof),
        offsetof(Fact, channel),
        offsetof(Fact, by),
        offsetof(Fact, key),
        offsetof(Fact, hash),
        offsetof(Fact, signature),
        offsetof(Fact, digest),
};

/* Before the last of them stand the event, two ids, three persons and the others. */
_Static_assert(offsetof(Fact, digest) == (5 + ELEMENTSOF(texts)) * sizeof(char *),
        "a member of Fact is new: it is to be copied, too");

/* A fact with everything it points to. */
struct Note {
        Fact fact;
        Id request, grant;
        Who asker, login, target;
        usec_t first, last;
        int64_t times;
        char words[];
};

static const char **text_at(const Fact *f, size_t i)
{
        return (const char **) ((const char *) f + texts[i]);
}

static size_t bytes_of(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

static const char *who_name(const Who *who)
{
        return who ? who->name : NULL;
}

static size_t words_size(const Fact *f)
{
        size_t n = bytes_of(who_name(f->asker)) + bytes_of(who_name(f->login)) +
                   bytes_of(who_name(f->target));

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                n += bytes_of(*text_at(f, i));
        }
        return n;
}

static char *copy_text(const char *text, char **at)
{
        size_t n = bytes_of(text);
        char *copy = *at;

        if (!text) {
                return NULL;
        }
        memcpy(copy, text, n);
        *at += n;
        return copy;
}

static const Who *copy_who(const Who *from, Who *to, char **at)
{
        if (!from) {
                return NULL;
        }
        *to = (Who){ from->uid, copy_text(from->name, at) };
        return to;
}

static const Id *copy_id(const Id *from, Id *to)
{
        if (!from) {
                return NULL;
        }
        *to = *from;
        return to;
}

Note *note_new(const Fact *f, usec_t wall)
{
        Note *n = malloc(sizeof(*n) + words_size(f));

        if (!n) {
                return NULL;
        }
        *n = (Note){ .fact = *f, .first = wall, .last = wall, .times = 1 };
        char *at = n->words;
        n->fact.request = copy_id(f->request, &n->request);
        n->fact.grant = copy_id(f->grant, &n->grant);
        n->fact.asker = copy_who(f->asker, &n->asker, &at);
        n->fact.login = copy_who(f->login, &n->login, &at);
        n->fact.target = copy_who(f->target, &n->target, &at);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                *text_at(&n->fact, i) = copy_text(*text_at(f, i), &at);
        }
        return n;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && streq(a, b));
}

static bool same_id(const Id *a, const Id *b)
{
        return a == b || (a && b && streq(a->text, b->text));
}

static bool same_who(const Who *a, const Who *b)
{
        return a == b || (a && b && a->uid == b->uid && same_text(a->name, b->name));
}

/* What has an end or a count of its own is said by itself. */
static bool same_fact(const Fact *a, const Fact *b)
{
        if (a->event != b->event || !same_who(a->asker, b->asker) || !same_id(a->grant, b->grant) ||
                !same_id(a->request, b->request) || !same_who(a->login, b->login) ||
                !same_who(a->target, b->target) || a->until != 0 || b->until != 0 ||
                a->count != 0 || b->count != 0 || a->upto != 0 || b->upto != 0) {
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                if (!same_text(*text_at(a, i), *text_at(b, i))) {
                        return false;
                }
        }
        return true;
}

bool note_again(Note *n, const Fact *f, usec_t wall)
{
        if (!same_fact(&n->fact, f)) {
                return false;
        }
        n->times++;
        n->last = wall;
        return true;
}

int64_t note_times(const Note *n)
{
        return n->times;
}

Fact note_fact(const Note *n, usec_t *ret_wall)
{
        Fact f = n->fact;

        if (n->times > 1) {
                f.count = n->times;
                f.first = n->first;
                f.last = n->last;
        }
        *ret_wall = n->first;
        return f;
}
