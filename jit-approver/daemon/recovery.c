/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Run by an administrator, not as the daemon: jitctl recover. Its lines are shown to a person as they
 * are, so nothing foreign is in them but what jitctl makes safe.
 */

#include "jit-approver/daemon/recovery.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/util.h"
#include "jit-approver/daemon/store.h"

const char *recovery_words(int error)
{
        switch (error) {
        case -EUCLEAN:
                return "damaged";
        case -ENOTSUP:
                return "of a newer version, or on a network file system";
        default:
                return strerror(-error);
        }
}

static void say_found(const char *dir, const StoreRecovery *x)
{
        if (x->found == 0) {
                (void) fprintf(stderr, "The store in %s is sound.\n", dir);
        } else if (x->found == -ENOENT) {
                (void) fprintf(stderr, "There is no store in %s.\n", dir);
        } else {
                (void) fprintf(stderr, "The store in %s cannot be used: %s.\n", dir,
                        recovery_words(x->found));
        }
}

static int fail(const char *from, int r)
{
        if (r == -EBUSY) {
                (void) fprintf(stderr,
                        "The store is in use: stop the approver first (systemctl stop "
                        "jit-approver.socket jit-approver-gateway.socket jit-approver.service).\n");
        } else if (r == -ENODATA) {
                (void) fprintf(stderr, "Nothing in it can be read; put a backup in its place "
                                       "(--from FILE). It was left as it is.\n");
        } else if (from) {
                (void) fprintf(stderr,
                        "'%s' could not be put in its place: %s. Nothing was changed.\n", from,
                        recovery_words(r));
        } else {
                (void) fprintf(stderr, "Failed to recover it: %s. Nothing was changed.\n",
                        recovery_words(r));
        }
        return 1;
}

static void say_done(const char *from, const StoreRecovery *x)
{
        if (from) {
                (void) fprintf(stderr, "'%s' is in its place now.\n", from);
        } else {
                (void) fprintf(stderr,
                        "%" PRId64 " rows could be read, %" PRId64
                        " of them of the record; %" PRId64 " did not add up and were left out%s.\n",
                        x->rows, x->audit, x->distrusted,
                        x->cut ? "; others could not be read at all" : "");
        }
        if (x->kept) {
                (void) fprintf(stderr, "What was there is kept beside it as %s.\n", x->kept);
        }
        (void) fprintf(stderr, "Start the approver anew (systemctl start jit-approver.socket "
                               "jit-approver-gateway.socket): every grant ends then.\n");
}

int recovery_main(const char *dir, const char *from)
{
        StoreRecovery x;

        int r = store_recover(dir, from, clock_usec(CLOCK_REALTIME), &x);
        if (r != -EBUSY && (r >= 0 || x.found != 0)) {
                say_found(dir, &x);
        }
        if (r < 0) {
                r = fail(from, r);
        } else if (x.done) {
                say_done(from, &x);
        } else {
                r = x.found == 0 ? 0 : 1;
        }
        store_recovery_done(&x);
        return r;
}
