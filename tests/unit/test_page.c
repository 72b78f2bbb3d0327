/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Pages are taken apart again: whatever people wrote, the tags and attributes are those of the same page with
 * plain words, and what they wrote is there to be read.
 */

#include "jit-approver/gateway/page.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/gateway/html.h"

#define NOW "2026-11-21T13:23:05Z"

static const char *const hostile[] = {
        "<script>alert(1)</script>",
        "</code></pre><form action=https://evil><button>Approve</button></form>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)' x='",
        "` onfocus=`alert(1)` autofocus x=`",
        "</title><meta http-equiv=refresh content=0;url=//evil>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&lt;b&gt;",
        "&#x3c;b&#62;",
        "&",
        "&amp",
        "%s%n%d%%",
        "javascript:alert(1)",
        "</textarea><b>",
        "</option><option selected>",
        "a\x1b[31mred\x1b]8;;https://evil\x07link",
        "a\r\nSet-Cookie: x",
        "\t\v\f\b\x7f",
        "\xc2\x85\xc2\x9b"
        "31m",
        "\xe2\x80\xae"
        "txt.exe",
        "\xe2\x80\x8b\xe2\x81\xa6\xef\xbb\xbf",
        "\xe2\x80\xa8line\xe2\x80\xa9paragraph",
        "\xf3\xa0\x81\x81tag",
        "e\xcc\x81\xcc\x81\xcc\x81",
        "\xc3\xbc\xe6\xbc\xa2\xf0\x9f\x98\x80",
};

typedef struct Words {
        const char *state, *standing, *any;
        bool voted;
        const char *kind, *scope; /* NULL: an approver that is older does not say */
        const char *review;
        bool code, session, done, stages, escalates, lone;
} Words;

static void put_grant(JsonWriter *w, const char *name, const char *any, const char *state)
{
        json_open_object(w, name);
        json_put_string(w, "id", any);
        json_put_string(w, "asker", any);
        json_put_string(w, "service", any);
        json_put_string(w, "target", any);
        json_put_string(w, "target_group", any);
        json_put_string(w, "from", "2026-11-21T09:10:00Z");
        json_put_string(w, "until", "2026-11-21T14:23:05Z");
        json_put_string(w, "state", state);
        json_close_object(w);
}

static void put_stage(JsonWriter *w, const char *any, const char *approved, const char *state)
{
        json_open_object(w, NULL);
        json_open_array(w, "approvers");
        json_put_string(w, NULL, any);
        json_close_array(w);
        json_open_array(w, "approved");
        if (approved) {
                json_put_string(w, NULL, approved);
        }
        json_close_array(w);
        json_put_string(w, "state", state);
        json_close_object(w);
}

static void put_chain(JsonWriter *w, const Words *v)
{
        json_open_array(w, "stages");
        if (v->stages) {
                put_stage(w, v->any, v->any, "done");
                put_stage(w, "security", NULL, "open");
        }
        put_stage(w, "@sre", NULL, v->stages ? "later" : "open");
        json_close_array(w);
        json_open_array(w, "escalations");
        if (v->escalates) {
                json_open_object(w, NULL);
                json_put_string(w, "at", "2026-11-21T13:27:05Z");
                json_open_array(w, "approvers");
                json_put_string(w, NULL, v->any);
                json_put_string(w, NULL, "@leads");
                json_close_array(w);
                json_close_object(w);
        }
        json_close_array(w);
}

static void put_terms(JsonWriter *w, const Words *v)
{
        if (v->kind) {
                json_put_string(w, "kind", v->kind);
                json_put_string(w, "extends", v->any);
        }
        if (v->scope) {
                json_put_string(w, "scope", v->scope);
        }
        if (v->session) {
                json_put_integer(w, "login_session", 12);
        }
        if (v->review) {
                json_open_object(w, "review");
                json_put_string(w, "state", v->review);
                json_open_array(w, "reviewers");
                json_put_string(w, NULL, v->any);
                json_put_string(w, NULL, "@audit");
                json_close_array(w);
                json_put_string(w, "by", v->any);
                json_put_string(w, "note", v->any);
                json_put_string(w, "time", "2026-11-21T13:22:05Z");
                json_close_object(w);
        }
        json_put_boolean(w, "end_when_done", v->done);
        json_put_boolean(w, "match_code", v->code);
}

