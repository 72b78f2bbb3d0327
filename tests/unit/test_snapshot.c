/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/residue/snapshot.h"

static Snapshot s;

static void add(const char *path, EntryType type, const char *hash)
{
        Entry e = { strdup(path), type, 0640, 1000, 50, 7, 8, 9, "" };

        (void) stpncpy(e.hash, hash, HASH_SIZE - 1);
        ck_assert_int_eq(snapshot_add(&s, &e), 0);
        ck_assert_ptr_null(e.path);
}

static void done(void)
{
        snapshot_done(&s);
}

START_TEST(there_and_back)
{
        _cleanup_(freep) char *bytes = NULL;
        Snapshot got;
        size_t n;

        s.taken = (Now){ 123456789, 77 };
        s.full = true;
        (void) stpncpy(s.boot_id, "b-1", sizeof(s.boot_id) - 1);
        add("/etc/z", ENTRY_FILE, "abc");
        add("/etc/a b\n\xff\tc", ENTRY_LINK, "");
        add("/etc/passwd: x", ENTRY_LINE, "0");
        ck_assert_int_eq(snapshot_write(&s, &bytes, &n), 0);
        ck_assert_int_eq(snapshot_read(bytes, n, &got), 0);
        snapshot_sort(&s);
        ck_assert_int_eq(got.taken.wall, 123456789);
        ck_assert_int_eq(got.taken.boot, 77);
        ck_assert_str_eq(got.boot_id, "b-1");
        ck_assert(got.full);
        ck_assert_uint_eq(got.n, s.n);
        for (size_t i = 0; i < s.n; i++) {
                const Entry *a = &s.items[i], *b = &got.items[i];

                ck_assert_str_eq(a->path, b->path);
                ck_assert_str_eq(a->hash, b->hash);
                ck_assert(a->type == b->type && a->mode == b->mode && a->uid == b->uid &&
                          a->gid == b->gid && a->size == b->size && a->mtime == b->mtime &&
                          a->ctime == b->ctime);
        }
        snapshot_done(&got);
}
END_TEST

/* Whatever is cut off, or altered where a number or word stands, is no baseline; none is read by halves. */
START_TEST(damaged)
{
        _cleanup_(freep) char *bytes = NULL;
        Snapshot got;
        size_t n;

        add("/etc/a", ENTRY_FILE, "abc");
        add("/etc/b", ENTRY_FOLDER, "");
        ck_assert_int_eq(snapshot_write(&s, &bytes, &n), 0);
        for (size_t i = 0; i + 7 < n; i++) { /* less than the last path */
                ck_assert_msg(snapshot_read(bytes, i, &got) == -EBADMSG, "cut to %zu", i);
        }
        bytes[0] = 'x';
        ck_assert_int_eq(snapshot_read(bytes, n, &got), -EBADMSG);
        ck_assert_int_eq(snapshot_read("", 0, &got), -EBADMSG);
}
END_TEST

START_TEST(not_without_end)
{
        for (size_t i = 0; i <= SNAPSHOT_ENTRIES_MAX; i++) {
                ck_assert(!s.full);
                add("/x", ENTRY_FILE, "");
        }
        ck_assert(s.full);
        ck_assert_uint_eq(s.n, SNAPSHOT_ENTRIES_MAX);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("snapshot");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, NULL, done);
        tcase_add_test(all, there_and_back);
        tcase_add_test(all, damaged);
        tcase_add_test(all, not_without_end);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
