/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may what (interfaces.md): every method by everybody, to a request and a grant that are dev's. A
 * cell says how it ends: "" done, else the error's name. Not-yours looks like not-found.
 */

#include "tests/flow/world.h"

#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define N "NotFound"
#define P "NotPermitted"
#define R "Refused" /* there is nothing to review, or nobody to remind */

typedef struct Case {
        char request[ID_SIZE], grant[ID_SIZE]; /* the request is pending, the grant active */
} Case;

static void ask_self(uid_t uid, Client *c, const char *method)
{
        CheckCall call = { PROTOCOL_VERSION, ask_of(uid, "sudo", "root", "id") };

        call.ask.nonce = NULL;
        say(c, method, CHECK_FIELDS, &call, 0);
}

static void do_check(Client *c, const Case *x)
{
        ask_self(c->uid, c, "Check");
}

static void do_check_for_dev(Client *c, const Case *x)
{
        CheckCall call = { PROTOCOL_VERSION, ask_sudo(DEV) };

        say(c, "Check", CHECK_FIELDS, &call, 0);
}

static void do_request_for_dev(Client *c, const Case *x)
{
        RequestCall call = { PROTOCOL_VERSION, ask_sudo(DEV), NULL, NULL, 0, true };

        say(c, "Request", REQUEST_FIELDS, &call, 0);
}

static void do_open_for_dev(Client *c, const Case *x)
{
        CheckCall call = { PROTOCOL_VERSION, ask_sudo(DEV) };

        say(c, "OpenSession", CHECK_FIELDS, &call, 0);
}

static void do_close(Client *c, const Case *x)
{
        ask_self(c->uid, c, "CloseSession");
}

static void do_exempt(Client *c, const Case *x)
{
        ExemptCall call = { PROTOCOL_VERSION, ask_of(ROOT, "sudo", "root", "id"), "root" };

        say(c, "ReportExempt", EXEMPT_FIELDS, &call, 0);
}

static void do_wait(Client *c, const Case *x)
{
        WaitCall call = { PROTOCOL_VERSION, x->request,
                { .service = "sudo", .asker = UID_UNSET, .login_uid = UID_UNSET } };

        say(c, "Wait", WAIT_FIELDS, &call, 0);
}

static void with_id(Client *c, const char *method, const char *id)
{
        IdCall call = { PROTOCOL_VERSION, id };

        say(c, method, ID_FIELDS, &call, 0);
}

static void do_expire(Client *c, const Case *x)
{
        with_id(c, "Expire", x->grant);
}

static void do_show_request(Client *c, const Case *x)
{
        with_id(c, "Show", x->request);
}

static void do_show_grant(Client *c, const Case *x)
{
        with_id(c, "Show", x->grant);
}

static void do_cancel(Client *c, const Case *x)
{
        with_id(c, "Cancel", x->request);
}

static void do_end(Client *c, const Case *x)
{
        with_id(c, "End", x->grant);
}

static void do_status(Client *c, const Case *x)
{
        with_id(c, "GetStatus", NULL);
}

static void do_reload(Client *c, const Case *x)
{
        with_id(c, "Reload", NULL);
}

static void do_report(Client *c, const Case *x)
{
        ReportCall call = { .version = PROTOCOL_VERSION, .since = "2026-01-01T00:00:00Z" };

        say(c, "Report", REPORT_FIELDS, &call, 0);
}

static void do_detach(Client *c, const Case *x)
{
        with_id(c, "Detach", NULL);
}

static void do_approve(Client *c, const Case *x)
{
        DecideCall call = { PROTOCOL_VERSION, x->request, "approve", NULL, NULL };

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
}

static void do_deny(Client *c, const Case *x)
{
        DecideCall call = { PROTOCOL_VERSION, x->request, "deny", NULL, NULL };

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
}

/* The rule wants none: it gives nobody a right, and takes none away. */
static void do_approve_with_code(Client *c, const Case *x)
{
        DecideCall call = { PROTOCOL_VERSION, x->request, "approve", .code = "42" };

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
}

static void do_extend(Client *c, const Case *x)
{
        ExtendCall call = { PROTOCOL_VERSION, x->grant, "10m", "longer" };

        say(c, "Extend", EXTEND_FIELDS, &call, 0);
}

static void do_nudge(Client *c, const Case *x)
{
        with_id(c, "Nudge", x->request);
}

static void do_revoke(Client *c, const Case *x)
{
        RevokeCall call = { PROTOCOL_VERSION, x->grant, NULL, false };

        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
}

