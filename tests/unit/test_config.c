/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <sys/wait.h>

#include "jit-approver/daemon/config_internal.h"
#include "tests/fake/worker.h"

static sd_event *event;
static People *people;
static Config *config;
static char folder[] = "/tmp/jit-config.XXXXXX";
static char path[sizeof(folder) + 16];
static int n_done, last_ok;

static usec_t now(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

static void put(const char *name, const char *text, size_t size, mode_t mode)
{
        char file[128];
        int fd;

        (void) snprintf(file, sizeof(file), "%s/%s", folder, name);
        fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, size), size);
        ck_assert_int_eq(fchmod(fd, mode), 0);
        (void) close(fd);
}

static void put_text(const char *name, const char *text)
{
        put(name, text, strlen(text), 0644);
}

static char *rule_text(const char *name, const char *users)
{
        char *text;

        ck_assert_int_eq(
                str_printf(&text, "[rule %s]\nservices = sudo\nusers = %s\naction = allow\n", name,
                        users),
                0);
        return text;
}

static void put_rule(const char *file, const char *name, const char *users)
{
        _cleanup_(freep) char *text = rule_text(name, users);

        put_text(file, text);
}

static void on_done(bool ok, void *userdata)
{
        n_done++;
        last_ok = ok;
        if (userdata) {
                ++*(int *) userdata;
        }
}

static void turn_until_done(int n)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (n_done < n) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                ck_assert_int_lt(now(), until);
        }
        ck_assert_int_eq(n_done, n);
}

static void turn_for(usec_t usec)
{
        usec_t until = now() + usec;

        while (now() < until) {
                ck_assert_int_ge(sd_event_run(event, (uint64_t) (until - now())), 0);
        }
}

/* Turns the loop until a refresh has said so. */
static void turn_until_exists(const Name *name, Ternary exists)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (name->exists != exists) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                ck_assert_int_lt(now(), until);
        }
}

static bool load(void)
{
        int n = n_done;

        ck_assert_int_eq(config_load(config, on_done, NULL), 0);
        turn_until_done(n + 1);
        return last_ok;
}

/* The i-th problem as it is told; static memory. */
static const char *problem(size_t i)
{
        static char text[1024];
        const Problems *p = config_problems(config);
        _cleanup_(freep) char *s = NULL;

        ck_assert_uint_gt(p->n, i);
        s = problem_to_string(&p->items[i]);
        ck_assert_ptr_nonnull(s);
        /* without the folder */
        ck_assert_int_eq(strncmp(s, folder, strlen(folder)), 0);
        (void) snprintf(text, sizeof(text), "%s", s + strlen(folder) + 1);
        return text;
}

static void setup(void)
{
        char sub[128];

        n_done = 0;
        memcpy(strrchr(folder, '.'), ".XXXXXX", sizeof(".XXXXXX"));
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void) snprintf(path, sizeof(path), "%s/a.conf", folder);
        (void) snprintf(sub, sizeof(sub), "%s/a.conf.d", folder);
        ck_assert_int_eq(mkdir(sub, 0755), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(people_new(event, fake_path(), &people), 0);
        ck_assert_int_eq(config_new(path, people, &config), 0);
}

static void teardown(void)
{
        char command[128];

        config = config_free(config);
        people = people_free(people);
        event = sd_event_unref(event);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        ck_assert_int_eq(system(command), 0);
        fake_clean();
}

START_TEST(no_file)
{
        ck_assert_ptr_null(config_rules(config));
        ck_assert_uint_eq(config_problems(config)->n, 0);
        ck_assert(!load());
        ck_assert_ptr_null(config_rules(config));
        ck_assert_str_eq(problem(0), "a.conf: the file does not exist");
        /* a drop-in does not stand for it */
        put_rule("a.conf.d/x.conf", "x", "u1");
        ck_assert(!load());
        ck_assert_str_eq(problem(0), "a.conf: the file does not exist");
        config_refresh(config, USEC_NEVER);
}
END_TEST

