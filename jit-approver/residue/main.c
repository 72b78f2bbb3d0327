/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jit-residue: what a grant left on the host. Run when a grant begins, it keeps what the named places
 * hold; run when it is over, it tells the approver what is not as it was. Which of the two, the
 * approver says. It changes nothing but its own file.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/residue/baseline.h"
#include "jit-approver/residue/compare.h"
#include "jit-approver/residue/places.h"
#include "jit-approver/residue/powers.h"
#include "jit-approver/residue/survivors.h"
#include "jit-approver/residue/task.h"

#define LIMIT (50 * USEC_PER_SEC) /* the unit's own is 60 s */
#define SETTLE (2 * USEC_PER_SEC) /* for the sessions to be ended */
#define CLOCK_SLACK (2 * USEC_PER_SEC)
#define CTIME_SLACK (10 * USEC_PER_MSEC) /* the kernel's time of a file is its last tick's */
#define TEXT_MAX (1024 * 1024)

static const char *arg_socket, *arg_state, *arg_root = "";
static usec_t arg_limit = LIMIT;

static const char *socket_path(void)
{
        return str_or(arg_socket, PROTOCOL_SOCKET);
}

/* Whoever names a socket knows whose it is. */
static uid_t server_uid(void)
{
        return arg_socket ? UID_UNSET : 0;
}

/* What one run knows. */
typedef struct Run {
        Id grant;
        Task task;
        usec_t deadline;
        Mounts mounts;
        Snapshot before, now;
        bool has_baseline;
        char *passwd;
        Report report;
} Run;

static int help(void)
{
        puts("jit-residue [OPTION…] ID\n\n"
             "What a grant left on the host. Run by jit-residue@ID.service, when a grant begins and ends.\n\n"
             "  --socket PATH  the approver's socket (" PROTOCOL_SOCKET ")\n"
             "  --state DIR    where baselines are kept ($STATE_DIRECTORY)\n"
             "  --root DIR     look at files below DIR\n"
             "  --limit SPAN   how long it may look (50s)\n"
             "  --help, --version");
        return 0;
}

static int read_text(const char *path, char **ret)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : read_file(fd, TEXT_MAX, ret, NULL);
}

static void read_boot_id(char out[static 40])
{
        _cleanup_(freep) char *text = NULL;

        if (read_text("/proc/sys/kernel/random/boot_id", &text) >= 0) {
                text[strcspn(text, "\n")] = '\0';
                (void) stpncpy(out, text, 39);
        }
}

static int look(Run *run)
{
        _cleanup_(freep) char *text = NULL;

        int r = read_text("/proc/self/mountinfo", &text);
        if (r >= 0) {
                r = mounts_parse(text, &run->mounts);
        }
        if (r >= 0) {
                r = places_look(arg_root, &run->mounts, run->deadline, &run->report, &run->now,
                        &run->passwd);
        }
        if (r >= 0) {
                read_boot_id(run->now.boot_id);
        }
        return r;
}

/* The first one counts: what comes later knows less. */
static int take_baseline(Run *run)
{
        int r = baseline_read(arg_state, &run->grant, &run->before);

        if (r >= 0) {
                return 0;
        }
        r = look(run);
        return r < 0 ? r : baseline_write(arg_state, &run->grant, &run->now);
}

/* By a clock that was set, times of change tell little. */
static int check_clock(Run *run)
{
        const Now *a = &run->before.taken, *b = &run->now.taken;
        usec_t by = (b->wall - b->boot) - (a->wall - a->boot);

        if (!run->has_baseline || !streq(run->before.boot_id, run->now.boot_id) ||
                (by < CLOCK_SLACK && by > -CLOCK_SLACK)) {
                return 0;
        }
        return report_cut(&run->report, "the clock was set by %lld s meanwhile",
                (long long) (by / USEC_PER_SEC));
}

