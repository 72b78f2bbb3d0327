/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * H-65: approve, deny, withdraw and time out at random, late and twice, a hundred thousand times,
 * against a model: each request ends once, and the record says so once.
 */

#include <time.h>

#include "tests/fault/record.h"

#define MOVES 100000
#define REQUESTS 2000

typedef struct Model {
        Id id;
        RequestState state, before; /* before the open transaction */
        usec_t deadline;
        int ends; /* rows of the record */
} Model;

static Model models[REQUESTS];
static unsigned seed;

static unsigned roll(unsigned n)
{
        return (unsigned) rand_r(&seed) % n;
}

static void begin_requests(Store *s)
{
        MUST(store_begin(s));
        for (size_t i = 0; i < REQUESTS; i++) {
                Request q = sample_request(1000 + roll(5));

                q.deadline = T0 + 1 + roll(1000);
                q.deadline_boot = 0;
                MUST(store_request_insert(s, &q));
                models[i] = (Model){ q.id, REQUEST_PENDING, REQUEST_PENDING, q.deadline, 0 };
        }
        MUST(store_commit(s));
}

static bool may_move(const Model *m, RequestState to, usec_t wall)
{
        bool decides = to == REQUEST_APPROVED || to == REQUEST_DENIED;

        return m->state == REQUEST_PENDING && (!decides || wall < m->deadline);
}

static void move_one(Store *s, Audit *a)
{
        Model *m = &models[roll(REQUESTS)];
        RequestState to = (RequestState) (1 + roll(_REQUEST_STATE_MAX - 1));
        Now now = { T0 + roll(1100), 1 };
        Fact f = { .event = AUDIT_REQUEST_DECIDED, .request = &m->id };
        bool may = may_move(m, to, now.wall);

        f.state = request_state_to_string(to);
        ck_assert_int_eq(store_request_move(s, &m->id, to, &now, BOOT, NULL), may ? 0 : -EALREADY);
        if (may) {
                m->state = to;
                MUST(audit_append(a, &f, &now));
        }
}

static void end_transaction(Store *s, Audit *a, bool commit)
{
        if (commit) {
                MUST(store_commit(s));
                audit_tell(a);
        } else {
                store_rollback(s);
                audit_forget(a);
        }
        for (size_t i = 0; i < REQUESTS; i++) {
                Model *m = &models[i];

                if (commit) {
                        m->before = m->state;
                } else {
                        m->state = m->before;
                }
        }
}

static int count_end(const AuditRow *row, void *userdata)
{
        for (size_t i = 0; i < REQUESTS; i++) {
                if (streq(models[i].id.text, row->request.text)) {
                        char state[64];

                        models[i].ends++;
                        (void) snprintf(state, sizeof(state), "\"state\":\"%s\"",
                                request_state_to_string(models[i].state));
                        ck_assert_ptr_nonnull(strstr(row->canonical, state));
                        return 0;
                }
        }
        ck_abort_msg("of whom is %s?", row->canonical);
        return 0;
}

START_TEST(one_end_each)
{
        AuditFilter all = { .asker = UID_UNSET };
        Chain chain = CHAIN_EMPTY;
        Fixture f;
        Audit *a;

        seed = (unsigned) time(NULL);
        fixture_open(&f);
        MUST(audit_new(f.store, &a));
        begin_requests(f.store);
        for (int done = 0; done < MOVES;) {
                unsigned n = 1 + roll(60);

                MUST(store_begin(f.store));
                for (unsigned i = 0; i < n; i++, done++) {
                        move_one(f.store, a);
                }
                end_transaction(f.store, a, roll(4) != 0);
        }
        audit_free(a);
        fixture_reopen(&f);
        MUST(store_audit(f.store, &all, count_end, NULL));
        chain_verify(f.store, &chain);
        for (size_t i = 0; i < REQUESTS; i++) {
                Request q;

                MUST(store_request_get(f.store, &models[i].id, &q));
                ck_assert_int_eq(q.state, models[i].state);
                ck_assert_int_eq(models[i].ends, q.state == REQUEST_PENDING ? 0 : 1);
                request_done(&q);
        }
        fixture_close(&f);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = { one_end_each };

        return run_case("store_race", tests, ELEMENTSOF(tests));
}
