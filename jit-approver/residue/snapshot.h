/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the named places held at one moment, and its form in the file that keeps a grant's baseline.
 * Pure. Content is kept as a hash, never itself.
 */

#include <sys/types.h>

#include "common/clock.h"

#define HASH_SIZE 65
#define SNAPSHOT_ENTRIES_MAX 20000

typedef enum EntryType {
        ENTRY_FILE = 'f',
        ENTRY_LISTED = 'F', /* a file whose lines are entries of their own */
        ENTRY_LINE = '=',   /* "FILE: NAME": one of them; uid is its id */
        ENTRY_FOLDER = 'd',
        ENTRY_LINK = 'l',
        ENTRY_OTHER = 'o',
} EntryType;

typedef struct Entry {
        char *path; /* owned; bytes as they are on the disk */
        EntryType type;
        uint32_t mode;
        uid_t uid;
        gid_t gid;
        int64_t size;
        usec_t mtime, ctime;
        char hash
                [HASH_SIZE]; /* of content, target or line; "": not taken, so size and time count */
} Entry;

typedef struct Snapshot {
        Entry *items; /* sorted by path once snapshot_sort() was called */
        size_t n, allocated;
        Now taken;
        char boot_id[40]; /* "": unknown */
        bool full;        /* there was more */
} Snapshot;

/* Moves *e in, whether it fails or not. -ENOMEM; beyond the maximum it is dropped, and full says so. */
int snapshot_add(Snapshot *s, Entry *e);
void snapshot_sort(Snapshot *s);
void snapshot_done(Snapshot *s);

/* The file's bytes; caller frees. -ENOMEM. */
int snapshot_write(const Snapshot *s, char **ret, size_t *ret_n);
/* bytes[n] is NUL. -EBADMSG: that is none, or was cut; -ENOMEM. *ret is sorted. */
int snapshot_read(const char *bytes, size_t n, Snapshot *ret);