static void do_revoke_user(Client *c, const Case *x)
{
        RevokeCall call = { PROTOCOL_VERSION, NULL, "dev", false };

        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
}

static void do_revoke_all(Client *c, const Case *x)
{
        RevokeCall call = { PROTOCOL_VERSION, NULL, NULL, true };

        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
}

static void do_make_grant(Client *c, const Case *x)
{
        GrantCall call = { PROTOCOL_VERSION, "dave", "sudo", NULL, "10m", "pump" };

        say(c, "MakeGrant", GRANT_FIELDS, &call, 0);
}

static void read_log(Client *c, const char *user, const char *approver, bool verify)
{
        LogCall call = { PROTOCOL_VERSION, 0, user, NULL, NULL, approver, NULL, NULL, verify };

        say(c, "ReadLog", LOG_FIELDS, &call, 0);
}

static void do_log(Client *c, const Case *x)
{
        read_log(c, NULL, NULL, false);
}

static void do_log_of_dev(Client *c, const Case *x)
{
        read_log(c, "dev", NULL, false);
}

static void do_log_by_approver(Client *c, const Case *x)
{
        read_log(c, NULL, "bob", false);
}

static void do_log_verify(Client *c, const Case *x)
{
        read_log(c, NULL, NULL, true);
}

static void explain(Client *c, const char *user)
{
        ExplainCall call = { .version = PROTOCOL_VERSION, .user = user, .service = "sudo" };

        say(c, "Explain", EXPLAIN_FIELDS, &call, 0);
}

static void do_explain(Client *c, const Case *x)
{
        explain(c, NULL);
}

static void do_explain_dev(Client *c, const Case *x)
{
        explain(c, "dev");
}

static void do_explain_nobody(Client *c, const Case *x)
{
        explain(c, "there-is-no-such");
}

static void do_review(Client *c, const Case *x)
{
        ReviewCall call = { PROTOCOL_VERSION, x->request, NULL };

        say(c, "Review", REVIEW_FIELDS, &call, 0);
}

static void do_rescue_codes(Client *c, const Case *x)
{
        RescueCodesCall call = { PROTOCOL_VERSION, 1, false };

        say(c, "RescueCodes", RESCUE_CODES_FIELDS, &call, 0);
}

static void do_rescue_for_dev(Client *c, const Case *x)
{
        RescueCall call = { PROTOCOL_VERSION, ask_sudo(DEV), "x", NULL };

        say(c, "Rescue", RESCUE_FIELDS, &call, 0);
}

static const uid_t columns[] = { EVE, DAVE, DEV, BOB, AUD, ADM, ROOT };

