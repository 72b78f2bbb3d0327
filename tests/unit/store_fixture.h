/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store in a folder of its own, and requests, votes and grants to put into it. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/store.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER_BOOT "99999999-2222-3333-4444-555555555555"
#define T0 ((usec_t) 1795273445 * USEC_PER_SEC)

#define MUST(call) ck_assert_int_ge((call), 0)

typedef struct Fixture {
        char dir[4096];
        Store *store;
} Fixture;

static inline int fixture_unlink(const char *path, const struct stat *st, int type, struct FTW *at)
{
        return remove(path);
}

static inline void fixture_remove(const char *dir)
{
        (void) nftw(dir, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* out[4096]; on the disk that is tested, not in memory, where TMPDIR says so. */
static inline void fixture_folder(char *out)
{
        (void) snprintf(
                out, 4096, "%s/jit-store-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        ck_assert_ptr_nonnull(mkdtemp(out));
}

static inline void fixture_open(Fixture *f)
{
        fixture_folder(f->dir);
        MUST(store_open(f->dir, &f->store));
}

static inline void fixture_reopen(Fixture *f)
{
        f->store = store_free(f->store);
        MUST(store_open(f->dir, &f->store));
}

static inline void fixture_close(Fixture *f)
{
        f->store = store_free(f->store);
        fixture_remove(f->dir);
}

/* Borrowed strings: never request_done(). */
static inline Request sample_request(uid_t asker)
{
        Request r = { .asker = { asker, (char *) "dev" },
                .login = { 4242, (char *) "bob" },
                .service = (char *) "sudo",
                .pam_service = (char *) "sudo-i",
                .target = { 0, (char *) "root" },
                .command = (char *) "systemctl restart nginx",
                .reason = (char *) "deploy OPS-1423",
                .tty = (char *) "/dev/pts/3",
                .host = (char *) "web1",
                .rule = (char *) "web",
                .approvals = 2,
                .duration = 30 * USEC_PER_MIN,
                .max_duration = 4 * USEC_PER_HOUR,
                .created = T0,
                .deadline = T0 + 30 * USEC_PER_MIN,
                .deadline_boot = 40 * USEC_PER_MIN,
                .boot_id = BOOT };

        MUST(id_new(&r.id));
        memset(r.digest, 'd', sizeof(r.digest) - 1);
        memset(r.command_digest, 'c', sizeof(r.command_digest) - 1);
        return r;
}

static inline Grant sample_grant(const Request *r)
{
        Grant g = { .asker = r->asker,
                .request = r->id,
                .service = r->service,
                .target = r->target,
                .rule = r->rule,
                .reason = r->reason,
                .on_expiry = ON_EXPIRY_KEEP,
                .from = T0,
                .until = T0 + r->duration,
                .until_boot = 40 * USEC_PER_MIN,
                .boot_id = BOOT,
                .by = { UID_UNSET, NULL } };

        MUST(id_new(&g.id));
        return g;
}

static inline Vote sample_vote(const char *person, uid_t uid, bool approve)
{
        Vote v = { .who = { uid, (char *) person },
                .login_uid = UID_UNSET,
                .approve = approve,
                .note = (char *) "go ahead",
                .time = T0 };

        (void) snprintf(v.person, sizeof(v.person), "%s", person);
        return v;
}
