/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/route.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"

START_TEST(paths)
{
        static const struct {
                const char *path;
                RouteKind kind;
                bool api;
                const char *id;
        } cases[] = {
                { "/r/abc", ROUTE_PAGE, false, "" },
                { "/r/", ROUTE_PAGE, false, "" },
                { "/r/a/b", ROUTE_NONE, false, "" },
                { "/R/abc", ROUTE_NONE, false, "" },
                { "//r/abc", ROUTE_NONE, false, "" },
                { "", ROUTE_NONE, false, "" },
                { "/healthz", ROUTE_HEALTH, false, "" },
                { "/healthz/", ROUTE_NONE, false, "" },
                { "/metrics", ROUTE_METRICS, false, "" },
                { "/metrics/", ROUTE_NONE, false, "" },
                { "/s.css", ROUTE_STYLE, false, "" },
                { "/apis", ROUTE_NONE, false, "" },
                { "/api/x", ROUTE_NONE, true, "" },
                { "/api/v1/requests", ROUTE_LIST, true, "" },
                { "/api/v1/requestsx", ROUTE_NONE, true, "" },
                { "/api/v1/requests/K7QF-2M9D", ROUTE_SHOW, true, "K7QF-2M9D" },
                { "/api/v1/requests/k7qf2m9d/decision", ROUTE_DECIDE, true, "K7QF-2M9D" },
                { "/api/v1/requests/k7qf/cancel", ROUTE_CANCEL, true, "K7QF" },
                { "/api/v1/requests/k7q", ROUTE_SHOW, true, "" },
                { "/api/v1/requests/..%2f..", ROUTE_SHOW, true, "" },
                { "/api/v1/requests/K7QF-2M9DK7QF-2M9DK7QF-2M9D", ROUTE_SHOW, true, "" },
                { "/api/v1/reviews/K7QF-2M9D", ROUTE_REVIEW, true, "" },
                { "/api/v1/reviews/", ROUTE_NONE, true, "" },
                { "/api/v1/reviews", ROUTE_NONE, true, "" },
                { "/api/v1/reviews/K7QF/x", ROUTE_NONE, true, "" },
                { "/api/v1/requests/k7qf/decision/x", ROUTE_NONE, true, "K7QF" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Route r = route_find(cases[i].path, "/s.css");

                ck_assert_msg(r.kind == cases[i].kind && r.api == cases[i].api &&
                                      streq(r.id, cases[i].id),
                        "%s: %d %d %s", cases[i].path, (int) r.kind, r.api, r.id);
        }
}
END_TEST

START_TEST(methods)
{
        for (RouteKind kind = ROUTE_PAGE; kind <= ROUTE_REVIEW; kind++) {
                const Route r = { .kind = kind };
                bool post = kind == ROUTE_DECIDE || kind == ROUTE_CANCEL || kind == ROUTE_REVIEW;

                ck_assert_ptr_nonnull(route_refuses(&r, "DELETE"));
                ck_assert_ptr_nonnull(route_refuses(&r, "get"));
                ck_assert((route_refuses(&r, "GET") != NULL) == post);
                ck_assert((route_refuses(&r, "HEAD") != NULL) == post);
                ck_assert((route_refuses(&r, "POST") == NULL) == (post || kind == ROUTE_PAGE));
        }
}
END_TEST

START_TEST(tokens)
{
        static const char *const bad[] = { "", "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_",
                "k7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-", "K7QF2M9D_AbCdEfGhIjKlMnOpQrSt_-",
                "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-x", "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_+",
                "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_%", "K7QF-M9D-AbCdEfGhIjKlMnOpQrSt_-",
                "K7QF2M9D-AbCdEfGhIjKlMnOpQr St-" };

        ck_assert(token_is_whole("K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-"));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(!token_is_whole(bad[i]), "'%s'", bad[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("route");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, paths);
        tcase_add_test(all, methods);
        tcase_add_test(all, tokens);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