/* clang-format off */
static const struct {
        const char *name;
        void (*run)(Client *c, const Case *x);
        const char *ends[ELEMENTSOF(columns)];
} rows[] = {
        /*                                         stranger asker asker approver auditor admin root
                                                   eve      dave  dev   bob      aud     adm   root */
        { "Check",              do_check,           { "",    "",   "",   "",      "",     "",   "" } },
        { "Check for dev",      do_check_for_dev,   { P,     P,    "",   P,       P,      P,    "" } },
        { "Request for dev",    do_request_for_dev, { P,     P,    "",   P,       P,      P,    "" } },
        { "OpenSession for dev", do_open_for_dev,   { P,     P,    "",   P,       P,      P,    "" } },
        { "CloseSession",       do_close,           { P,     P,    P,    P,       P,      P,    "" } },
        { "ReportExempt",       do_exempt,          { P,     P,    P,    P,       P,      P,    "" } },
        { "Expire",             do_expire,          { P,     P,    P,    P,       P,      P,    "" } },
        { "Wait",               do_wait,            { N,     N,    "",   "",      "",     "",   "" } },
        { "Show request",       do_show_request,    { N,     N,    "",   "",      "",     "",   "" } },
        { "Show grant",         do_show_grant,      { N,     N,    "",   "",      "",     "",   "" } },
        { "Decide approve",     do_approve,         { N,     N,    P,    "",      P,      P,    P  } },
        { "Decide deny",        do_deny,            { N,     N,    P,    "",      P,      P,    P  } },
        { "Decide with code",   do_approve_with_code, { N,   N,    P,    "",      P,      P,    P  } },
        { "Extend",             do_extend,          { N,     N,    "",   P,       P,      P,    P  } },
        /* his rule tells nobody: whoever may hears that, and no other */
        { "Nudge",              do_nudge,           { N,     N,    R,    P,       P,      P,    P  } },
        { "Cancel",             do_cancel,          { N,     N,    "",   P,       P,      "",   "" } },
        { "End",                do_end,             { N,     N,    "",   P,       P,      "",   "" } },
        { "Revoke",             do_revoke,          { N,     N,    P,    "",      P,      "",   "" } },
        { "Revoke user",        do_revoke_user,     { P,     P,    P,    P,       P,      "",   "" } },
        { "Revoke all",         do_revoke_all,      { P,     P,    P,    P,       P,      "",   "" } },
        { "MakeGrant",          do_make_grant,      { P,     P,    P,    P,       P,      "",   "" } },
        { "ReadLog",            do_log,             { "",    "",   "",   "",      "",     "",   "" } },
        { "ReadLog of dev",     do_log_of_dev,      { P,     P,    "",   P,       "",     "",   "" } },
        { "ReadLog by approver", do_log_by_approver, { P,    P,    P,    P,       "",     "",   "" } },
        { "ReadLog verify",     do_log_verify,      { P,     P,    P,    P,       "",     "",   "" } },
        { "Explain",            do_explain,         { "",    "",   "",   "",      "",     "",   "" } },
        { "Explain of dev",     do_explain_dev,     { P,     P,    "",   P,       "",     "",   "" } },
        { "Explain of nobody",  do_explain_nobody,  { P,     P,    P,    P,       N,      N,    N  } },
        { "GetStatus",          do_status,          { "",    "",   "",   "",      "",     "",   "" } },
        { "Report",             do_report,          { "",    "",   "",   "",      "",     "",   "" } },
        { "Reload",             do_reload,          { P,     P,    P,    P,       P,      "",   "" } },
        { "Review",             do_review,          { N,     N,    R,    R,       R,      R,    R  } },
        { "RescueCodes",        do_rescue_codes,    { P,     P,    P,    P,       P,      "",   "" } },
        { "Rescue for dev",     do_rescue_for_dev,  { P,     P,    "",   P,       P,      P,    "" } },
        { "Detach",             do_detach,          { "",    "",   "",   "",      "",     "",   "" } },
};
/* clang-format on */

static void make_case(Case *x)
{
        memcpy(x->grant, granted(DEV), sizeof(x->grant));
        /* to another target, so that the grant does not answer it */
        Client *c = request_ask(ask_of(DEV, "sudo", "carol", "id"), 0);
        memcpy(x->request, c->request, sizeof(x->request));
        ck_assert_str_eq(state_of(x->request), "pending");
        client_close(c);
}

START_TEST(matrix)
{
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                bool may = streq(rows[_i].ends[i], "");
                Case x;

                make_case(&x);
                int before = world_count("", "");
                Client *c = client_new(columns[i], columns[i] == ROOT ? UID_UNSET : columns[i]);
                rows[_i].run(c, &x);
                ck_assert(hear(c));
                ck_assert_msg(streq(error(c), rows[_i].ends[i]), "%s by %s: '%s' (%s)",
                        rows[_i].name, name_of(columns[i]), error(c), text(c, "message"));
                if (!may) {
                        /* nothing was changed, and only claims are worth a note */
                        ck_assert_str_eq(state_of(x.request), "pending");
                        ck_assert_str_eq(grant_state_of(x.grant), "active");
                        ck_assert_int_eq(
                                world_count("", "") - before, world_count("check.refused", ""));
                }
                world_close();
                world_open();
        }
}
END_TEST

static bool listed(uid_t uid, const char *method, const char *which, const char *id)
{
        const char *list = streq(method, "ListGrants") ? "grants" : "requests";
        ListCall call = { PROTOCOL_VERSION, which, 0 };
        Client *c = client_new(uid, uid);
        bool found = false;

        say(c, method, LIST_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        for (const JsonNode *n = json_first(object(c, list)); n; n = json_next(n)) {
                found = found || streq(text_of(n, "id"), id);
        }
        client_close(c);
        return found;
}

/* clang-format off */
static const struct {
        const char *method, *which;
        bool seen[ELEMENTSOF(columns)];
} lists[] = {
        /*                           eve    dave   dev    bob    aud    adm    root */
        { "ListRequests", "pending", { false, false, false, true,  false, false, false } },
        { "ListRequests", "mine",    { false, false, true,  false, false, false, false } },
        { "ListRequests", "open",    { false, false, true,  true,  true,  true,  true } },
        { "ListRequests", "all",     { false, false, true,  true,  true,  true,  true } },
        { "ListRequests", NULL,      { false, false, true,  true,  true,  true,  true } },
        { "ListGrants",   "active",  { false, false, true,  true,  true,  true,  true } },
        { "ListGrants",   "all",     { false, false, true,  true,  true,  true,  true } },
        { "ListGrants",   NULL,      { false, false, true,  true,  true,  true,  true } },
};
/* clang-format on */

START_TEST(lists_show_what_one_may_see)
{
        Case x;

        make_case(&x);
        const char *id = streq(lists[_i].method, "ListGrants") ? x.grant : x.request;
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                ck_assert_int_eq(listed(columns[i], lists[_i].method, lists[_i].which, id),
                        lists[_i].seen[i]);
        }
}
END_TEST

