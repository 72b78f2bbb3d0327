/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The worker's side against the NSS of this machine: it must know root and the group root. */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit-approver/daemon/people_internal.h"

static PeopleAnswer answer;

static size_t ask(KeyKind kind, uid_t uid, const char *name)
{
        PeopleQuestion q = { .magic = PEOPLE_MAGIC, .serial = 77, .kind = kind, .uid = uid };
        size_t size;

        (void) snprintf(q.name, sizeof(q.name), "%s", name);
        memset(&answer, 0xff, sizeof(answer));
        size = people_answer(&q, &answer);
        ck_assert_uint_eq(answer.magic, PEOPLE_MAGIC);
        ck_assert_uint_eq(answer.serial, 77);
        ck_assert_uint_eq(
                size, PEOPLE_ANSWER_HEAD + answer.n_gids * sizeof(uint32_t) + answer.n_name);
        return size;
}

static void assert_name(const char *name)
{
        ck_assert_uint_eq(answer.n_name, strlen(name));
        ck_assert_mem_eq(answer.rest + answer.n_gids, name, answer.n_name);
}

START_TEST(answers)
{
        ask(KEY_UID, 0, "");
        ck_assert_uint_eq(answer.found, TERNARY_YES);
        ck_assert_uint_eq(answer.uid, 0);
        ck_assert_uint_ge(answer.n_gids, 1);
        ck_assert_uint_eq(answer.rest[0], 0);
        ck_assert_uint_eq(answer.canonical, 1);
        ck_assert_uint_eq(answer.partial, 0);
        assert_name("root");
        ask(KEY_USER, UID_UNSET, "root");
        ck_assert_uint_eq(answer.found, TERNARY_YES);
        ck_assert_uint_eq(answer.uid, 0);
        assert_name("root");
        ask(KEY_GROUP, UID_UNSET, "root");
        ck_assert_uint_eq(answer.found, TERNARY_YES);
        ck_assert_uint_eq(answer.gid, 0);
        ck_assert_uint_eq(answer.n_gids, 0);
        assert_name("root");
}
END_TEST

START_TEST(no_such)
{
        static const char *const names[] = { "no-such-name", "0", "0x0", "../root", "ROOT",
                "root " };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ck_assert_uint_eq(ask(KEY_USER, 0, names[i]), PEOPLE_ANSWER_HEAD);
                ck_assert_msg(answer.found == TERNARY_NO, "%s", names[i]);
                ck_assert_uint_eq(ask(KEY_GROUP, 0, names[i]), PEOPLE_ANSWER_HEAD);
                ck_assert_msg(answer.found == TERNARY_NO, "%s", names[i]);
        }
        ck_assert_uint_eq(ask(KEY_UID, 4000000123U, ""), PEOPLE_ANSWER_HEAD);
        ck_assert_uint_eq(answer.found, TERNARY_NO);
        ask((KeyKind) 9, 0, "root");
        ck_assert_uint_eq(answer.found, TERNARY_UNKNOWN);
}
END_TEST

static pid_t start(int *ret_fd)
{
        int fds[2];
        pid_t pid;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void) close(fds[0]);
                _exit(people_worker_main(fds[1]));
        }
        (void) close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

static int status_of(pid_t pid)
{
        int status;

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(life)
{
        PeopleQuestion q = { .magic = PEOPLE_MAGIC, .serial = 5, .kind = KEY_UID, .uid = 0 };
        int fd;
        pid_t pid = start(&fd);

        for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(send(fd, &q, sizeof(q), 0), sizeof(q));
                ck_assert_int_gt(recv(fd, &answer, sizeof(answer), 0), PEOPLE_ANSWER_HEAD);
                ck_assert_uint_eq(answer.serial, 5);
                ck_assert_uint_eq(answer.found, TERNARY_YES);
        }
        (void) close(fd);
        ck_assert_int_eq(status_of(pid), EXIT_SUCCESS);
}
END_TEST

/* It does not answer what is no question; that would be another version of the program. */
START_TEST(no_question)
{
        PeopleQuestion q = { .magic = PEOPLE_MAGIC, .kind = KEY_USER };
        int fd;
        pid_t pid;

        pid = start(&fd);
        ck_assert_int_eq(send(fd, &q, sizeof(q) - 1, 0), sizeof(q) - 1);
        ck_assert_int_eq(status_of(pid), EXIT_FAILURE);
        (void) close(fd);

        q.magic++;
        pid = start(&fd);
        ck_assert_int_eq(send(fd, &q, sizeof(q), 0), sizeof(q));
        ck_assert_int_eq(status_of(pid), EXIT_FAILURE);
        (void) close(fd);

        q.magic = PEOPLE_MAGIC;
        memset(q.name, 'a', sizeof(q.name));
        pid = start(&fd);
        ck_assert_int_eq(send(fd, &q, sizeof(q), 0), sizeof(q));
        ck_assert_int_eq(status_of(pid), EXIT_FAILURE);
        (void) close(fd);
}
END_TEST

/* It has nothing that an NSS module could misuse. */
START_TEST(no_capabilities)
{
        PeopleQuestion q = { .magic = PEOPLE_MAGIC, .kind = KEY_UID };
        char path[64], line[256];
        int fd, n = 0;
        pid_t pid = start(&fd);
        FILE *f;

        ck_assert_int_eq(send(fd, &q, sizeof(q), 0), sizeof(q));
        ck_assert_int_gt(recv(fd, &answer, sizeof(answer), 0), 0);
        (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
        f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof(line), f)) {
                if (strncmp(line, "CapPrm:", 7) == 0 || strncmp(line, "CapEff:", 7) == 0) {
                        ck_assert_str_eq(line + 7, "\t0000000000000000\n");
                        n++;
                } else if (strncmp(line, "NoNewPrivs:", 11) == 0) {
                        ck_assert_str_eq(line + 11, "\t1\n");
                        n++;
                }
        }
        ck_assert_int_eq(n, 3);
        (void) fclose(f);
        (void) close(fd);
        ck_assert_int_eq(status_of(pid), EXIT_SUCCESS);
}
END_TEST

START_TEST(names)
{
        char longest[PEOPLE_NAME_MAX + 1];

        memset(longest, 'x', sizeof(longest));
        ck_assert(people_name_valid(longest, PEOPLE_NAME_MAX));
        ck_assert(!people_name_valid(longest, PEOPLE_NAME_MAX + 1));
        ck_assert(!people_name_valid("", 0));
        ck_assert(!people_name_valid("a\0b", 3));
        ck_assert(!people_name_valid("a\x1b[2Jb", 6));
        ck_assert(people_name_valid("CORP\\j\xc3\xb6rg@corp", 14));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("people_worker");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, answers);
        tcase_add_test(all, no_such);
        tcase_add_test(all, life);
        tcase_add_test(all, no_question);
        tcase_add_test(all, no_capabilities);
        tcase_add_test(all, names);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