START_TEST(drop_ins)
{
        static const char *const order[] = { "main", "big", "ten", "nine", "small" };
        const Rules *rules;

        put_rule("a.conf", "main", "u1, @g2");
        put_rule("a.conf.d/9.conf", "nine", "u3");
        put_rule("a.conf.d/10.conf", "ten", "u4");
        put_rule("a.conf.d/a.conf", "small", "u5");
        put_rule("a.conf.d/.hidden.conf", "hidden", "u6");
        put_rule("a.conf.d/.conf", "bare", "u6");
        put_rule("a.conf.d/b.conf~", "backup", "u6");
        put_rule("a.conf.d/b.conf.bak", "backup", "u6");
        put_rule("a.conf.d/README", "readme", "u6");
        put_rule("a.conf.d/!.conf", "big", "u6");
        ck_assert(load());
        ck_assert_uint_eq(config_problems(config)->n, 0);
        rules = config_rules(config);
        ck_assert_uint_eq(rules->n_rules, ELEMENTSOF(order));
        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                ck_assert_str_eq(rules->rules[i].name, order[i]);
        }
        ck_assert_int_eq(rules->rules[0].users.items[0].exists, TERNARY_YES);
        ck_assert_uint_eq(rules->rules[0].users.items[0].id, 1);
        ck_assert_int_eq(rules->rules[0].users.items[1].exists, TERNARY_YES);
        ck_assert_uint_eq(rules->rules[0].users.items[1].id, 2);
        ck_assert(!rules->unresolved);
        /* the files' names live as long as the rules */
        ck_assert_str_eq(strrchr(rules->rules[2].place.file, '/'), "/10.conf");
}
END_TEST

static void assert_bad(const char *what)
{
        ck_assert(!load());
        ck_assert_uint_eq(config_problems(config)->n, 1);
        ck_assert_str_eq(problem(0), what);
        ck_assert_ptr_nonnull(config_rules(config));
}

static void assert_good(void)
{
        ck_assert_msg(load(), "%s", problem(0));
        ck_assert_uint_eq(config_problems(config)->n, 0);
}

static void in_folder(const char *name, char out[static 128])
{
        (void) snprintf(out, 128, "%s/%s", folder, name);
}

START_TEST(bad_files)
{
        char x[128], target[128], sub[128];

        put_rule("a.conf", "main", "u1");
        assert_good();
        in_folder("a.conf.d/x.conf", x);
        in_folder("a.conf.d", sub);
        in_folder("target", target);

        put("a.conf.d/x.conf", "", 0, 0664);
        assert_bad("a.conf.d/x.conf: must belong to root and be writable by nobody else");
        put("a.conf.d/x.conf", "a\0b", 3, 0600);
        assert_bad("a.conf.d/x.conf: holds a NUL byte");
        ck_assert_int_eq(unlink(x), 0);
        put_text("target", "");
        ck_assert_int_eq(symlink(target, x), 0);
        assert_bad("a.conf.d/x.conf: must not be a symbolic link");
        ck_assert_int_eq(unlink(x), 0);
        ck_assert_int_eq(mkdir(x, 0755), 0);
        assert_bad("a.conf.d/x.conf: is not a regular file");
        ck_assert_int_eq(rmdir(x), 0);
        ck_assert_int_eq(mkfifo(x, 0600), 0);
        assert_bad("a.conf.d/x.conf: is not a regular file");
        ck_assert_int_eq(unlink(x), 0);
        assert_good();

        ck_assert_int_eq(chmod(sub, 0777), 0);
        assert_bad("a.conf.d: must belong to root and be writable by nobody else");
        ck_assert_int_eq(rmdir(sub), 0);
        assert_good();
        put_text("a.conf.d", "");
        assert_bad("a.conf.d: cannot be read: Not a directory");
        ck_assert_int_eq(unlink(sub), 0);
        assert_good();

        if (geteuid() == 0) {
                ck_assert_int_eq(chown(path, 4321, 0), 0);
                assert_bad("a.conf: must belong to root and be writable by nobody else");
        }
}
END_TEST

START_TEST(size)
{
        enum { MIB = 1 << 20 };
        static char spaces[MIB];
        _cleanup_(freep) char *rule = rule_text("main", "u1");
        size_t left = MIB - strlen(rule);

        memset(spaces, '\n', sizeof(spaces));
        put_text("a.conf", rule);
        put("a.conf.d/1.conf", spaces, MIB, 0644);
        put("a.conf.d/2.conf", spaces, MIB, 0644);
        put("a.conf.d/3.conf", spaces, MIB, 0644);
        put("a.conf.d/4.conf", spaces, left, 0644);
        assert_good();
        put("a.conf.d/5.conf", spaces, 1, 0644);
        assert_bad("a.conf.d/5.conf: makes the configuration larger than 4 MiB");
}
END_TEST

START_TEST(all_problems_at_once)
{
        put_text("a.conf", "[rule main]\nservices = sudo\nusers = u1\nactoin = allow\n");
        put_text("a.conf.d/x.conf", "[rule x]\nservices = sudo\nusers = u1\naction = alow\n");
        ck_assert(!load());
        ck_assert_uint_ge(config_problems(config)->n, 2);
        ck_assert_int_eq(strncmp(problem(1), "a.conf:4:1: ", 12), 0);
        ck_assert_int_eq(
                strncmp(problem(config_problems(config)->n - 1), "a.conf.d/x.conf:4:10: ", 22), 0);
}
END_TEST