static void put_request(JsonWriter *w, const Words *v)
{
        static const char *const members[] = { "id", "asker", "login", "service", "target",
                "target_group", "command", "reason", "host", "tty", "origin", "rule", "duration" };

        json_open_object(w, "request");
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                json_put_string(w, members[i], v->any);
        }
        json_put_string(w, "state", v->state);
        json_put_integer(w, "approvals", v->lone ? 1 : 2);
        put_terms(w, v);
        put_chain(w, v);
        json_put_string(w, "created", "2026-11-21T13:20:05Z");
        json_put_string(w, "deadline", "2026-11-21T13:35:05Z");
        json_open_array(w, "added");
        json_put_string(w, NULL, v->any);
        json_close_array(w);
        json_open_array(w, "approvers");
        json_put_string(w, NULL, v->any);
        json_put_string(w, NULL, "@ops");
        json_close_array(w);
        json_open_array(w, "votes");
        json_open_object(w, NULL);
        json_put_string(w, "approver", v->any);
        json_put_string(w, "decision", "approve");
        json_put_string(w, "note", v->any);
        json_put_string(w, "time", "2026-11-21T13:21:00Z");
        json_close_object(w);
        json_close_array(w);
        put_grant(w, "grant", v->any, "active");
        json_close_object(w);
}

static Json *make_page(const Words *v)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };
        Json *json;
        size_t size;

        json_open_object(&w, NULL);
        put_request(&w, v);
        json_put_string(&w, "approver", "bob");
        json_put_string(&w, "standing", v->standing);
        json_put_boolean(&w, "match_code", v->code);
        if (v->voted) {
                json_put_string(&w, "vote", "deny");
        }
        json_open_array(&w, "durations");
        json_put_string(&w, NULL, v->any);
        json_put_string(&w, NULL, "30m");
        json_close_array(&w);
        json_open_array(&w, "lately");
        put_grant(&w, NULL, v->any, v->any);
        json_close_array(&w);
        json_put_string(&w, "form", v->any);
        json_close_object(&w);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), 0);
        ck_assert_int_eq(json_parse(text, size, &json), 0);
        return json;
}

static char *render(const Words *words, const char *given, const Refusal *refusal)
{
        _cleanup_(json_freep) Json *json = make_page(words);
        PageView v = {
                .page = json_root(json), .given = given, .refusal = refusal, .style = "/s.css"
        };
        char *text;
        size_t size;

        ck_assert_int_eq(time_rfc3339_parse(NOW, &v.now), 0);
        ck_assert_int_eq(page_request(&v, &text, &size), 0);
        ck_assert_uint_eq(strlen(text), size);
        return text;
}

/* The tags alone, without the values of attributes that are ours to fill. */
static char *skeleton(const char *page)
{
        char *out = calloc(1, strlen(page) + 1), *at = out;

        for (const char *s = strchr(page, '<'); s; s = strchr(s, '<')) {
                const char *end = strchr(s, '>');

                /* Each assertion that holds tells the runner so, and there are thousands. */
                if (!end) {
                        ck_abort_msg("a tag without an end in %s", s);
                }
                while (s <= end) {
                        const char *value =
                                strncmp(s, " value=\"", 8) == 0 ? strchr(s + 8, '"') : NULL;

                        if (value) {
                                if (value >= end) {
                                        ck_abort_msg("a value without an end in %s", s);
                                }
                                s = value + 1;
                        } else {
                                *at++ = *s++;
                        }
                }
        }
        return out;
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;

        for (const char *s = strstr(text, what); s; s = strstr(s + 1, what)) {
                n++;
        }
        return n;
}

/* What a browser makes of the entities we write. */
static char *unescape(const char *s)
{
        static const struct {
                const char *entity;
                char c;
        } entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
                { "&#39;", '\'' }, { "&#96;", '`' } };
        char *out = calloc(1, strlen(s) + 1), *at = out;

        while (*s) {
                size_t i = 0;

                if (*s != '&') {
                        *at++ = *s++;
                        continue;
                }
                while (i < ELEMENTSOF(entities) &&
                        strncmp(s, entities[i].entity, strlen(entities[i].entity)) != 0) {
                        i++;
                }
                if (i == ELEMENTSOF(entities)) {
                        ck_abort_msg("a bare & in %s", s);
                }
                *at++ = entities[i].c;
                s += strlen(entities[i].entity);
        }
        return out;
}

