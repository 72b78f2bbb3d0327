/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/residue/compare.h"

#define FROM 1000
#define TAKEN 1100 /* when the baseline was */

static Snapshot before, now;
static Report report;

static void done(void)
{
        snapshot_done(&before);
        snapshot_done(&now);
        report_done(&report);
}

typedef struct Simple {
        const char *path; /* NULL: it is not there */
        char type;
        uint32_t mode;
        const char *hash;
        usec_t mtime, ctime;
} Simple;

static void add(Snapshot *s, const Simple *x)
{
        Entry e = { x->path ? strdup(x->path) : NULL, (EntryType) x->type, x->mode, 0, 0, 0,
                x->mtime, x->ctime, "" };

        if (x->path) {
                (void) stpncpy(e.hash, str_or(x->hash, ""), HASH_SIZE - 1);
                ck_assert_int_eq(snapshot_add(s, &e), 0);
        }
}

/* What is told: "KIND WHAT (NOTE)", or "". */
static void told(char out[static 512])
{
        char *at = out;

        *out = '\0';
        for (char **line = report.lines; line && *line; line++) {
                _cleanup_(freep) char *copy = NULL;
                Trace t;

                ck_assert_int_eq(trace_from_line(*line, &copy, &t), 0);
                at += snprintf(at, (size_t) (out + 512 - at), "%s%s %s (%s)", at > out ? "; " : "",
                        trace_kind_to_string(t.kind), t.what, str_or(t.note, ""));
        }
}

static const struct {
        Simple before, now;
        const char *told;
} cases[] = {
        { { NULL }, { NULL }, "" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0644, "1", 5, 5 }, "" },
        { { NULL }, { "/a", 'f', 0644, "1", 5, 5 }, "added /a ()" },
        { { NULL }, { "/a", 'd', 0755, "", 5, 5 }, "added /a ()" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { NULL }, "removed /a ()" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0644, "2", 5, 5 }, "changed /a (content)" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0646, "1", 5, 5 },
                "changed /a (owner or mode)" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'l', 0644, "1", 5, 5 },
                "changed /a (it is of another kind)" },
        /* without a hash size and times count */
        { { "/a", 'f', 0644, "", 5, 5 }, { "/a", 'f', 0644, "", 6, 5 }, "changed /a (content)" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0644, "1", 6, 5 }, "" },
        /* as it was, but touched; before the baseline that is all there is to see */
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0644, "1", 5, FROM - 1 }, "" },
        { { "/a", 'f', 0644, "1", 5, FROM }, { "/a", 'f', 0644, "1", 5, FROM },
                "changed /a (before the baseline was taken)" },
        { { "/a", 'f', 0644, "1", 5, 5 }, { "/a", 'f', 0644, "1", 5, TAKEN + 1 },
                "changed /a (touched; it is as before)" },
        { { "/a", 'd', 0755, "", 5, 5 }, { "/a", 'd', 0755, "", 5, TAKEN + 1 }, "" },
        { { "/a", 'd', 0755, "", 5, 5 }, { "/a", 'd', 0777, "", 5, 5 },
                "changed /a (owner or mode)" },
        { { "/p: eve", '=', 0, "1", 0, 5 }, { "/p: eve", '=', 0, "1", 0, TAKEN + 1 }, "" },
        { { "/p: eve", '=', 0, "1", 0, 5 }, { "/p: eve", '=', 0, "2", 0, 5 },
                "changed /p: eve (id 0)" },
        { { NULL }, { "/p: eve", '=', 0, "1", 0, 5 }, "added /p: eve (id 0)" },
};

START_TEST(each)
{
        char text[512];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                add(&before, &cases[i].before);
                add(&now, &cases[i].now);
                before.taken.wall = TAKEN;
                ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
                told(text);
                ck_assert_msg(
                        streq(text, cases[i].told), "%zu: '%s', not '%s'", i, text, cases[i].told);
                done();
        }
}
END_TEST