START_TEST(names)
{
        const Rules *rules;

        put_rule("a.conf", "main", "u1, unknown1, @unknown2");
        ck_assert(load());
        rules = config_rules(config);
        ck_assert(rules->unresolved);
        ck_assert_int_eq(rules->rules[0].users.items[1].exists, TERNARY_UNKNOWN);
        ck_assert_uint_eq(config_problems(config)->n, 0);

        /* a definite no: the old rules go on, at the very place where they were */
        put_rule("a.conf", "new", "u1, nope, @gone");
        ck_assert(!load());
        ck_assert_uint_eq(config_problems(config)->n, 2);
        ck_assert_str_eq(problem(0), "a.conf:3:13: there is no account 'nope' on this system");
        ck_assert_str_eq(problem(1), "a.conf:3:19: there is no Unix group 'gone' on this system");
        ck_assert_ptr_eq(config_rules(config), rules);
        ck_assert_str_eq(rules->rules[0].name, "main");

        put_rule("a.conf", "newer", "u1");
        assert_good();
        ck_assert_str_eq(config_rules(config)->rules[0].name, "newer");
}
END_TEST

/* A load asks anew: what was "no such user" a moment ago may be there now. */
START_TEST(asks_anew)
{
        put_rule("a.conf", "main", "flip");
        fake_says('n');
        ck_assert(!load());
        fake_says('y');
        ck_assert(load());
        ck_assert_uint_eq(config_rules(config)->rules[0].users.items[0].id, FAKE_FLIP_ID);
}
END_TEST

START_TEST(cancelled_by_another)
{
        int first = 0, second = 0;

        put_rule("a.conf", "main", "slow");
        ck_assert_int_eq(config_load(config, on_done, &first), 0);
        put_rule("a.conf", "newer", "slow, u1");
        ck_assert_int_eq(config_load(config, on_done, &second), 0);
        turn_until_done(1);
        turn_for(200 * USEC_PER_MSEC);
        ck_assert_int_eq(first, 0);
        ck_assert_int_eq(second, 1);
        ck_assert_str_eq(config_rules(config)->rules[0].name, "newer");
}
END_TEST

START_TEST(freed_while_loading)
{
        put_rule("a.conf", "main", "hang");
        ck_assert_int_eq(config_load(config, on_done, NULL), 0);
        config = config_free(config);
        turn_for(50 * USEC_PER_MSEC);
        ck_assert_int_eq(n_done, 0);
}
END_TEST

/* Sixty seconds later, as far as config and people can tell. */
static usec_t later(usec_t usec)
{
        people_flush(people);
        return clock_usec(CLOCK_BOOTTIME) + usec;
}

START_TEST(refresh)
{
        const Rules *rules;
        const Name *name;
        size_t asked;

        fake_says('y');
        put_rule("a.conf", "main", "u1, flip");
        ck_assert(load());
        rules = config_rules(config);
        name = &rules->rules[0].users.items[1];
        ck_assert_int_eq(name->exists, TERNARY_YES);

        asked = fake_asked();
        fake_says('u');
        config_refresh(config, later(55 * USEC_PER_SEC));
        turn_for(50 * USEC_PER_MSEC);
        ck_assert_uint_eq(fake_asked(), asked); /* not yet */

        config_refresh(config, later(61 * USEC_PER_SEC));
        config_refresh(config, later(61 * USEC_PER_SEC)); /* one is enough */
        turn_until_exists(name, TERNARY_UNKNOWN);
        ck_assert(rules->unresolved);
        ck_assert_uint_eq(config_problems(config)->n, 0);
        ck_assert_ptr_eq(config_rules(config), rules);

        /* sooner now */
        fake_says('y');
        config_refresh(config, later(4 * USEC_PER_SEC));
        turn_for(50 * USEC_PER_MSEC);
        ck_assert_int_eq(name->exists, TERNARY_UNKNOWN);
        config_refresh(config, later(6 * USEC_PER_SEC));
        turn_until_exists(name, TERNARY_YES);
        ck_assert_uint_eq(name->id, FAKE_FLIP_ID);
        ck_assert(!rules->unresolved);

        /* gone for good: the rules stay, and it is told */
        fake_says('n');
        config_refresh(config, later(61 * USEC_PER_SEC));
        turn_until_exists(name, TERNARY_NO);
        ck_assert_ptr_eq(config_rules(config), rules);
        ck_assert_str_eq(problem(0), "a.conf:3:13: there is no account 'flip' on this system");
        ck_assert_int_eq(rules->rules[0].users.items[0].exists, TERNARY_YES);
}
END_TEST

