/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The chain of the record. MUST: advance the head only with a row that the store took, go back with a
 * transaction that was undone, and tell the journal of nothing that may still be undone; lose no note
 * without counting it.
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"

#define NOTES_MAX 1024
#define NOTES_LOOKS 8 /* at how many of the newest notes to see whether it is the same again */
#define META_TOLD "journal-seq"

/* A place in the chain. */
typedef struct Head {
        int64_t seq;
        char hash[DIGEST_HEX_SIZE];
} Head;

typedef struct Gap {
        int64_t count;
        usec_t first, last;
} Gap;

struct Audit {
        Store *store; /* borrowed; NULL: none */
        EVP_MD_CTX *context;
        EVP_MD *sha256;
        bool known; /* the head was read from the store */
        Head head, committed;
        int64_t told, told_kept; /* how far the journal is; how far the store knows it to be */
        AuditRow *steps;         /* of the open transaction, to be told after its commit; owned */
        size_t n_steps;
        Note **notes;           /* owned */
        size_t n_notes;         /* of which the first … */
        size_t n_notes_told;    /* … are in the journal */
        size_t n_notes_written; /* … are in the open transaction */
        Gap gap, gap_written;
        int64_t counts[_AUDIT_EVENT_MAX];
};

static void head_reset(Head *head)
{
        head->seq = 0;
        memset(head->hash, '0', DIGEST_HEX_SIZE - 1);
        head->hash[DIGEST_HEX_SIZE - 1] = '\0';
}

static void drop_steps(Audit *a)
{
        for (size_t i = 0; i < a->n_steps; i++) {
                audit_row_done(&a->steps[i]);
        }
        free(a->steps);
        a->steps = NULL;
        a->n_steps = 0;
}

/* The first n. */
static void drop_notes(Audit *a, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(a->notes[i]);
        }
        a->n_notes -= n;
        a->n_notes_told -= MIN(n, a->n_notes_told);
        memmove(a->notes, a->notes + n, a->n_notes * sizeof(Note *));
}

/* Reads where the chain stands; again later if it cannot be read now. */
static int read_head(Audit *a)
{
        Checkpoint checkpoint;
        int r;

        if (!a->store) {
                return -EIO;
        }
        if (a->known) {
                return 0;
        }
        r = store_audit_head(a->store, &a->head.seq, a->head.hash, &a->told);
        if (r < 0) {
                return r;
        }
        /* One that cannot be read hides nothing: `jitctl log --verify` will find it. */
        if (audit_checkpoint_read(a->store, &checkpoint) >= 0) {
                store_set_pruned(a->store, checkpoint.upto);
        }
        a->committed = a->head;
        a->told_kept = a->told;
        a->known = true;
        return 0;
}

int audit_new(Store *store, Audit **ret)
{
        _cleanup_(audit_freep) Audit *a = calloc(1, sizeof(Audit));

        if (!a) {
                return -ENOMEM;
        }
        a->notes = calloc(NOTES_MAX, sizeof(Note *));
        a->context = EVP_MD_CTX_new();
        a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!a->notes || !a->context || !a->sha256) {
                return -ENOMEM;
        }
        head_reset(&a->head);
        a->committed = a->head;
        a->store = store;
        (void) read_head(a);
        *ret = TAKE_PTR(a);
        return 0;
}

Audit *audit_free(Audit *a)
{
        char seq[32];

        if (!a) {
                return NULL;
        }
        /* A clean stop: so that the next start does not tell the journal the last rows again. */
        if (a->known && a->told > a->told_kept && a->n_steps == 0) {
                (void) snprintf(seq, sizeof(seq), "%" PRId64, a->told);
                (void) store_meta_set(a->store, META_TOLD, seq);
        }
        drop_steps(a);
        if (a->notes) {
                audit_tell_notes(a); /* whoever stops for good has committed them before */
                drop_notes(a, a->n_notes);
        }
        free(a->notes);
        EVP_MD_CTX_free(a->context);
        EVP_MD_free(a->sha256);
        free(a);
        return NULL;
}

const char *audit_head(const Audit *a)
{
        return a->committed.hash;
}

int64_t audit_count(const Audit *a, AuditEvent e)
{
        return (unsigned) e < _AUDIT_EVENT_MAX ? a->counts[e] : 0;
}

static int hash_row(Audit *a, const char *canonical, char ret[static DIGEST_HEX_SIZE])
{
        uint8_t hash[DIGEST_SIZE];
        unsigned n = 0;

        if (EVP_DigestInit_ex2(a->context, a->sha256, NULL) != 1 ||
                EVP_DigestUpdate(a->context, a->head.hash, DIGEST_HEX_SIZE - 1) != 1 ||
                EVP_DigestUpdate(a->context, canonical, strlen(canonical)) != 1 ||
                EVP_DigestFinal_ex(a->context, hash, &n) != 1 || n != sizeof(hash)) {
                return -EIO;
        }
        hex_encode(hash, sizeof(hash), ret);
        return 0;
}

