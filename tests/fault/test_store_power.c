/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * H-90: the power fails. Killing a process loses nothing that it wrote, so here the disk itself is
 * played: below SQLite lies a file system of which only what was synced is sure to be there after the
 * end. Of the rest each sector may be old or new. What was reported as done must be there, whole.
 * Names are sure at once: SQLite syncs the folder with the first sync of a file that it made.
 */

#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fault/record.h"

#define ROUNDS 100
#define SECTOR 512
#define FILES_MAX 4

typedef struct Report {
        Id request, grant;
} Report;

typedef struct Piece {
        size_t at, n;
        char *bytes; /* NULL: cut to at */
} Piece;

/* What the disk holds for certain, and what was written since. */
typedef struct Disk {
        char name[100];
        char *durable;
        size_t size;
        Piece *pieces;
        size_t n_pieces;
        bool deleted;
} Disk;

typedef struct File {
        sqlite3_file base; /* first: what SQLite sees */
        Disk *disk;
        sqlite3_file real[];
} File;

static sqlite3_vfs *below;
static Disk disks[FILES_MAX];
static const char *after; /* the folder that is there after the power failure */
static int left;          /* calls that reach the disk, until it fails */
static unsigned seed;
static bool forgets_all; /* of what was not synced nothing is there */
static bool plays;       /* else it is a disk like any other */

static unsigned roll(unsigned n)
{
        return (unsigned) rand_r(&seed) % n;
}

static void put(Disk *d, size_t at, const char *bytes, size_t n)
{
        if (at + n > d->size) {
                d->durable = realloc(d->durable, at + n);
                memset(d->durable + d->size, 0, at + n - d->size);
                d->size = at + n;
        }
        memcpy(d->durable + at, bytes, n);
}

/* Whole, or sector by sector as it happened to reach the disk. */
static void settle(Disk *d, const Piece *p, bool torn)
{
        if (!p->bytes) {
                d->size = !torn || roll(2) ? MIN(d->size, p->at) : d->size;
                return;
        }
        for (size_t done = 0; done < p->n;) {
                size_t n = MIN(SECTOR - (p->at + done) % SECTOR, p->n - done);

                if (!torn || roll(2)) {
                        put(d, p->at + done, p->bytes + done, n);
                }
                done += n;
        }
}

static void settle_all(Disk *d, bool torn)
{
        for (size_t i = 0; i < d->n_pieces; i++) {
                settle(d, &d->pieces[i], torn);
                free(d->pieces[i].bytes);
        }
        d->n_pieces = 0;
}

static void power_fails(void)
{
        for (size_t i = 0; i < FILES_MAX && disks[i].name[0]; i++) {
                char path[5000];
                FILE *f;

                if (disks[i].deleted) {
                        continue;
                }
                if (!forgets_all) {
                        settle_all(&disks[i], true);
                }
                (void) snprintf(path, sizeof(path), "%s/%s", after, disks[i].name);
                f = fopen(path, "we");
                if (!f ||
                        (disks[i].size > 0 &&
                                fwrite(disks[i].durable, 1, disks[i].size, f) != disks[i].size) ||
                        fclose(f) != 0 || chmod(path, 0600) < 0) {
                        _exit(2);
                }
        }
        _exit(0);
}

static void reach_disk(void)
{
        if (left-- == 0) {
                power_fails();
        }
}

static void pend(Disk *d, size_t at, const void *bytes, size_t n)
{
        Piece p = { at, n, NULL };

        if (bytes) {
                p.bytes = malloc(n);
                memcpy(p.bytes, bytes, n);
        }
        d->pieces = reallocarray(d->pieces, d->n_pieces + 1, sizeof(*d->pieces));
        d->pieces[d->n_pieces++] = p;
}

static int power_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
        File *f = (File *) file;

        reach_disk();
        pend(f->disk, (size_t) at, data, (size_t) n);
        return f->real->pMethods->xWrite(f->real, data, n, at);
}

static int power_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        File *f = (File *) file;

        reach_disk();
        pend(f->disk, (size_t) size, NULL, 0);
        return f->real->pMethods->xTruncate(f->real, size);
}

static int power_sync(sqlite3_file *file, int flags)
{
        File *f = (File *) file;

        reach_disk();
        settle_all(f->disk, false);
        return SQLITE_OK; /* nobody looks at the real file again */
}

static int power_close(sqlite3_file *file)
{
        File *f = (File *) file;

        return f->real->pMethods->xClose(f->real);
}

static int power_read(sqlite3_file *file, void *data, int n, sqlite3_int64 at)
{
        File *f = (File *) file;

        return f->real->pMethods->xRead(f->real, data, n, at);
}

static int power_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        File *f = (File *) file;

        return f->real->pMethods->xFileSize(f->real, ret);
}

static int power_lock(sqlite3_file *file, int level)
{
        File *f = (File *) file;

        return f->real->pMethods->xLock(f->real, level);
}

static int power_unlock(sqlite3_file *file, int level)
{
        File *f = (File *) file;

        return f->real->pMethods->xUnlock(f->real, level);
}

static int power_is_reserved(sqlite3_file *file, int *ret)
{
        File *f = (File *) file;

        return f->real->pMethods->xCheckReservedLock(f->real, ret);
}

