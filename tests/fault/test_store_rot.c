/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * H-93: a damaged file is refused, or what is read of it is right: it never ends the process and never
 * makes a grant of what was none. A damaged log may lose its last transactions, no more.
 */

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fault/record.h"

#define ROUNDS 300
#define DECISIONS 40
#define IMAGE_MAX (8 * 1024 * 1024)

typedef struct Known {
        Grant grant; /* borrowed strings */
        bool ended;
} Known;

typedef struct Image {
        char *bytes;
        size_t n;
} Image;

static Known *known; /* shared with the process that makes them */
static Image file, file_log;
static unsigned seed;
static int opened, refused;

static unsigned roll(size_t n)
{
        return (unsigned) (((uint64_t) rand_r(&seed) << 16 ^ (uint64_t) rand_r(&seed)) % n);
}

static Image image_read(const char *dir, const char *name)
{
        Image image = { calloc(1, IMAGE_MAX), 0 };
        char path[5000];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        image.n = fread(image.bytes, 1, IMAGE_MAX, f);
        (void) fclose(f);
        return image;
}

static void image_write(const char *dir, const char *name, const Image *image)
{
        char path[5000];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "we");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(image->bytes, 1, image->n, f), image->n);
        (void) fclose(f);
}

/* Some decisions, half of whose grants have ended. */
static void live(const char *dir, int from, int to, bool stops)
{
        Store *s;
        Audit *a;
        Request q;

        MUST(store_open(dir, &s));
        MUST(audit_new(s, &a));
        for (int i = from; i < to; i++) {
                Grant g;

                MUST(decide_once(s, a, &q, &g));
                known[i].grant = g;
                known[i].ended = i % 2 == 0;
                if (known[i].ended) {
                        MUST(store_grant_move(s, &g.id, GRANT_REVOKED, T0));
                }
        }
        if (stops) {
                audit_free(a);
                store_free(s);
        }
}