/* Adds the row to the chain, in the open transaction. */
static int chain_row(Audit *a, AuditRow *row, const char *tail)
{
        Head next = { .seq = a->head.seq + 1 };
        int r;

        r = audit_row_canonical(next.seq, tail, &row->canonical);
        if (r < 0) {
                return r;
        }
        r = hash_row(a, row->canonical, next.hash);
        if (r < 0) {
                return r;
        }
        row->seq = next.seq;
        row->told = a->told;
        memcpy(row->hash, next.hash, sizeof(row->hash));
        r = store_audit_insert(a->store, row);
        if (r < 0) {
                return r;
        }
        a->head = next;
        return 0;
}

/* told: the journal has it already. */
static int append_fact(Audit *a, const Fact *f, usec_t wall, bool told)
{
        _cleanup_(audit_row_done) AuditRow row = { .asker = UID_UNSET };
        _cleanup_(freep) char *tail = NULL;
        AuditRow *more;
        int r;

        r = audit_row_from_fact(f, wall, &row, &tail);
        if (r < 0) {
                return r;
        }
        more = reallocarray(a->steps, a->n_steps + 1, sizeof(AuditRow));
        if (!more) {
                return -ENOMEM;
        }
        a->steps = more;
        r = chain_row(a, &row, tail);
        if (r < 0) {
                return r;
        }
        if (!told) {
                more[a->n_steps++] = row;
                row = (AuditRow){};
        }
        return 0;
}

/* What is older than the fact at hand comes before it. */
static int append_backlog(Audit *a, usec_t wall)
{
        int r;

        if (a->gap.count > a->gap_written.count) {
                Fact f = { .event = AUDIT_GAP,
                        .count = a->gap.count - a->gap_written.count,
                        .first = a->gap.first,
                        .last = a->gap.last };

                r = append_fact(a, &f, wall, false);
                if (r < 0) {
                        return r;
                }
                a->gap_written = a->gap;
        }
        while (a->n_notes_written < a->n_notes) {
                size_t i = a->n_notes_written;
                usec_t then;
                Fact f = note_fact(a->notes[i], &then);

                r = append_fact(a, &f, then, i < a->n_notes_told);
                if (r < 0) {
                        return r;
                }
                a->n_notes_written++;
        }
        return 0;
}

int audit_append(Audit *a, const Fact *f, const Now *now)
{
        int r;

        r = read_head(a);
        if (r < 0) {
                return r;
        }
        r = append_backlog(a, now->wall);
        if (r < 0) {
                return r;
        }
        return append_fact(a, f, now->wall, false);
}

/* A note may be several of the same; what others count is theirs (rows pruned, codes made). */
static void count_event(Audit *a, const Fact *f)
{
        bool is_note = f->event == AUDIT_GRANT_USED || f->event == AUDIT_CHECK_ALLOWED ||
                       f->event == AUDIT_CHECK_REFUSED || f->event == AUDIT_CHECK_EXEMPT;

        a->counts[f->event] += is_note ? MAX(f->count, (int64_t) 1) : 1;
}

typedef struct Telling {
        Audit *audit;
        const AuditRow *row;
} Telling;

static int tell_fact(const Fact *f, void *userdata)
{
        _cleanup_(entry_done) Entry entry = {};
        const Telling *t = userdata;
        int r;

        count_event(t->audit, f);
        r = entry_from_fact(f, &entry);
        if (r < 0) {
                return r;
        }
        entry_send(&entry, t->row->seq, t->row->hash);
        return 0;
}

/* From the row itself, so that a commit waits for no entry to be made, and a later start says the same. */
static int tell_row(Audit *a, const AuditRow *row)
{
        return audit_row_to_fact(row, tell_fact, &(Telling){ a, row });
}

void audit_tell(Audit *a)
{
        if (a->head.seq == a->committed.seq) {
                return; /* nothing was written: how far the journal is stays as it was */
        }
        for (size_t i = 0; i < a->n_steps; i++) {
                (void) tell_row(a, &a->steps[i]);
        }
        drop_steps(a);
        drop_notes(a, a->n_notes_written);
        a->n_notes_written = 0;
        if (a->gap.count == a->gap_written.count) {
                a->gap = (Gap){};
        } else if (a->gap_written.count > 0) {
                a->gap.count -= a->gap_written.count;
                a->gap.first = a->gap.last;
        }
        a->gap_written = (Gap){};
        a->committed = a->head;
        a->told = a->head.seq;
}

