/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/request.h"

START_TEST(moves)
{
        /* From pending to anywhere else; from anywhere else nowhere. */
        for (int from = -2; from <= _REQUEST_STATE_MAX + 1; from++) {
                for (int to = -2; to <= _REQUEST_STATE_MAX + 1; to++) {
                        RequestState s = (RequestState) from;
                        bool legal = from == REQUEST_PENDING && to > REQUEST_PENDING &&
                                     to < _REQUEST_STATE_MAX;
                        int r = request_move(&s, (RequestState) to);

                        ck_assert_msg(r == (legal ? 0 : -EALREADY), "%d to %d: %d", from, to, r);
                        ck_assert_int_eq((int) s, legal ? to : from);
                }
        }
}
END_TEST

START_TEST(names)
{
        static const char *const words[] = { "pending", "approved", "denied", "timed-out",
                "withdrawn" };

        ck_assert_uint_eq(ELEMENTSOF(words), _REQUEST_STATE_MAX);
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                ck_assert_str_eq(request_state_to_string((RequestState) i), words[i]);
                ck_assert_int_eq((int) request_state_from_string(words[i]), (int) i);
        }
        ck_assert_ptr_null(request_state_to_string(_REQUEST_STATE_MAX));
        ck_assert_ptr_null(request_state_to_string(_REQUEST_STATE_INVALID));
        ck_assert_int_eq((int) request_state_from_string("Approved"), _REQUEST_STATE_INVALID);
        ck_assert_int_eq((int) request_state_from_string(""), _REQUEST_STATE_INVALID);
        ck_assert_int_eq((int) request_state_from_string(NULL), _REQUEST_STATE_INVALID);
}
END_TEST

static Request sample(void)
{
        return (Request){
                .id = { "K7QF-2M9D" },
                .asker = { 1000, (char *) "dev" },
                .login = { .uid = UID_UNSET },
                .service = (char *) "sudo",
                .pam_service = (char *) "sudo-i",
                .target = { 0, (char *) "root" },
                .command = (char *) "systemctl restart x",
                .command_digest = "abc",
                .reason = (char *) "OPS-1",
                .tty = (char *) "pts/1",
                .host = (char *) "h1",
                .rule = (char *) "prod",
                .approvals = 1,
                .duration = 30 * USEC_PER_MIN,
                .max_duration = USEC_PER_HOUR,
                .created = 1,
                .deadline = 2,
                .deadline_boot = 3,
        };
}

static char *canonical(const Request *r)
{
        char *text = NULL;
        size_t size = 0;

        ck_assert_int_eq(request_canonical(r, &text, &size), 0);
        ck_assert_uint_eq(strlen(text), size);
        return text;
}

START_TEST(canonical_text)
{
        Request r = sample();
        _cleanup_(freep) char *text = canonical(&r);

        ck_assert_str_eq(text, "pam-jit request 2\n"
                               "id 9:K7QF-2M9D\n"
                               "host 2:h1\n"
                               "asker-uid 4:1000\n"
                               "asker 3:dev\n"
                               "login-uid -\n"
                               "service 4:sudo\n"
                               "target-uid 1:0\n"
                               "target 4:root\n"
                               "target-group -\n"
                               "command-digest 3:abc\n"
                               "command 19:systemctl restart x\n"
                               "reason 5:OPS-1\n"
                               "rule 4:prod\n"
                               "approvals 1:1\n"
                               "duration 10:1800000000\n"
                               "max-duration 10:3600000000\n"
                               "created 1:1\n"
                               "deadline 1:2\n"
                               "kind 6:access\n"
                               "extends -\n"
                               "scope 4:once\n"
                               "login-session 1:0\n"
                               "end-when-done 1:0\n");
}
END_TEST