/* Without a baseline, or with half of one, only times tell; nothing is called new that may have been there. */
START_TEST(no_baseline)
{
        static const Simple files[] = {
                { "/a", 'f', 0644, "1", 5, 5 },
                { "/b", 'f', 0644, "1", 5, FROM },
                { "/c", 'd', 0755, "", 5, FROM },
                { "/d: x", '=', 0, "1", 0, FROM },
        };
        char text[512];

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                add(&now, &files[i]);
        }
        for (int i = 0; i < 2; i++) {
                before.full = true;
                ck_assert_int_eq(compare(i == 0 ? NULL : &before, &now, FROM, NULL, &report), 0);
                told(text);
                ck_assert_str_eq(text, "changed /b (new or changed; not in a baseline)");
                report_done(&report);
        }
}
END_TEST

/* A look that was cut short does not say that the rest is gone. */
START_TEST(half_a_look)
{
        const Simple file = { "/a", 'f', 0644, "1", 5, 5 };
        char text[512];

        add(&before, &file);
        now.full = true;
        ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
        told(text);
        ck_assert_str_eq(text, "");
}
END_TEST

/* A file of lines is told by its lines, and by itself only where none differs. _i: one does */
START_TEST(lines)
{
        const Simple file = { "/p", 'F', 0644, "", 0, 5 },
                     written = { "/p", 'F', 0644, "", 0, TAKEN + 1 };
        const Simple a = { "/p: a", '=', 0, "1", 0, 5 }, b = { "/p: b", '=', 0, "1", 0, 5 };
        const Simple other = { "/q", 'f', 0, "1", 0, 5 };
        char text[512];

        add(&before, &file);
        add(&before, &a);
        add(&before, &other);
        add(&now, &written);
        add(&now, &a);
        if (_i) {
                add(&now, &b);
        }
        add(&now, &other);
        ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
        told(text);
        ck_assert_str_eq(
                text, _i ? "added /p: b (id 0)" : "changed /p (touched; its lines are as before)");
        done();
        add(&before, &file);
        add(&now, &written);
        ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
        told(text);
        ck_assert_str_eq(text, "changed /p (touched; its lines are as before)");
}
END_TEST

/* _i: of another boot, in which all of /run is new */
START_TEST(another_boot)
{
        const Simple gone = { "/run/systemd/transient/a.service", 'f', 0644, "1", 5, 5 };
        const Simple made = { "/run/systemd/transient/b.service", 'f', 0644, "1", 5, 5 };
        const Simple stays = { "/etc/c", 'f', 0644, "1", 5, 5 };
        char text[512];

        (void) stpncpy(before.boot_id, "one", sizeof(before.boot_id) - 1);
        (void) stpncpy(now.boot_id, _i ? "two" : "one", sizeof(now.boot_id) - 1);
        add(&before, &gone);
        add(&now, &stays);
        add(&now, &made);
        ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
        told(text);
        ck_assert_str_eq(text, _i ? "added /etc/c ()"
                                  : "added /etc/c (); removed /run/systemd/transient/a.service (); "
                                    "added /run/systemd/transient/b.service ()");
}
END_TEST

START_TEST(units_are_noted)
{
        const Simple unit = { "/run/systemd/transient/x.service", 'f', 0644, "1", 5, 5 };
        const Simple timer = { "/run/systemd/transient/x.timer", 'f', 0644, "1", 5, 5 };

        add(&now, &unit);
        add(&now, &timer);
        ck_assert_int_eq(compare(&before, &now, FROM, NULL, &report), 0);
        ck_assert_uint_eq(strv_length(report.units), 1);
        ck_assert_str_eq(report.units[0], "x.service");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("compare");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, NULL, done);
        tcase_add_test(all, each);
        tcase_add_test(all, no_baseline);
        tcase_add_test(all, half_a_look);
        tcase_add_loop_test(all, lines, 0, 2);
        tcase_add_loop_test(all, another_boot, 0, 2);
        tcase_add_test(all, units_are_noted);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