static void check_bytes(const char *page)
{
        const char *s = page;

        ck_assert(utf8_valid(page, strlen(page)));
        /* One check for all: each tells the runner of itself. */
        while (((unsigned char) *s >= 0x20 && *s != 0x7f) || *s == '\n') {
                s++;
        }
        ck_assert_msg(*s == '\0', "byte 0x%02x", (unsigned char) *s);
        ck_assert_ptr_null(strstr(page, "\xe2\x80\xae"));
        ck_assert_ptr_null(strstr(page, "\xe2\x80\x8b"));
        ck_assert_ptr_null(strstr(page, "\xe2\x81\xa6"));
        ck_assert_ptr_null(strstr(page, "\xe2\x80\xa8"));
}

static void check_inert(const Words *plain, const char *evil, const char *given, const Refusal *r)
{
        Words words = *plain;
        words.any = evil;
        _cleanup_(freep) char *a = render(plain, given, r), *b = render(&words, given, r);
        _cleanup_(freep) char *x = skeleton(a), *y = skeleton(b), *said = unescape(b);
        _cleanup_(freep) char *clean = text_clean_dup(evil, HTML_VALUE_MAX);

        check_bytes(b);
        ck_assert_msg(streq(x, y), "'%s' changes the page:\n%s\n%s", clean, x, y);
        /* Nothing is lost either: what was written is there to be read. */
        ck_assert_uint_ge(count(said, clean), 12);
}

START_TEST(inert)
{
        static const char *const states[] = { "pending", "approved", "denied", "timed-out",
                "withdrawn" };
        static const Words kinds[] = { { 0 },
                { .kind = "access", .code = true, .stages = true, .escalates = true },
                { .kind = "extension", .scope = "once", .escalates = true, .done = true },
                { .kind = "break-glass", .stages = true },
                { .kind = "break-glass", .review = "open" },
                { .kind = "break-glass", .review = "signed" }, { .kind = "rescue" } };
        static const char *const standings[] = { "may", "shared", "local", "over", "later",
                "done" };
        Refusal r = refusal_new(403, hostile[_i]);

        r.code = REFUSAL_MATCH_CODE;
        for (size_t i = 0; i < ELEMENTSOF(states) * ELEMENTSOF(kinds); i++) {
                size_t n = i % ELEMENTSOF(states) == 0 ? ELEMENTSOF(standings) : 1;

                for (size_t k = 0; k < n; k++) {
                        Words plain = kinds[i / ELEMENTSOF(states)];

                        plain.state = states[i % ELEMENTSOF(states)];
                        plain.standing = standings[k];
                        plain.any = "x";
                        check_inert(&plain, hostile[_i], NULL, NULL);
                        check_inert(&plain, hostile[_i], "approve", NULL);
                        check_inert(&plain, hostile[_i], NULL, &r);
                }
        }
}
END_TEST

/* A word without an end is cut, visibly, and breaks no page. */
START_TEST(endless)
{
        _cleanup_(freep) char *word = malloc(40001);
        JsonWriter w = { 0 };
        _cleanup_(freep) char *text = NULL, *page = NULL;
        _cleanup_(json_freep) Json *json = NULL;
        PageView v = { .style = "/s.css" };
        size_t size;

        memset(word, '<', 40000);
        word[40000] = '\0';
        json_open_object(&w, NULL);
        json_open_object(&w, "request");
        json_put_string(&w, "command", word);
        json_close_object(&w);
        json_close_object(&w);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), 0);
        ck_assert_int_eq(json_parse(text, size, &json), 0);
        v.page = json_root(json);
        ck_assert_int_eq(page_request(&v, &page, &size), 0);
        ck_assert_uint_lt(count(page, "&lt;"), HTML_VALUE_MAX);
        ck_assert_ptr_nonnull(strstr(page, "…"));
}
END_TEST