/* Page by page, each row once, however few of them one may see. */
START_TEST(pages)
{
        enum { N_REQUESTS = 700 };
        Client *c = client_new(_i == 0 ? AUD : EVE, _i == 0 ? AUD : EVE);
        ListCall call = { PROTOCOL_VERSION, "all", 0 };
        size_t seen = 0, n_pages = 0;

        for (int i = 0; i < N_REQUESTS; i++) {
                Client *m =
                        request_ask(ask_of(i % 7 == 0 ? EVE : DEV, "sudo", "root", "id"), MINUTE);
                client_close(m);
        }
        do {
                say(c, "ListRequests", LIST_FIELDS, &call, 0);
                ck_assert(hear(c));
                seen += length(c, "requests");
                n_pages++;
                ck_assert_int_ne(number(c, "next"), call.after);
                call.after = number(c, "next");
        } while (call.after > 0);
        ck_assert_uint_eq(seen, _i == 0 ? N_REQUESTS : N_REQUESTS / 7);
        ck_assert_uint_ge(n_pages, 2);
}
END_TEST

/* What one reads of the record is one's own, unless one is to read all. */
START_TEST(log_of_ones_own)
{
        (void) granted(DEV);
        (void) granted(DAVE);
        (void) world_count("", "");
        Client *c = client_new(DAVE, DAVE);
        read_log(c, NULL, NULL, false);
        ck_assert(hear(c));
        size_t own = length(c, "rows");
        ck_assert_uint_gt(own, 3);
        for (const JsonNode *n = json_first(object(c, "rows")); n; n = json_next(n)) {
                ck_assert_str_eq(text_of(json_get(n, "data"), "asker"), "dave");
                ck_assert_ptr_null(json_get(n, "canonical"));
        }
        c = client_new(AUD, AUD);
        read_log(c, NULL, NULL, true);
        ck_assert(hear(c));
        ck_assert_uint_gt(length(c, "rows"), 2 * own - 1);
        ck_assert_ptr_nonnull(json_get(json_first(object(c, "rows")), "canonical"));
        ck_assert_str_eq(text(c, "head"), audit_head(world.d.ledger.audit));
}
END_TEST

