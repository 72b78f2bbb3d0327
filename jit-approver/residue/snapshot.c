/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A baseline's file: records that end in NUL, since names hold anything else. The first says of when
 * it is and how many follow; each other is an entry: type, mode, uid, gid, size, mtime, ctime, hash
 * and, behind one space, the path.
 */

#include "jit-approver/residue/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"

#define MAGIC "jit-residue-1"
#define WORDS 8 /* of an entry, before its path */

static void entry_done(Entry *e)
{
        free(e->path);
        *e = (Entry){ 0 };
}

int snapshot_add(Snapshot *s, Entry *e)
{
        if (s->n == SNAPSHOT_ENTRIES_MAX) {
                s->full = true;
                entry_done(e);
                return 0;
        }
        if (s->n == s->allocated) {
                size_t room = s->allocated == 0 ? 256 : 2 * s->allocated;
                Entry *more = reallocarray(s->items, room, sizeof(*more));

                if (!more) {
                        entry_done(e);
                        return -ENOMEM;
                }
                s->items = more;
                s->allocated = room;
        }
        s->items[s->n++] = *e;
        *e = (Entry){ 0 };
        return 0;
}

static int by_path(const void *a, const void *b)
{
        return strcmp(((const Entry *) a)->path, ((const Entry *) b)->path);
}

void snapshot_sort(Snapshot *s)
{
        if (s->n > 0) {
                qsort(s->items, s->n, sizeof(*s->items), by_path);
        }
}

void snapshot_done(Snapshot *s)
{
        for (size_t i = 0; i < s->n; i++) {
                entry_done(&s->items[i]);
        }
        free(s->items);
        *s = (Snapshot){ 0 };
}

int snapshot_write(const Snapshot *s, char **ret, size_t *ret_n)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f) {
                return -ENOMEM;
        }
        (void) fprintf(f, MAGIC " %" PRId64 " %" PRId64 " %s %d %zu%c", s->taken.wall,
                s->taken.boot, *s->boot_id ? s->boot_id : "-", s->full, s->n, 0);
        for (size_t i = 0; i < s->n; i++) {
                const Entry *e = &s->items[i];

                (void) fprintf(f,
                        "%c %" PRIu32 " %u %u %" PRId64 " %" PRId64 " %" PRId64 " %s %s%c",
                        (char) e->type, e->mode, (unsigned) e->uid, (unsigned) e->gid, e->size,
                        e->mtime, e->ctime, *e->hash ? e->hash : "-", e->path, 0);
        }
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_n = size;
        return 0;
}

/* The next word of a record, cut off; NULL at its end. */
static char *word(char **at)
{
        char *begin = *at, *space = begin ? strchr(begin, ' ') : NULL;

        *at = space ? space + 1 : NULL;
        if (space) {
                *space = '\0';
        }
        return begin;
}

static bool number(const char *text, uint64_t max, uint64_t *ret)
{
        return text && parse_u64(text, max, ret) >= 0;
}

static bool entry_parse(char *record, Entry *ret)
{
        char *w[WORDS], *at = record;
        uint64_t v[6];

        for (size_t i = 0; i < WORDS; i++) {
                w[i] = word(&at);
        }
        if (!at || !*at || !w[0] || strlen(w[0]) != 1 || !strchr("fF=dlo", w[0][0]) ||
                strlen(w[7]) >= HASH_SIZE) {
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(v); i++) {
                if (!number(w[i + 1], i < 3 ? UINT32_MAX : INT64_MAX, &v[i])) {
                        return false;
                }
        }
        *ret = (Entry){ strdup(at), (EntryType) w[0][0], (uint32_t) v[0], (uid_t) v[1],
                (gid_t) v[2], (int64_t) v[3], (usec_t) v[4], (usec_t) v[5], "" };
        if (!streq(w[7], "-")) {
                (void) stpncpy(ret->hash, w[7], HASH_SIZE - 1);
        }
        return true;
}

static bool head_parse(char *record, Snapshot *s, uint64_t *ret_n)
{
        uint64_t wall, boot, full;
        char *at = record;
        const char *magic = word(&at), *boot_id;

        if (!streq(magic, MAGIC) || !number(word(&at), INT64_MAX, &wall) ||
                !number(word(&at), INT64_MAX, &boot) || !(boot_id = word(&at)) ||
                strlen(boot_id) >= sizeof(s->boot_id) || !number(word(&at), 1, &full) ||
                !number(word(&at), SNAPSHOT_ENTRIES_MAX, ret_n) || at) {
                return false;
        }
        s->taken = (Now){ (usec_t) wall, (usec_t) boot };
        (void) stpncpy(s->boot_id, streq(boot_id, "-") ? "" : boot_id, sizeof(s->boot_id) - 1);
        s->full = full != 0;
        return true;
}

static int records_parse(char *text, size_t n, Snapshot *s)
{
        uint64_t wanted = 0;

        for (char *p = text; p < text + n;) {
                char *next = p + strlen(p) + 1;
                Entry e = { 0 };

                if (p == text) {
                        if (!head_parse(p, s, &wanted)) {
                                return -EBADMSG;
                        }
                } else if (next > text + n || !entry_parse(p, &e)) {
                        return -EBADMSG;
                } else if (!e.path) {
                        return -ENOMEM;
                } else {
                        int r = snapshot_add(s, &e);
                        if (r < 0) {
                                return r;
                        }
                }
                p = next;
        }
        return n > 0 && s->n == wanted ? 0 : -EBADMSG;
}

int snapshot_read(const char *bytes, size_t n, Snapshot *ret)
{
        _cleanup_(freep) char *text = malloc(n + 1);
        Snapshot s = { 0 };

        if (!text) {
                return -ENOMEM;
        }
        memcpy(text, bytes, n);
        text[n] = '\0';
        int r = records_parse(text, n, &s);
        if (r < 0) {
                snapshot_done(&s);
                return r;
        }
        snapshot_sort(&s);
        *ret = s;
        return 0;
}