static int power_control(sqlite3_file *file, int op, void *argument)
{
        File *f = (File *) file;

        return f->real->pMethods->xFileControl(f->real, op, argument);
}

static int power_sector(sqlite3_file *file)
{
        return SECTOR;
}

static int power_device(sqlite3_file *file)
{
        File *f = (File *) file;

        return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = power_close,
        .xRead = power_read,
        .xWrite = power_write,
        .xTruncate = power_truncate,
        .xSync = power_sync,
        .xFileSize = power_size,
        .xLock = power_lock,
        .xUnlock = power_unlock,
        .xCheckReservedLock = power_is_reserved,
        .xFileControl = power_control,
        .xSectorSize = power_sector,
        .xDeviceCharacteristics = power_device,
};

/* The disk's idea of a file; an old one is there as it was found. */
static Disk *disk_of(const char *path)
{
        const char *name = strrchr(path, '/') + 1;
        Disk *d = disks;
        FILE *f;

        while (d->name[0] && !streq(d->name, name)) {
                d++;
        }
        if (d->name[0]) {
                d->deleted = false;
                return d;
        }
        (void) snprintf(d->name, sizeof(d->name), "%s", name);
        f = fopen(path, "re");
        if (f) {
                char buf[65536];
                size_t n;

                while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
                        put(d, d->size, buf, n);
                }
                (void) fclose(f);
        }
        return d;
}

static int power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
        File *f = (File *) file;
        int rc;

        if (!plays) {
                return below->xOpen(below, name, file, flags, ret);
        }
        f->base.pMethods = NULL;
        f->disk = disk_of(name);
        rc = below->xOpen(below, name, f->real, flags, ret);
        if (rc == SQLITE_OK) {
                f->base.pMethods = &methods;
        }
        return rc;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
        if (plays) {
                Disk *d = disk_of(name);

                settle_all(d, false);
                d->size = 0;
                d->deleted = true;
        }
        return below->xDelete(below, name, sync_folder);
}

/* From here on SQLite, and the store's log above it, see this disk as the system's. */
static void insert_disk(void)
{
        static sqlite3_vfs vfs;

        below = sqlite3_vfs_find(NULL);
        vfs = *below;
        vfs.pNext = NULL;
        vfs.zName = "power";
        vfs.szOsFile = (int) sizeof(File) + below->szOsFile;
        vfs.xOpen = power_open;
        vfs.xDelete = power_delete;
        if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
                _exit(2);
        }
}

/* Decides and says so until the power fails. Never returns. */
static void decide_until_dark(const char *dir, int fd)
{
        Store *s;
        Audit *a;
        Request q;
        Grant g;

        plays = true;
        if (store_open(dir, &s) < 0 || audit_new(s, &a) < 0) {
                _exit(3);
        }
        for (;;) {
                Report report;

                if (decide_once(s, a, &q, &g) < 0) {
                        _exit(4);
                }
                report = (Report){ q.id, g.id };
                if (write(fd, &report, sizeof(report)) != (ssize_t) sizeof(report)) {
                        _exit(5);
                }
        }
}

/* One life in dir; what is left of it is in the folder after. How many reports there were, verified. */
static size_t one_life(const char *dir, Chain *chain, int calls)
{
        Report reports[3000];
        int fds[2], status;
        size_t n = 0;
        Store *s;

        ck_assert_int_eq(pipe(fds), 0);
        left = calls;
        forgets_all = roll(2);
        pid_t pid = fork();
        if (pid == 0) {
                (void) close(fds[0]);
                decide_until_dark(dir, fds[1]);
        }
        (void) close(fds[1]);
        while (n < ELEMENTSOF(reports) && read(fds[0], &reports[n], sizeof(Report)) > 0) {
                n++;
        }
        (void) close(fds[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);

        MUST(store_open(after, &s));
        for (size_t i = 0; i < n; i++) {
                decision_verify(s, &reports[i].request, &reports[i].grant);
        }
        chain_verify(s, chain);
        store_free(s);
        ck_assert_int_eq(chain->seq % 3, 0); /* no half decision */
        return n;
}

/* Some lives end while the file is made, most between decisions, some while the log is carried over. */
static int life_span(int round)
{
        switch (round % 5) {
        case 0:
                return (int) roll(150);
        case 4:
                return 600 + (int) roll(3000);
        default:
                return 100 + (int) roll(300);
        }
}

START_TEST(the_power_fails_at_any_moment)
{
        char folders[2][4096];
        Chain chain = CHAIN_EMPTY;
        size_t n = 0;

        seed = (unsigned) time(NULL);
        printf("seed %u\n", seed);
        insert_disk();
        fixture_folder(folders[0]);
        for (int i = 0; i < ROUNDS; i++) {
                fixture_folder(folders[1]);
                after = folders[1];
                n += one_life(folders[0], &chain, life_span(i));
                fixture_remove(folders[0]);
                memcpy(folders[0], folders[1], sizeof(folders[0]));
                if (i % 10 == 9) { /* a new machine */
                        fixture_remove(folders[0]);
                        fixture_folder(folders[0]);
                        chain = CHAIN_EMPTY;
                }
        }
        fixture_remove(folders[0]);
        ck_assert_uint_gt(n, ROUNDS);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = { the_power_fails_at_any_moment };

        return run_case("store_power", tests, ELEMENTSOF(tests));
}