/* Changes the i-th field; false after the last. bound: whether it says what would be granted. */
static bool mutate(Request *r, size_t i, bool *bound)
{
        *bound = i < 26;
        switch (i) {
        case 0:
                r->id.text[0] = 'X';
                break;
        case 1:
                r->asker.uid++;
                break;
        case 2:
                r->asker.name = (char *) "Dev";
                break;
        case 3:
                r->login.uid = 1000;
                break;
        case 4:
                r->login.uid = 0;
                break;
        case 5:
                r->service = (char *) "su";
                break;
        case 6:
                r->target.uid = 1;
                break;
        case 7:
                r->target.uid = UID_UNSET;
                break;
        case 8:
                r->target.name = NULL;
                break;
        case 9:
                r->target.name = (char *) "";
                break;
        case 10:
                r->target_group = (char *) "adm";
                break;
        case 11:
                r->target_group = (char *) "";
                break;
        case 12:
                r->command_digest[0] = 'b';
                break;
        case 13:
                r->command = (char *) "systemctl restart y";
                break;
        case 14:
                r->command = NULL;
                break;
        case 15:
                r->reason = (char *) "OPS-2";
                break;
        case 16:
                r->reason = NULL;
                break;
        /* a value that looks like the fields after it */
        case 17:
                r->reason = (char *) "OPS-1\nrule 4:prod";
                break;
        case 18:
                r->rule = (char *) "other";
                break;
        case 19:
                r->approvals = 2;
                break;
        case 20:
                r->duration++;
                break;
        case 21:
                r->max_duration++;
                break;
        case 22:
                r->created++;
                break;
        case 23:
                r->deadline++;
                break;
        case 24:
                r->host = (char *) "h2";
                break;
        case 25:
                r->duration = -r->duration;
                break;
        /* what is recorded beside it, or moves on */
        case 26:
                r->tty = (char *) "pts/2";
                break;
        case 27:
                r->pam_service = (char *) "sudo";
                break;
        case 28:
                r->state = REQUEST_APPROVED;
                break;
        case 29:
                r->detached = true;
                break;
        case 30:
                r->deadline_boot++;
                break;
        default:
                return false;
        }
        return true;
}

START_TEST(canonical_binds)
{
        char *texts[32];
        size_t n = 0;
        Request r = sample();
        bool bound;

        texts[n++] = canonical(&r);
        for (size_t i = 0; r = sample(), mutate(&r, i, &bound); i++) {
                char *text = canonical(&r);

                if (!bound) {
                        ck_assert_msg(streq(text, texts[0]), "field %zu changes the digest", i);
                        free(text);
                        continue;
                }
                for (size_t k = 0; k < n; k++) {
                        ck_assert_msg(!streq(text, texts[k]), "fields %zu and %zu are one", i, k);
                }
                texts[n++] = text;
        }
        while (n > 0) {
                free(texts[--n]);
        }
}
END_TEST

START_TEST(command_words)
{
        static const char *const a[] = { "ls", "-l", "x y" };
        static const char *const lists[][4] = {
                { NULL },
                { "" },
                { "", "" },
                { "ls -l" },
                { "ls", "-l" },
                { "ls", "-l", "" },
                { "ls\nword 2:-l" },
                { "ls", "\nword 2:-l" },
                { "l", "s-l" },
                { "-l", "ls" },
        };
        char *texts[ELEMENTSOF(lists)];
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        ck_assert_int_eq(command_canonical(a, 3, &text, &size), 0);
        ck_assert_str_eq(text, "pam-jit command 1\nword 2:ls\nword 2:-l\nword 3:x y\n");
        ck_assert_uint_eq(size, strlen(text));
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                size_t n = 0;

                while (lists[i][n]) {
                        n++;
                }
                ck_assert_int_eq(command_canonical(lists[i], n, &texts[i], &size), 0);
                for (size_t k = 0; k < i; k++) {
                        ck_assert_msg(!streq(texts[i], texts[k]), "%zu and %zu are one", i, k);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                free(texts[i]);
        }
}
END_TEST

START_TEST(deadlines)
{
        static const struct {
                usec_t wall, boot;
                bool passed;
        } cases[] = {
                { 101, 51, false },
                { 100, 51, true },
                { 99, 51, true },
                { 101, 50, true },
                { 101, 49, true },
                { 101, 0, false }, /* the boot clock says nothing */
                { 100, 0, true },
                { USEC_NEVER, USEC_NEVER, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(deadline_passed(cases[i].wall, cases[i].boot,
                                      &(Now){ .wall = 100, .boot = 50 }) == cases[i].passed,
                        "case %zu", i);
        }
}
END_TEST

START_TEST(done)
{
        Request r = { .asker.name = strdup("a"), .service = strdup("b"), .host = strdup("c") };

        request_done(&r);
        request_done(&r);
        ck_assert_uint_eq(r.asker.uid, UID_UNSET);
        ck_assert_uint_eq(r.target.uid, UID_UNSET);
        ck_assert_int_eq((int) r.state, _REQUEST_STATE_INVALID);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("request");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, moves);
        tcase_add_test(all, names);
        tcase_add_test(all, canonical_text);
        tcase_add_test(all, canonical_binds);
        tcase_add_test(all, command_words);
        tcase_add_test(all, deadlines);
        tcase_add_test(all, done);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
