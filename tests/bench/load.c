/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process that does nothing but load a module, as sudo does once: ours against one that needs
 * nothing. In a loop of one process a library that stays loaded would look free.
 *
 *     bench_load NULL-MODULE MODULE ROUNDS TURNS
 */

#include <dlfcn.h>
#include <err.h>
#include <security/pam_appl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

extern char **environ;

static void start(void *module)
{
        char *argv[] = { (char *) "bench_load", module, NULL };
        int status;
        pid_t pid;

        if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) != 0 ||
                waitpid(pid, &status, 0) < 0 || status != 0) {
                errx(1, "cannot load %s", (char *) module);
        }
}

static int load(const char *module)
{
        /* A host has libpam; it is not what is measured. */
        if (!pam_strerror(NULL, PAM_SUCCESS)) {
                return 1;
        }
        if (!dlopen(module, RTLD_NOW)) {
                errx(1, "%s", dlerror());
        }
        _exit(0);
}

int main(int argc, char **argv)
{
        Rounds ratio = {}, more = {};

        if (argc == 2) {
                return load(argv[1]);
        }
        if (argc != 5) {
                errx(2, "usage: bench_load NULL-MODULE MODULE ROUNDS TURNS");
        }
        size_t rounds = (size_t) number(argv[3]), turns = (size_t) number(argv[4]);
        Act acts[] = { { .run = start, .userdata = argv[1] },
                { .run = start, .userdata = argv[2] } };
        for (size_t i = 0; i < rounds; i++) {
                acts_run(acts, ELEMENTSOF(acts), turns);
                rounds_add(&ratio, acts[1].median / acts[0].median);
                rounds_add(&more, (acts[1].median - acts[0].median) / 1000);
        }
        rounds_report("load", &ratio);
        rounds_report("load_more", &more);
        return 0;
}