void audit_forget(Audit *a)
{
        drop_steps(a);
        a->n_notes_written = 0;
        a->gap_written = (Gap){};
        a->head = a->committed;
}

static void count_gap(Audit *a, const Gap *more)
{
        if (a->gap.count == 0) {
                a->gap.first = more->first;
        }
        a->gap.count += more->count;
        a->gap.last = more->last;
}

/* Without a row to point to. */
static void tell_note(Audit *a, const Fact *f)
{
        _cleanup_(entry_done) Entry entry = {};

        count_event(a, f);
        if (entry_from_fact(f, &entry) >= 0) {
                entry_send(&entry, 0, a->committed.hash);
        }
}

static bool note_is_known(Audit *a, const Fact *f, usec_t wall)
{
        size_t first = MAX(a->n_notes_told, a->n_notes_written);

        for (size_t i = a->n_notes, looks = NOTES_LOOKS; i > first && looks > 0; looks--) {
                if (note_again(a->notes[--i], f, wall)) {
                        return true;
                }
        }
        return false;
}

void audit_note(Audit *a, const Fact *f, const Now *now)
{
        Note *note = NULL;

        if (a->store && note_is_known(a, f, now->wall)) {
                return;
        }
        if (a->store && a->n_notes < NOTES_MAX) {
                note = note_new(f, now->wall);
        }
        if (!note) {
                tell_note(a, f);
                count_gap(a, &(Gap){ 1, now->wall, now->wall });
                return;
        }
        a->notes[a->n_notes++] = note;
}

void audit_tell_notes(Audit *a)
{
        audit_tell(a);
        for (; a->n_notes_told < a->n_notes; a->n_notes_told++) {
                usec_t wall;
                Fact f = note_fact(a->notes[a->n_notes_told], &wall);

                tell_note(a, &f);
        }
}

bool audit_has_notes(const Audit *a)
{
        return a->store && (a->n_notes > 0 || a->gap.count > 0);
}

static int write_backlog(Audit *a, usec_t wall)
{
        _cleanup_(transaction_endp) Transaction t = {};
        int r;

        r = read_head(a);
        if (r < 0) {
                return r;
        }
        r = transaction_begin(a->store, &t);
        if (r < 0) {
                return r;
        }
        r = append_backlog(a, wall);
        if (r < 0) {
                return r;
        }
        return transaction_commit(&t);
}

int audit_flush(Audit *a, const Now *now)
{
        int r;

        audit_tell(a); /* what was committed before and left to be told */
        if (!audit_has_notes(a)) {
                return 0;
        }
        r = write_backlog(a, now->wall);
        if (r < 0) {
                audit_forget(a);
                /* The journal has them; the record will say how many it has not. */
                audit_tell_notes(a);
                for (size_t i = 0; i < a->n_notes; i++) {
                        usec_t wall;
                        Fact f = note_fact(a->notes[i], &wall);
                        count_gap(a, &(Gap){ note_times(a->notes[i]), wall, MAX(f.last, wall) });
                }
                drop_notes(a, a->n_notes);
                return r;
        }
        audit_tell(a);
        return 0;
}

static int recover_row(const AuditRow *row, void *userdata)
{
        Audit *a = userdata;
        int r;

        /* What cannot be read is for `jitctl log --verify` to find; the others are still told. */
        r = tell_row(a, row);
        if (r == -ENOMEM) {
                return r;
        }
        a->told = row->seq;
        return 0;
}

int audit_recover(Audit *a)
{
        _cleanup_(freep) char *kept = NULL;
        AuditFilter filter = { .asker = UID_UNSET };
        uint64_t seq;
        int r;

        r = read_head(a);
        if (r < 0) {
                return r;
        }
        r = store_meta_get(a->store, META_TOLD, &kept);
        if (r < 0 && r != -ENOENT) {
                return r;
        }
        /* Never beyond the head: a number that is too high would keep later rows from being told. */
        if (r >= 0 && parse_u64(kept, (uint64_t) a->head.seq, &seq) >= 0) {
                a->told = MAX(a->told, (int64_t) seq);
                a->told_kept = a->told;
        }
        filter.after = a->told;
        return store_audit(a->store, &filter, recover_row, a);
}

int digest_hex(const void *data, size_t n, char ret[static DIGEST_HEX_SIZE])
{
        /* Asking for the algorithm by name at every call costs ten times what the digest does. */
        static EVP_MD *sha256;
        uint8_t hash[DIGEST_SIZE];
        unsigned size = 0;

        if (!sha256) {
                sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        }
        if (!sha256 || EVP_Digest(data, n, hash, &size, sha256, NULL) != 1 ||
                size != sizeof(hash)) {
                return -EIO;
        }
        hex_encode(hash, sizeof(hash), ret);
        return 0;
}
