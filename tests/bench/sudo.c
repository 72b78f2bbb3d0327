/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All of `sudo true`, with a granted check and with pam_permit in its place: a link to the one or the
 * other stack is put in the place of sudo's before each run.
 *
 *     bench_sudo LINK PERMIT-STACK JIT-STACK USER ROUNDS TURNS
 */

#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/bench/bench.h"

typedef struct Stack {
        const char *link, *target;
        const struct passwd *user;
} Stack;

static void become(const struct passwd *user)
{
        if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
                setuid(user->pw_uid) < 0 || chdir("/") < 0) {
                err(1, "%s", user->pw_name);
        }
}

static void choose(void *userdata)
{
        const Stack *s = userdata;
        char *made;

        if (str_printf(&made, "%s.new", s->link) < 0) {
                err(1, NULL);
        }
        (void) unlink(made);
        if (symlink(s->target, made) < 0 || rename(made, s->link) < 0) {
                err(1, "%s", s->link);
        }
        free(made);
}

static void run_sudo(void *userdata)
{
        const Stack *s = userdata;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                become(s->user);
                (void) execl("/usr/bin/sudo", "sudo", "true", NULL);
                err(1, "sudo");
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
                errx(1, "sudo true failed with %s", s->target);
        }
}

int main(int argc, char **argv)
{
        Rounds permit = {}, ratio = {};

        if (argc != 7) {
                errx(2, "usage: bench_sudo LINK PERMIT-STACK JIT-STACK USER ROUNDS TURNS");
        }
        const struct passwd *user = getpwnam(argv[4]);
        if (!user) {
                errx(1, "no user %s", argv[4]);
        }
        size_t rounds = (size_t) number(argv[5]), turns = (size_t) number(argv[6]);
        Stack stacks[] = { { argv[1], argv[2], user }, { argv[1], argv[3], user } };
        Act acts[] = { { choose, run_sudo, NULL, &stacks[0] },
                { choose, run_sudo, NULL, &stacks[1] } };
        for (size_t i = 0; i < rounds; i++) {
                acts_run(acts, ELEMENTSOF(acts), turns);
                rounds_add(&permit, acts[0].median / 1000);
                rounds_add(&ratio, acts[1].median / acts[0].median);
        }
        rounds_report("sudo_permit", &permit);
        rounds_report("sudo", &ratio);
        return 0;
}