/* The approver may be newer or broken: what is not there is not shown, and never a form. */
START_TEST(odd_pages)
{
        static const char *const cases[] = { "{\"request\":{}}",
                "{\"request\":{\"votes\":[1,null,{}]}}",
                "{\"request\":{\"state\":\"pending\",\"approvers\":[1],\"added\":[{}],\"deadline\":\"soon\"}}",
                "{\"request\":{\"state\":\"pending\"},\"standing\":1,\"lately\":[{},1],\"durations\":[1]}",
                "{\"request\":{\"state\":\"approved\",\"grant\":{}},\"standing\":\"may\"}" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_freep) Json *json = NULL;
                _cleanup_(freep) char *text = NULL;
                size_t size;

                ck_assert_int_eq(json_parse(cases[i], strlen(cases[i]), &json), 0);
                const PageView v = { .page = json_root(json), .style = "/s.css" };
                ck_assert_int_eq(page_request(&v, &text, &size), 0);
                ck_assert_ptr_null(strstr(text, "<form"));
        }
}
END_TEST

START_TEST(form)
{
        const Words may = { .state = "pending", .standing = "may", .any = "1h" };
        _cleanup_(freep) char *page = render(&may, NULL, NULL);

        ck_assert_uint_eq(count(page, "<form "), 1);
        ck_assert_uint_eq(count(page, "<button "), 2);
        ck_assert_uint_eq(count(page, "<h1>"), 1);
        ck_assert_uint_eq(count(page, "<main>"), 1);
        ck_assert_ptr_nonnull(
                strstr(page, "<option value=\"1h\" selected>1 h, as asked for</option>"));
        ck_assert_ptr_nonnull(strstr(page, "<option value=\"30m\">30 min</option>"));
        ck_assert_ptr_nonnull(strstr(page, "<label for=\"note\">"));
        /* One command is shown; a yes is for more. */
        ck_assert_ptr_nonnull(strstr(page, "not this one alone"));
        /* Wherever a proxy keeps it. */
        ck_assert_ptr_nonnull(strstr(page, "<link rel=\"stylesheet\" href=\"../"));
        ck_assert_ptr_nonnull(strstr(page, "<label for=\"duration\">"));
        ck_assert_ptr_nonnull(strstr(page, "<html lang=\"en\">"));
        ck_assert_ptr_null(strstr(page, "<script"));
        ck_assert_ptr_null(strstr(page, "style=\""));
        /* Enter in a line of text must not press a button. */
        ck_assert_ptr_null(strstr(page, "type=\"text\""));
        ck_assert_ptr_null(strstr(page, "<input id"));
        /* The request stands before the decision. */
        ck_assert(strstr(page, "Command") < strstr(page, "<form "));
        ck_assert(strstr(page, "Reason") < strstr(page, "<form "));
}
END_TEST

static void expect(const char *page, const char *text)
{
        ck_assert_msg(strstr(page, text) != NULL, "no '%s' in %s", text, page);
}

static void expect_no(const char *page, const char *text)
{
        ck_assert_msg(strstr(page, text) == NULL, "'%s' in %s", text, page);
}

