/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store and its record under stress: one whole decision, and the chain as a third party verifies it. */

#include "jit-approver/daemon/audit.h"
#include "tests/unit/store_fixture.h"

typedef struct Chain {
        int64_t seq;
        char head[DIGEST_HEX_SIZE];
} Chain;

#define CHAIN_EMPTY                                                                                \
        ((Chain){ 0, "0000000000000000000000000000000000000000000000000000000000000000" })

static inline int chain_step(const AuditRow *row, void *userdata)
{
        Chain *c = userdata;
        char *bytes, hash[DIGEST_HEX_SIZE];

        ck_assert_int_eq(row->seq, c->seq + 1);
        MUST(str_printf(&bytes, "%s%s", c->head, row->canonical));
        MUST(digest_hex(bytes, strlen(bytes), hash));
        free(bytes);
        ck_assert_str_eq(hash, row->hash);
        memcpy(c->head, hash, sizeof(hash));
        c->seq = row->seq;
        return 0;
}

/* Verifies what came after *c. */
static inline void chain_verify(Store *s, Chain *c)
{
        AuditFilter rest = { .asker = UID_UNSET, .after = c->seq };

        MUST(store_audit(s, &rest, chain_step, c));
}

/* A request, its vote, its grant and three rows, as one transaction. Negative: nothing of it is there. */
static inline int decide_once(Store *s, Audit *a, Request *ret, Grant *ret_grant)
{
        _cleanup_(transaction_endp) Transaction t = {};
        Request q = sample_request(1000);
        Grant g = sample_grant(&q);
        Vote v = sample_vote("bob", 1001, true);
        Now now = { T0, 1 };
        Fact voted = { .event = AUDIT_REQUEST_VOTED, .request = &q.id, .approver = "bob" };
        Fact decided = { .event = AUDIT_REQUEST_DECIDED, .request = &q.id, .state = "approved" };
        Fact started = { .event = AUDIT_GRANT_STARTED, .grant = &g.id, .asker = &g.asker };
        int r;

        r = transaction_begin(s, &t);
        if (r >= 0) {
                r = store_request_insert(s, &q);
        }
        if (r >= 0) {
                r = store_vote_insert(s, &q.id, &v);
        }
        if (r >= 0) {
                r = audit_append(a, &voted, &now);
        }
        if (r >= 0) {
                r = store_grant_insert(s, &g);
        }
        if (r >= 0) {
                r = store_request_move(s, &q.id, REQUEST_APPROVED, &now, BOOT, &g.id);
        }
        if (r >= 0) {
                r = audit_append(a, &decided, &now);
        }
        if (r >= 0) {
                r = audit_append(a, &started, &now);
        }
        if (r >= 0) {
                r = transaction_commit(&t);
        }
        if (r < 0) {
                audit_forget(a);
                return r;
        }
        audit_tell(a);
        *ret = q;
        *ret_grant = g;
        return 0;
}

/* All of the decision is there, and says what it said. */
static inline void decision_verify(Store *s, const Id *request, const Id *grant)
{
        Request q;
        Grant g;
        Vote *votes;
        size_t n;

        MUST(store_request_get(s, request, &q));
        MUST(store_grant_get(s, grant, &g));
        MUST(store_votes(s, request, &votes, &n));
        ck_assert_int_eq(q.state, REQUEST_APPROVED);
        ck_assert_str_eq(q.grant.text, grant->text);
        ck_assert_int_eq(g.state, GRANT_ACTIVE);
        ck_assert_str_eq(g.request.text, request->text);
        ck_assert_uint_eq(n, 1);
        votes_free(votes, n);
        request_done(&q);
        grant_done(&g);
}

static inline int run_case(const char *name, const TTest *const *tests, size_t n)
{
        Suite *suite = suite_create(name);
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(all, 280);
        for (size_t i = 0; i < n; i++) {
                tcase_add_test(all, tests[i]);
        }
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