START_TEST(refresh_and_reload)
{
        fake_says('y');
        put_rule("a.conf", "main", "flip");
        ck_assert(load());
        fake_says('h');
        config_refresh(config, later(61 * USEC_PER_SEC));
        turn_for(50 * USEC_PER_MSEC);
        put_rule("a.conf", "newer", "u1");
        ck_assert(load());
        turn_for(2100 * USEC_PER_MSEC);
        ck_assert_str_eq(config_rules(config)->rules[0].name, "newer");
        ck_assert(!config_rules(config)->unresolved);

        put_rule("a.conf", "main", "u1, slow");
        ck_assert(load());
        config_refresh(config, later(61 * USEC_PER_SEC));
        config = config_free(config); /* in the middle of it */
        turn_for(100 * USEC_PER_MSEC);
}
END_TEST

/* Answers that are there already do not pile up on the stack. */
START_TEST(many_names)
{
        enum { N = 1000 };
        static char text[N * 80];
        size_t at = 0;

        for (unsigned i = 0; i < N; i++) {
                at += (size_t) snprintf(text + at, sizeof(text) - at,
                        "[rule r%u]\nservices = sudo\nusers = u%u, @g1, u2, @g2, u%u\naction = allow\n",
                        i, i % 20, i / 100);
        }
        put_text("a.conf", text);
        assert_good();
        ck_assert_uint_eq(config_rules(config)->rules[N - 1].users.items[4].id, (N - 1) / 100);
        config_refresh(config, clock_usec(CLOCK_BOOTTIME) + 61 * USEC_PER_SEC);
        ck_assert(!config_rules(config)->unresolved);
}
END_TEST

START_TEST(check)
{
        Problems problems = {}, warnings = {};

        put_rule("a.conf", "main", "u1, @g1");
        ck_assert_int_eq(config_check(path, fake_path(), &problems, &warnings), 0);
        ck_assert_uint_eq(problems.n, 0);
        problems_done(&warnings);
        /* a rule below one that says the same */
        put_rule("a.conf.d/x.conf", "x", "u1");
        ck_assert_int_eq(config_check(path, fake_path(), &problems, &warnings), 0);
        ck_assert_ptr_nonnull(
                strstr(warnings.items[warnings.n - 1].message, "never comes to its turn"));
        problems_done(&warnings);
        put_rule("a.conf.d/x.conf", "x", "u1, no-such-user, @no-such-group");
        ck_assert_int_eq(config_check(path, fake_path(), &problems, &warnings), -EINVAL);
        ck_assert_uint_eq(problems.n, 2);
        problems_done(&problems);
        put_text("a.conf.d/x.conf", "what\n");
        ck_assert_int_eq(config_check(path, fake_path(), &problems, &warnings), -EINVAL);
        problems_done(&problems);
        ck_assert_int_eq(
                config_check("/nonexistent/a.conf", fake_path(), &problems, &warnings), -EINVAL);
        problems_done(&problems);
        ck_assert_uint_eq(warnings.n, 0);
}
END_TEST

/* Names are told together with whatever else is wrong; a name service that hangs keeps nobody. */
START_TEST(check_all_at_once)
{
        usec_t began = now();
        Problems problems = {}, warnings = {};

        put_text("a.conf",
                "[rule x]\nservices = sudo\nusers = no-such-user, hangman\nactoin = allow\n");
        ck_assert_int_eq(config_check(path, fake_path(), &problems, &warnings), -EINVAL);
        ck_assert_uint_eq(problems.n, 3); /* lacks 'action', unknown 'actoin', no-such-user */
        ck_assert_int_lt(now() - began, 10 * USEC_PER_SEC);
        problems_done(&problems);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite;
        TCase *all;
        SRunner *runner;
        int failed;

        fake_worker(argc, argv);
        suite = suite_create("config");
        all = tcase_create("all");
        tcase_set_timeout(all, 30);
        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, no_file);
        tcase_add_test(all, drop_ins);
        tcase_add_test(all, bad_files);
        tcase_add_test(all, size);
        tcase_add_test(all, all_problems_at_once);
        tcase_add_test(all, names);
        tcase_add_test(all, asks_anew);
        tcase_add_test(all, cancelled_by_another);
        tcase_add_test(all, freed_while_loading);
        tcase_add_test(all, refresh);
        tcase_add_test(all, refresh_and_reload);
        tcase_add_test(all, many_names);
        tcase_add_test(all, check);
        tcase_add_test(all, check_all_at_once);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
