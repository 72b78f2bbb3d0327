/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The record's copy in the journal. MUST: keep every foreign text inside its own field and on one
 * line (a reason "x\nJIT_DECISION=approve" is a reason); wait for nothing and fail for nobody.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

/* Where in our source an entry was made is nobody's business but ours. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"

#define FIELD_MAX 1024
#define MESSAGE_MAX 1024

void entry_done(Entry *e)
{
        for (size_t i = 0; i < e->n; i++) {
                free(e->fields[i]);
        }
        *e = (Entry){};
}

/* name is with its "=". Nothing is added for an empty value. */
static int add_field(Entry *e, const char *name, const char *value)
{
        _cleanup_(freep) char *safe = NULL;
        int r;

        if (str_empty(value)) {
                return 0;
        }
        safe = text_clean_dup(value, FIELD_MAX);
        if (!safe) {
                return -ENOMEM;
        }
        r = str_printf(&e->fields[e->n], "%s%s", name, safe);
        if (r < 0) {
                return r;
        }
        e->n++;
        return 0;
}

static const char *name_of(const Who *who)
{
        return who && who->uid != UID_UNSET ? who->name : NULL;
}

static const char *id_of(const Id *id)
{
        return id && id_is_set(id) ? id->text : NULL;
}

static void say_who(FILE *f, const Fact *fact)
{
        const char *asker = name_of(fact->asker), *login = name_of(fact->login);
        const char *target = name_of(fact->target);

        if (asker) {
                (void) fprintf(f, ", %s", asker);
        }
        if (login) {
                (void) fprintf(f, " (logged in as %s)", login);
        }
        if (fact->service) {
                (void) fprintf(f, ", %s", fact->service);
        }
        if (target) {
                (void) fprintf(f, " as %s", target);
        }
}

static void say_what(FILE *f, const Fact *fact)
{
        const char *said = fact->reason ? fact->reason : fact->note;
        char until[TIME_RFC3339_MAX];

        if (fact->decision || fact->state) {
                (void) fprintf(f, ", %s", fact->decision ? fact->decision : fact->state);
        }
        if (fact->approver || fact->by) {
                (void) fprintf(f, " by %s", fact->approver ? fact->approver : fact->by);
        }
        if (fact->until != 0) {
                time_rfc3339(fact->until, until);
                (void) fprintf(f, ", until %s", until);
        }
        if (fact->count != 0) {
                (void) fprintf(f, ", %" PRId64, fact->count);
        }
        if (!str_empty(fact->why)) {
                (void) fprintf(f, ", %s", fact->why);
        }
        if (!str_empty(said)) {
                (void) fprintf(f, ", '%s'", said);
        }
        if (id_of(fact->request)) {
                (void) fprintf(f, ", request %s", fact->request->text);
        }
        if (id_of(fact->grant)) {
                (void) fprintf(f, ", grant %s", fact->grant->text);
        }
}

/* "Access was granted: dev, sudo as root, until …, request K7QF-2M9D": one line, made safe as one. */
static int add_message(Entry *e, const Fact *fact)
{
        _cleanup_(freep) char *rest = NULL, *line = NULL;
        const char *phrase = audit_event_info(fact->event)->phrase;
        FILE *f;
        size_t n;
        int r;

        f = open_memstream(&rest, &n);
        if (!f) {
                return -ENOMEM;
        }
        say_who(f, fact);
        say_what(f, fact);
        if (fclose(f) != 0) {
                return -ENOMEM;
        }
        if (n > 2) { /* without the first ", " */
                r = str_printf(&line, "%s: %s", phrase, rest + 2);
        } else {
                r = str_printf(&line, "%s", phrase);
        }
        return r < 0 ? r : add_field(e, "MESSAGE=", line);
}

int entry_from_fact(const Fact *f, Entry *ret)
{
        _cleanup_(entry_done) Entry e = {};
        const EventInfo *info = audit_event_info(f->event);
        char priority[4];
        int r;

        (void) snprintf(priority, sizeof(priority), "%d", info->priority);
        const struct {
                const char *name, *value;
        } fields[] = {
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
        _Static_assert(ELEMENTSOF(fields) + 1 <= ENTRY_FIELDS_MAX, "one more is the message");

        r = add_message(&e, f);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(fields); i++) {
                r = add_field(&e, fields[i].name, fields[i].value);
        }
        if (r < 0) {
                return r;
        }
        *ret = e;
        e = (Entry){};
        return 0;
}

void entry_send(const Entry *e, int64_t seq, const char *head)
{
        char seq_field[64], head_field[sizeof("JIT_HEAD=") + DIGEST_HEX_SIZE];
        struct iovec iov[ENTRY_FIELDS_MAX + 2];
        int n = 0;

        for (size_t i = 0; i < e->n; i++) {
                iov[n++] = (struct iovec){ e->fields[i], strlen(e->fields[i]) };
        }
        (void) snprintf(head_field, sizeof(head_field), "JIT_HEAD=%s", head);
        iov[n++] = (struct iovec){ head_field, strlen(head_field) };
        if (seq > 0) {
                (void) snprintf(seq_field, sizeof(seq_field), "JIT_SEQ=%" PRId64, seq);
                iov[n++] = (struct iovec){ seq_field, strlen(seq_field) };
        }
        (void) sd_journal_sendv(iov, n);
}