static const char *log_of(uid_t uid, const char *request, const char *grant, size_t *ret_n)
{
        LogCall call = { .version = PROTOCOL_VERSION, .request = request, .grant = grant };
        Client *c = client_new(uid, uid);
        static char said[64];

        say(c, "ReadLog", LOG_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(said, sizeof(said), "%s", error(c));
        *ret_n = *said ? 0 : length(c, "rows");
        client_close(c);
        return said;
}

/* As everywhere: by what is enough of an id to know it by, and to strangers there is none. */
START_TEST(log_by_the_beginning_of_an_id)
{
        char request[ID_SIZE], grant[ID_SIZE], part[6];
        size_t whole, n;
        Case x;

        make_case(&x);
        memcpy(request, x.request, sizeof(request));
        memcpy(grant, x.grant, sizeof(grant));
        for (int of_grant = 0; of_grant < 2; of_grant++) {
                const char *id = of_grant ? grant : request;
                const char *a = of_grant ? NULL : part, *b = of_grant ? part : NULL;

                ck_assert_str_eq(log_of(AUD, a ? id : NULL, b ? id : NULL, &whole), "");
                ck_assert_uint_gt(whole, 0);
                (void) snprintf(part, sizeof(part), "%.4s", id);
                ck_assert_str_eq(log_of(AUD, a, b, &n), "");
                ck_assert_uint_eq(n, whole);
                ck_assert_str_eq(log_of(DEV, a, b, &n), "");
                ck_assert_uint_eq(n, whole);
                ck_assert_str_eq(log_of(EVE, a, b, &n), "NotFound");
                part[0] = part[0] == '7' ? '8' : '7';
                ck_assert_str_eq(log_of(AUD, a, b, &n), "NotFound");
                part[3] = '\0';
                ck_assert_str_eq(log_of(AUD, a, b, &n), "NotFound");
        }
        /* Who may see it may still not read what others did. */
        (void) snprintf(part, sizeof(part), "%.4s", request);
        ck_assert_str_eq(log_of(BOB, part, NULL, &n), "");
        ck_assert_uint_eq(n, 0);
        /* All of one needs no object. */
        ck_assert_str_eq(log_of(AUD, "2222-2222", NULL, &n), "");
        ck_assert_uint_eq(n, 0);
}
END_TEST

/* Two that begin alike: the store is told so, for chance takes too long. */
START_TEST(log_by_an_ambiguous_id)
{
        char part[6];
        size_t n;
        Request r;
        Case x;
        Id id;

        make_case(&x);
        ck_assert_int_ge(id_parse(x.request, &id), 0);
        ck_assert_int_ge(store_request_get(world.d.ledger.store, &id, &r), 0);
        r.id.text[8] = r.id.text[8] == '7' ? '8' : '7';
        ck_assert_int_ge(store_request_insert(world.d.ledger.store, &r), 0);
        request_done(&r);
        (void) snprintf(part, sizeof(part), "%.4s", id.text);
        ck_assert_str_eq(log_of(AUD, part, NULL, &n), "Ambiguous");
        ck_assert_str_eq(log_of(AUD, id.text, NULL, &n), "");
        ck_assert_uint_gt(n, 0);
}
END_TEST

/* The longest and worst of words, and many of them: each reply is still a message. */
START_TEST(words_without_end)
{
        enum { N_REQUESTS = 30 };
        static char evil[256], reason[REASON_MAX + 1], word[4000];
        static const char *words[] = { word };
        Client *c = client_new(ADM, ADM);
        size_t seen = 0;

        memset(evil, _i == 0 ? '\x01' : '\\', sizeof(evil) - 1);
        memset(reason, evil[0], sizeof(reason) - 1);
        memset(word, evil[0], sizeof(word) - 1);
        for (int i = 0; i < N_REQUESTS; i++) {
                RequestCall call = { PROTOCOL_VERSION, ask_sudo(DEV), reason, NULL, 0, true };
                Client *m = client_new(ROOT, UID_UNSET);
                call.ask.command = (Strings){ words, 1 };
                call.ask.tty = call.ask.rhost = call.ask.pam_service = call.ask.target_group = evil;
                say(m, "Request", REQUEST_FIELDS, &call, 0);
                ck_assert(hear(m));
                ck_assert_str_eq(text(m, "verdict"), VERDICT_PENDING);
                with_id(c, "Show", m->request);
                ck_assert(hear(c));
                ck_assert_str_eq(text_of(object(c, "request"), "id"), m->request);
                ck_assert_str_eq(do_id(DEV, "Cancel", m->request), "");
                client_close(m);
                /* as many short ones between them as a page can hold, one more each time */
                for (int k = 0; k < 50 + i; k++) {
                        (void) check_ask(ROOT, ask_of(EVE, "ftp", NULL, ""));
                }
        }
        ListCall list = { PROTOCOL_VERSION, "all", 0 };
        do {
                say(c, "ListRequests", LIST_FIELDS, &list, 0);
                ck_assert(hear(c));
                seen += length(c, "requests");
                list.after = number(c, "next");
        } while (list.after > 0);
        ck_assert_uint_eq(seen, N_REQUESTS);
        /* the record is read to its end, or an evil word would hide what came after it */
        LogCall log = { .version = PROTOCOL_VERSION, .verify = true };
        seen = 0;
        do {
                say(c, "ReadLog", LOG_FIELDS, &log, 0);
                ck_assert(hear(c));
                seen += length(c, "rows");
                log.after = number(c, "next");
        } while (log.after > 0);
        ck_assert_int_eq((int) seen, world_count("", ""));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("roles");
        TCase *t = tcase_create("roles");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_set_timeout(t, 30);
        tcase_add_loop_test(t, matrix, 0, ELEMENTSOF(rows));
        tcase_add_loop_test(t, lists_show_what_one_may_see, 0, ELEMENTSOF(lists));
        tcase_add_loop_test(t, pages, 0, 2);
        tcase_add_test(t, log_of_ones_own);
        tcase_add_test(t, log_by_the_beginning_of_an_id);
        tcase_add_test(t, log_by_an_ambiguous_id);
        tcase_add_loop_test(t, words_without_end, 0, 2);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}
