/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The record's copy in the journal. MUST: keep every foreign text inside its own field and on one
 * line (a reason "x\nJIT_DECISION=approve" is a reason); wait for nothing and fail for nobody.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"
#include "jit-approver/daemon/journal.h"

#define FIELD_MAX 1024
#define MESSAGE_MAX 1024
#define ROOM_MIN ((size_t) 8) /* text_clean() wants no less */

void entry_done(Entry *e)
{
        free(e->text);
        *e = (Entry){};
}

static const char *name_of(const Who *who)
{
        return who && who->uid != UID_UNSET ? who->name : NULL;
}

static const char *id_of(const Id *id)
{
        return id && id_is_set(id) ? id->text : NULL;
}

/* A little more than is shown: what is cut here is cut again, visibly, when it is made safe. */
typedef struct Line {
        char text[MESSAGE_MAX + ROOM_MIN];
        size_t n;
} Line;

static void line_put(Line *l, const char *words)
{
        size_t n = MIN(strlen(words), sizeof(l->text) - 1 - l->n);

        memcpy(l->text + l->n, words, n);
        l->n += n;
        l->text[l->n] = '\0';
}

/* The value with what stands before and behind it; nothing for no value. */
static void line_say(Line *l, const char *before, const char *value, const char *behind)
{
        if (!str_empty(value)) {
                line_put(l, before);
                line_put(l, value);
                line_put(l, behind);
        }
}

static void say_who(Line *l, const Fact *fact)
{
        line_say(l, ", ", name_of(fact->asker), "");
        line_say(l, " (logged in as ", name_of(fact->login), ")");
        line_say(l, ", ", fact->service, "");
        line_say(l, " as ", name_of(fact->target), "");
}

static void say_what(Line *l, const Fact *fact)
{
        char until[TIME_RFC3339_MAX] = "", count[32] = "", found[32] = "";

        if (fact->until != 0) {
                time_rfc3339(fact->until, until);
        }
        if (fact->count != 0) {
                (void) snprintf(count, sizeof(count), "%" PRId64 "%s", fact->count,
                        fact->event == AUDIT_GAP          ? ""
                        : fact->event == AUDIT_CHECKPOINT ? " rows"
                                                          : " times");
        }
        if (fact->found != 0) {
                (void) snprintf(found, sizeof(found), "%" PRId64 " findings", fact->found);
        }
        line_say(l, ", ", fact->decision ? fact->decision : fact->state, "");
        line_say(l, " by ", fact->approver ? fact->approver : fact->by, "");
        line_say(l, ", until ", until, "");
        line_say(l, ", ", count, "");
        line_say(l, ", ", found, "");
        line_say(l, ", ", fact->why, "");
        line_say(l, ", '", fact->reason ? fact->reason : fact->note, "'");
        line_say(l, ", request ", id_of(fact->request), "");
        line_say(l, ", grant ", id_of(fact->grant), "");
}

/* "Access was granted: dev, sudo as root, until …, request K7QF-2M9D": one line, made safe as one. */
static void say_all(Line *l, const Fact *fact)
{
        Line rest = {};

        say_who(&rest, fact);
        say_what(&rest, fact);
        line_put(l, audit_event_info(fact->event)->phrase);
        if (rest.n > 2) { /* without the first ", " */
                line_say(l, ": ", rest.text + 2, "");
        }
}

typedef struct FieldText {
        const char *name, *value; /* name is with its "="; nothing is sent for an empty value */
} FieldText;

/* For the value and its NUL. */
static size_t room_for(const char *value)
{
        size_t n = MIN(4 * strlen(value), (size_t) FIELD_MAX);

        return MAX(n + 1, (size_t) ROOM_MIN);
}

static char *add_field(Entry *e, const FieldText *f, char *at)
{
        size_t n = strlen(f->name);

        memcpy(at, f->name, n);
        n += text_clean(at + n, room_for(f->value), f->value, strlen(f->value));
        e->fields[e->n++] = (struct iovec){ at, n };
        return at + n + 1;
}

/* One allocation: there is an entry for every check. */
static int entry_fill(const FieldText *fields, size_t n, Entry *ret)
{
        size_t room = 0;

        for (size_t i = 0; i < n; i++) {
                if (!str_empty(fields[i].value)) {
                        room += strlen(fields[i].name) + room_for(fields[i].value);
                }
        }
        Entry e = { .text = malloc(room) };
        if (!e.text) {
                return -ENOMEM;
        }
        char *at = e.text;
        for (size_t i = 0; i < n; i++) {
                if (!str_empty(fields[i].value)) {
                        at = add_field(&e, &fields[i], at);
                }
        }
        *ret = e;
        return 0;
}

int entry_from_fact(const Fact *f, Entry *ret)
{
        const EventInfo *info = audit_event_info(f->event);
        Line line = {};
        char priority[4];

        (void) snprintf(priority, sizeof(priority), "%d", info->priority);
        say_all(&line, f);
        const FieldText fields[] = {
                { "MESSAGE=", line.text },
                { "MESSAGE_ID=", info->message_id },
                { "PRIORITY=", priority },
                { "JIT_EVENT=", info->word },
                { "JIT_REQUEST=", id_of(f->request) },
                { "JIT_GRANT=", id_of(f->grant) },
                { "JIT_USER=", name_of(f->asker) },
                { "JIT_SERVICE=", f->service },
                { "JIT_TARGET=", name_of(f->target) },
                { "JIT_APPROVER=", f->approver },
                { "JIT_DECISION=", f->decision },
                { "JIT_REASON=", f->reason },
                { "JIT_WHY=", f->why },
        };
        _Static_assert(ELEMENTSOF(fields) <= ENTRY_FIELDS_MAX, "all of them");

        return entry_fill(fields, ELEMENTSOF(fields), ret);
}

void entry_send(const Entry *e, int64_t seq, const char *head)
{
        char seq_field[64], head_field[sizeof("JIT_HEAD=") + DIGEST_HEX_SIZE];
        struct iovec iov[ENTRY_FIELDS_MAX + 2];
        size_t n = e->n;

        memcpy(iov, e->fields, e->n * sizeof(*iov));
        (void) snprintf(head_field, sizeof(head_field), "JIT_HEAD=%s", head);
        iov[n++] = (struct iovec){ head_field, strlen(head_field) };
        if (seq > 0) {
                (void) snprintf(seq_field, sizeof(seq_field), "JIT_SEQ=%" PRId64, seq);
                iov[n++] = (struct iovec){ seq_field, strlen(seq_field) };
        }
        (void) journal_send(iov, n);
}