static int look_for_all(Run *run)
{
        const usec_t from = run->task.from - CTIME_SLACK;
        const Powers powers = { arg_root, &run->mounts, run->passwd, from, run->deadline };
        const Survivors survivors = { "/proc", run->task.from, run->task.asker, run->task.target,
                run->task.units, run->passwd, clock_now() };

        int r = compare(run->has_baseline ? &run->before : NULL, &run->now, from, run->passwd,
                &run->report);
        if (r >= 0) {
                r = survivors_look(&survivors, &run->report);
        }
        if (r >= 0) {
                r = powers_look(&powers, &run->report);
        }
        return r < 0 ? r : check_clock(run);
}

static int take_report(Run *run)
{
        int r = baseline_read(arg_state, &run->grant, &run->before);

        run->has_baseline = r >= 0;
        if (r < 0) {
                r = report_cut(
                        &run->report, "there is no baseline%s", r == -ENOENT ? "" : " to be read");
        }
        /* Sessions are being ended in this very moment. */
        (void) poll(NULL, 0, (int) (SETTLE / USEC_PER_MSEC));
        run->deadline = usec_add(clock_usec(CLOCK_MONOTONIC), arg_limit);
        if (r >= 0) {
                r = look(run);
        }
        if (r >= 0) {
                r = look_for_all(run);
        }
        if (r >= 0) {
                r = task_deliver(socket_path(), server_uid(), run->grant.text, &run->report);
        }
        if (r >= 0) {
                log_info("Grant %s left %lld findings%s%s", run->grant.text,
                        (long long) run->report.found, run->report.cut_short ? "; cut short: " : "",
                        str_or(run->report.cut_short, ""));
        }
        return r;
}

static int run_all(Run *run)
{
        int r = task_get(socket_path(), server_uid(), run->grant.text, &run->task);

        if (r >= 0 && run->task.active) {
                return take_baseline(run);
        }
        if (r >= 0) {
                r = take_report(run);
        }
        if (r >= 0 || r == -ENOENT) {
                baseline_remove(arg_state, &run->grant);
        }
        return r == -ENOENT ? 0 : r;
}

static void run_done(Run *run)
{
        task_done(&run->task);
        mounts_done(&run->mounts);
        snapshot_done(&run->before);
        snapshot_done(&run->now);
        free(run->passwd);
        report_done(&run->report);
}

static int parse_args(int argc, char *argv[])
{
        enum { OPT_SOCKET = 256, OPT_STATE, OPT_ROOT, OPT_LIMIT, OPT_VERSION };
        static const struct option options[] = {
                { "socket", required_argument, NULL, OPT_SOCKET },
                { "state", required_argument, NULL, OPT_STATE },
                { "root", required_argument, NULL, OPT_ROOT },
                { "limit", required_argument, NULL, OPT_LIMIT },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPT_VERSION },
                { NULL, 0, NULL, 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case OPT_SOCKET:
                        arg_socket = optarg;
                        break;
                case OPT_STATE:
                        arg_state = optarg;
                        break;
                case OPT_ROOT:
                        arg_root = optarg;
                        break;
                case OPT_LIMIT:
                        if (span_parse(optarg, &arg_limit) < 0) {
                                fprintf(stderr, "jit-residue: --limit takes a span, such as 50s\n");
                                return -EINVAL;
                        }
                        break;
                case OPT_VERSION:
                        puts("jit-residue " PROJECT_VERSION);
                        exit(0);
                case 'h':
                        exit(help());
                default:
                        return -EINVAL;
                }
        }
        return 0;
}

int main(int argc, char *argv[])
{
        Run run = { 0 };

        umask(0077);
        arg_state = getenv("STATE_DIRECTORY");
        if (parse_args(argc, argv) < 0) {
                return 2;
        }
        if (optind + 1 != argc || id_parse(argv[optind], &run.grant) < 0 || !arg_state) {
                fprintf(stderr, "jit-residue: takes the id of a grant, and a folder; see --help\n");
                return 2;
        }
        run.deadline = usec_add(clock_usec(CLOCK_MONOTONIC), arg_limit);
        int r = run_all(&run);
        if (r < 0) {
                log_error("Failed to take what grant %s left: %s", run.grant.text, strerror(-r));
        }
        run_done(&run);
        return r < 0 ? 1 : 0;
}