/* All of it in the file; or half, and half still in the log of one that did not stop cleanly. */
static void make_images(bool clean)
{
        char dir[4096];
        int status;
        pid_t pid;

        fixture_folder(dir);
        pid = fork();
        if (pid == 0) {
                live(dir, 0, DECISIONS / 2, true);
                live(dir, DECISIONS / 2, DECISIONS, clean);
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        file = image_read(dir, "approver.db");
        if (!clean) {
                file_log = image_read(dir, "approver.db-wal");
        }
        fixture_remove(dir);
}

static void free_images(void)
{
        free(file.bytes);
        free(file_log.bytes);
        file = file_log = (Image){};
}

/* Bytes, single bits, blocks, ends: what disks and people do to files. */
static Image damage(const Image *from, size_t within)
{
        Image image = { calloc(1, from->n + 1), from->n };
        size_t at = roll(within);

        memcpy(image.bytes, from->bytes, from->n);
        switch (roll(6)) {
        case 0:
                image.n = at;
                break;
        case 1:
                image.bytes[at] = (char) (image.bytes[at] ^ (1 << roll(8)));
                break;
        case 2:
                memset(image.bytes + at, (int) roll(256), MIN((size_t) 512, from->n - at));
                break;
        case 3: /* one page in place of another */
                memmove(image.bytes + at / 1024 * 1024, image.bytes + roll(within) / 1024 * 1024,
                        MIN((size_t) 1024, from->n - at / 1024 * 1024));
                break;
        default:
                for (unsigned i = 1 + roll(12); i > 0; i--) {
                        image.bytes[roll(within)] = (char) roll(256);
                }
        }
        return image;
}

static bool may_say(int r)
{
        return r >= 0 || r == -EUCLEAN || r == -ENOENT || r == -EIO || r == -EALREADY ||
               r == -EEXIST || r == -ENOTUNIQ;
}

/* Whoever has access by the damaged file had it by the sound one. */
static int check_grant(const Grant *g, int64_t row, void *userdata)
{
        const bool *clean = userdata;

        for (size_t i = 0; i < DECISIONS; i++) {
                const Grant *right = &known[i].grant;

                if (streq(right->id.text, g->id.text)) {
                        ck_assert_int_eq(g->state, GRANT_ACTIVE);
                        ck_assert(!*clean || !known[i].ended);
                        ck_assert_uint_eq(g->asker.uid, 1000);
                        ck_assert_uint_eq(g->target.uid, 0);
                        ck_assert_str_eq(g->service, "sudo");
                        ck_assert_str_eq(g->boot_id, BOOT);
                        ck_assert_int_eq(g->until, right->until);
                        ck_assert_int_eq(g->until_boot, right->until_boot);
                        return 0;
                }
        }
        ck_abort_msg("a grant out of nothing: %s", g->id.text);
        return 0;
}

static int ignore_request(const Request *r, int64_t row, void *userdata)
{
        return 0;
}

static int ignore_row(const AuditRow *row, void *userdata)
{
        return 0;
}

static int ignore_message(const OwedMessage *m, void *userdata)
{
        return 0;
}

static void use(Store *s, bool clean)
{
        GrantFilter active = { .only_active = true, .asker = UID_UNSET };
        GrantFilter mine = { .only_active = true, .asker = 1000 };
        RequestFilter requests = { .asker = UID_UNSET };
        AuditFilter rows = { .asker = UID_UNSET };
        Request q;
        Grant g;
        Audit *a;

        ck_assert(may_say(store_grants(s, &active, check_grant, &clean)));
        ck_assert(may_say(store_grants(s, &mine, check_grant, &clean)));
        ck_assert(may_say(store_requests(s, &requests, ignore_request, NULL)));
        requests.only_pending = true;
        ck_assert(may_say(store_requests(s, &requests, ignore_request, NULL)));
        ck_assert(may_say(store_audit(s, &rows, ignore_row, NULL)));
        ck_assert(may_say(store_outbox_due(s, "hook", T0, 1, ignore_message, NULL)));
        for (size_t i = 0; i < DECISIONS; i++) {
                Grant one;
                int r = store_grant_get(s, &known[i].grant.id, &one);

                ck_assert(may_say(r));
                if (r == 0) {
                        ck_assert_str_eq(one.id.text, known[i].grant.id.text);
                        ck_assert_uint_eq(one.asker.uid, 1000);
                        grant_done(&one);
                }
        }
        MUST(audit_new(s, &a));
        ck_assert(may_say(audit_recover(a)));
        ck_assert(may_say(decide_once(s, a, &q, &g)));
        audit_free(a);
}

static void one_round(bool clean)
{
        /* A log that has no part in it is not worth damaging. */
        bool in_log = !clean && roll(2) == 0;
        size_t used = MIN(file_log.n, (size_t) 250 * 1048);
        Image image = in_log ? damage(&file_log, used) : damage(&file, file.n);
        char dir[4096];
        Store *s = NULL;
        int r;

        fixture_folder(dir);
        image_write(dir, "approver.db", in_log ? &file : &image);
        if (!clean) {
                image_write(dir, "approver.db-wal", in_log ? &image : &file_log);
        }
        r = store_open(dir, &s);
        ck_assert_msg(may_say(r) || r == -ENOTSUP, "%d", r);
        ck_assert(r >= 0 ? s != NULL : s == NULL);
        if (s) {
                use(s, clean);
                opened++;
        } else {
                refused++;
        }
        store_free(s);
        fixture_remove(dir);
        free(image.bytes);
}

static void all_rounds(bool clean)
{
        known = mmap(NULL, DECISIONS * sizeof(Known), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(known, MAP_FAILED);
        seed = getenv("SEED") ? (unsigned) atoi(getenv("SEED")) : (unsigned) time(NULL);
        make_images(clean);
        for (int i = 0; i < ROUNDS; i++) {
                one_round(clean);
        }
        free_images();
        (void) munmap(known, DECISIONS * sizeof(Known));
        /* Both happen, or the damage is not what it should be. */
        ck_assert_int_gt(opened, 0);
        ck_assert_int_gt(refused, 0);
}

START_TEST(in_a_file_at_rest)
{
        all_rounds(true);
}
END_TEST

START_TEST(in_a_file_that_was_in_use)
{
        all_rounds(false);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = { in_a_file_at_rest, in_a_file_that_was_in_use };

        return run_case("store_rot", tests, ELEMENTSOF(tests));
}