/* What a yes would open, in words; of what is not known, the most. */
START_TEST(reach)
{
        static const struct {
                Words words;
                const char *text;
        } cases[] = {
                { { .scope = NULL }, "any command that rule x covers, not this one alone." },
                { { .scope = "service" }, "any command that rule x covers, not this one alone." },
                { { .scope = "some-day" }, "any command that rule x covers, not this one alone." },
                { { .scope = "command" }, "A yes opens exactly this command, for that long.</p>" },
                { { .scope = "once", .done = true },
                        "A yes opens exactly this command, once, within that time.</p>" },
                { { .scope = "command", .session = true },
                        "that long. Only in the login session it is asked from.</p>" },
                { { .scope = "command", .done = true },
                        "It ends sooner, when the last session under it closes.</p>" },
                { { .kind = "extension", .scope = "service", .session = true },
                        "A yes lets grant x last that much longer, and opens nothing else.</p>" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Words words = cases[i].words;

                words.state = "pending";
                words.standing = "may";
                words.any = "x";
                _cleanup_(freep) char *page = render(&words, NULL, NULL);
                expect(page, cases[i].text);
                expect_no(page, "<input id");
                expect_no(page, "<dt>Stages");
        }
}
END_TEST

/* Whoever approves types them; whoever denies need not, and Enter presses nothing. */
START_TEST(match_code)
{
        const Words words = { .state = "pending", .standing = "may", .any = "x", .code = true };
        _cleanup_(freep) char *page = render(&words, NULL, NULL);
        const char *first = strstr(page, "<button ");

        expect(page, "<label for=\"code\">To approve: the two digits on <b>x</b>’s screen</label>");
        expect(page, "<input id=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"off\"");
        expect(page, " required ");
        expect(page, "value=\"deny\" class=\"deny\" formnovalidate>");
        ck_assert_ptr_eq(first, strstr(page, "<button type=\"submit\" disabled hidden>"));
        ck_assert(first < strstr(page, "<input id"));
        expect_no(page, "aria-invalid");
        ck_assert_uint_eq(count(page, "formnovalidate"), 1);
        /* who cannot approve has no use for it */
        const Words done = { .state = "pending", .standing = "done", .any = "x", .code = true };
        _cleanup_(freep) char *other = render(&done, NULL, NULL);
        expect_no(other, "<input id");
}
END_TEST

START_TEST(stages)
{
        Words words = { .state = "pending",
                .standing = "may",
                .any = "x",
                .stages = true,
                .escalates = true,
                .lone = true };
        _cleanup_(freep) char *page = render(&words, NULL, NULL);

        expect(page, "<li>x: yes from <b>x</b> <time datetime=\"2026-11-21T13:21:00Z\">");
        expect(page, "<li class=\"now\" aria-current=\"step\">security, now</li>");
        expect(page, "<li>group sre</li>");
        expect(page, "<li>to x, group leads at <time datetime=\"2026-11-21T13:27:05Z\">");
        expect_no(page, "<dt>Votes");
        expect(page, "decide in the stage that is open</h2>");
        words.lone = false;
        _cleanup_(freep) char *two = render(&words, "approve", NULL);
        expect(two, "security, now: 0 of 2</li>");
        expect(two, "<strong>You approved.</strong> Now asked: <b>security</b>.");
        words.standing = "later";
        _cleanup_(freep) char *later = render(&words, NULL, NULL);
        expect(later, "Not your turn yet: <b>security</b> decides first.");
        expect_no(later, "<form");
        words.standing = "done";
        _cleanup_(freep) char *done = render(&words, NULL, NULL);
        expect(done, "Your stage is done; you may still deny.");
        ck_assert_uint_eq(count(done, "<button "), 1);
        expect(done, "value=\"deny\"");
        expect_no(done, "<select");
        words.state = "timed-out";
        _cleanup_(freep) char *over = render(&words, NULL, NULL);
        expect_no(over, ", now");
        expect_no(over, "<dt>Escalates");
}
END_TEST

START_TEST(kinds)
{
        Words words = { .state = "pending", .standing = "may", .any = "1h", .kind = "extension" };
        _cleanup_(freep) char *longer = render(&words, NULL, NULL);

        expect(longer,
                "<b>1h</b> asks for <b>1 h</b> more as <b>1h, group 1h</b> on <b>1h</b></h1>");
        expect(longer, "<dt>For</dt>\n<dd>1 h more, for grant 1h</dd>");
        expect(longer, "<label for=\"duration\">If you approve, add</label>");
        words = (Words){
                .state = "approved", .standing = "over", .any = "x", .kind = "break-glass"
        };
        _cleanup_(freep) char *broken = render(&words, NULL, NULL);
        expect(broken, "<title>x opened x, group x on x without asking</title>");
        expect(broken, "<span class=\"state opened\">break-glass</span>");
        expect(broken, "<p class=\"outcome waiting\"");
        expect(broken, "<strong>Opened without asking</strong> <time");
        expect(broken, " It is not reviewed yet.</p>");
        expect(broken, "An approver may end it now: <code>jitctl revoke x</code> on x.</p>");
        expect(broken,
                "Somebody else than x has to review it. To sign: <code>jitctl review x</code> on x.");
        expect_no(broken, "<form");
        expect_no(broken, "could decide");
        words.review = "open";
        _cleanup_(freep) char *open = render(&words, NULL, NULL);
        expect(open,
                "Somebody else than x has to review it: <b>x, group audit</b>. To sign: <code>");
        words.review = "signed";
        _cleanup_(freep) char *reviewed = render(&words, NULL, NULL);
        expect(reviewed, " Reviewed by <b>x</b> <time");
        expect(reviewed, ": <q>x</q>.");
        expect_no(reviewed, "jitctl review");
        expect_no(reviewed, "not reviewed");
        words.kind = "rescue";
        _cleanup_(freep) char *rescue = render(&words, NULL, NULL);
        expect(rescue, "with a rescue code</title>");
        expect_no(rescue, "jitctl review");
        /* one that is newer than we are is asked for as ever */
        words = (Words){ .state = "pending", .standing = "may", .any = "x", .kind = "some-day" };
        _cleanup_(freep) char *newer = render(&words, NULL, NULL);
        expect(newer, "<title>x asks for x, group x on x</title>");
}
END_TEST

/* What is to last longer is open: until when now and then, and what becomes of it if nobody says yes. */
START_TEST(more_time)
{
        static const struct {
                const char *state, *given, *text;
        } cases[] = {
                { "pending", NULL,
                        "<dt>Ends</dt>\n<dd><time datetime=\"2026-11-21T14:23:05Z\">14:23 UTC</time> "
                        "<span class=\"soft\">(in 1 h)</span></dd>\n<dt>With a yes</dt>\n<dd>"
                        "<time datetime=\"2026-11-21T15:23:05Z\">15:23 UTC</time> "
                        "<span class=\"soft\">(in 2 h)</span></dd>" },
                { "approved", "approve",
                        "<strong>Approved.</strong> 1h’s 1h on 1h is open until <time" },
                { "pending", "approve", "1 of 2: no time is added before the others have" },
                { "denied", "deny",
                        "<strong>Denied.</strong> No time was added: 1h’s 1h on 1h is open until <time" },
                { "denied", NULL, ". No time was added: 1h’s 1h on 1h is open until <time" },
                { "timed-out", NULL, ". No time was added: 1h’s 1h on 1h is open until <time" },
                { "withdrawn", NULL,
                        "decided. No time was added: 1h’s 1h on 1h is open until <time" },
        };

        ck_assert_int_eq(setenv("TZ", "UTC0", 1), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Words words = { .state = cases[i].state, .any = "1h", .kind = "extension" };
                _cleanup_(freep) char *page = render(&words, cases[i].given, NULL);

                expect(page, cases[i].text);
                expect_no(page, "closed");
                expect_no(page, "Nothing was opened");
                ck_assert_uint_eq(count(page, "<dt>Ends"), streq(cases[i].state, "pending"));
        }
        /* an approver that is older does not say what it is about */
        static const char old[] = "{\"request\":{\"state\":\"denied\",\"kind\":\"extension\"}}";
        _cleanup_(json_freep) Json *json = NULL;
        _cleanup_(freep) char *text = NULL;
        size_t size;
        ck_assert_int_eq(json_parse(old, strlen(old), &json), 0);
        const PageView v = { .page = json_root(json), .style = "/s.css" };
        ck_assert_int_eq(page_request(&v, &text, &size), 0);
        expect(text, "<strong>Denied</strong>. No time was added.</p>");
}
END_TEST

START_TEST(voted_before)
{
        const Words words = { .state = "pending", .standing = "may", .any = "x", .voted = true };
        _cleanup_(freep) char *page = render(&words, NULL, NULL);

        ck_assert_ptr_nonnull(strstr(page, "You denied this earlier."));
        ck_assert_ptr_nonnull(strstr(page, "<form "));
}
END_TEST

/* What was hidden may have been anything, and whoever decides is told so. */
START_TEST(masked)
{
        const Words words = { .state = "pending", .standing = "may", .any = "mysql -pMASKED" };
        const Words plain = { .state = "pending", .standing = "may", .any = "mysql -px" };
        _cleanup_(freep) char *page = render(&words, NULL, NULL);
        _cleanup_(freep) char *other = render(&plain, NULL, NULL);

        ck_assert_ptr_nonnull(strstr(page, "MASKED stands for what looked like a secret"));
        ck_assert_ptr_null(strstr(other, "MASKED stands"));
}
END_TEST

/* What is pushed out of sight by what stands before it. */
START_TEST(cut_off)
{
        const Words words = { .state = "pending", .standing = "may", .any = "sh -c 'ls      …" };
        const Words plain = { .state = "pending", .standing = "may", .any = "echo … x" };
        _cleanup_(freep) char *page = render(&words, NULL, NULL);
        _cleanup_(freep) char *other = render(&plain, NULL, NULL);

        ck_assert_ptr_nonnull(strstr(page, "It goes on"));
        ck_assert_ptr_null(strstr(other, "It goes on"));
}
END_TEST

/* The first vote of two opens nothing, and says so. */
START_TEST(one_of_two)
{
        const Words words = { .state = "pending", .standing = "may", .any = "x" };
        _cleanup_(freep) char *page = render(&words, "approve", NULL);

        ck_assert_ptr_nonnull(
                strstr(page, "<strong>You approved.</strong> 1 of 2: nothing is open"));
        ck_assert_ptr_nonnull(strstr(page, "1 of 2 approvals"));
}
END_TEST

static char *time_in(const char *zone, const char *at, const char *now)
{
        Html h;
        char *text;
        size_t size;
        usec_t usec;

        ck_assert_int_eq(setenv("TZ", zone, 1), 0);
        tzset();
        ck_assert_int_eq(time_rfc3339_parse(now, &usec), 0);
        ck_assert_int_eq(html_start(&h), 0);
        html_time(&h, at, usec);
        ck_assert_int_eq(html_finish(&h, &text, &size), 0);
        return text;
}

START_TEST(times)
{
        static const struct {
                const char *zone, *at, *now, *text;
        } cases[] = {
                { "CET-1", "2026-11-21T13:35:00Z", "2026-11-21T13:23:00Z",
                        "<time datetime=\"2026-11-21T13:35:00Z\">14:35 CET</time> "
                        "<span class=\"soft\">(in 12 min)</span>" },
                { "UTC0", "2026-11-21T13:20:00Z", "2026-11-21T13:23:00Z",
                        "<time datetime=\"2026-11-21T13:20:00Z\">13:20 UTC</time> "
                        "<span class=\"soft\">(3 min ago)</span>" },
                { "UTC0", "2026-11-21T13:23:00Z", "2026-11-21T13:23:01Z",
                        "<time datetime=\"2026-11-21T13:23:00Z\">13:23 UTC</time> "
                        "<span class=\"soft\">(just now)</span>" },
                /* the day counts where people are */
                { "CET-1", "2026-11-21T23:30:00Z", "2026-11-21T22:30:00Z",
                        "<time datetime=\"2026-11-21T23:30:00Z\">Sun 22 Nov, 00:30 CET</time> "
                        "<span class=\"soft\">(in 1 h)</span>" },
                { "UTC0", "2027-01-01T00:30:00Z", "2026-12-31T23:30:00Z",
                        "<time datetime=\"2027-01-01T00:30:00Z\">2027-01-01 00:30 UTC</time> "
                        "<span class=\"soft\">(in 1 h)</span>" },
                /* the hour that comes twice */
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z",
                        "<time datetime=\"2026-10-25T00:30:00Z\">02:30 CEST</time> "
                        "<span class=\"soft\">(in 30 min)</span>" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z",
                        "<time datetime=\"2026-10-25T01:30:00Z\">02:30 CET</time> "
                        "<span class=\"soft\">(in 1 h 30 min)</span>" },
                { "UTC0", "tomorrow", "2026-10-25T00:00:00Z", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = time_in(cases[i].zone, cases[i].at, cases[i].now);

                ck_assert_str_eq(text, cases[i].text);
        }
}
END_TEST

START_TEST(refusals)
{
        static const int statuses[] = { 400, 401, 403, 404, 405, 413, 415, 429, 503 };

        for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
                const Refusal r = refusal_new(statuses[i], "<b>why</b>");
                _cleanup_(freep) char *page = NULL;
                size_t size;

                ck_assert_int_eq(page_refusal(&r, "/s.css", &page, &size), 0);
                ck_assert_ptr_nonnull(strstr(page, "&lt;b&gt;why&lt;/b&gt;"));
                ck_assert_uint_eq(count(page, "<h1>"), 1);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("page");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_loop_test(all, inert, 0, ELEMENTSOF(hostile));
        tcase_add_test(all, endless);
        tcase_add_test(all, odd_pages);
        tcase_add_test(all, form);
        tcase_add_test(all, reach);
        tcase_add_test(all, match_code);
        tcase_add_test(all, stages);
        tcase_add_test(all, kinds);
        tcase_add_test(all, more_time);
        tcase_add_test(all, voted_before);
        tcase_add_test(all, masked);
        tcase_add_test(all, cut_off);
        tcase_add_test(all, one_of_two);
        tcase_add_test(all, times);
        tcase_add_test(all, refusals);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
