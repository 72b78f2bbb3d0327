/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jit-approver: wiring only. Who owns what stands in flow.h, what happens when in the flow_*.c. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/log.h"
#include "jit-approver/daemon/methods.h"
#include "jit-approver/daemon/recovery.h"

/* How long the first question may be kept waiting, of the 5 s its asker waits for an answer. */
#define RULES_TIME (3 * USEC_PER_SEC)
#define BUS_TIME (1 * USEC_PER_SEC)

/* By this name an upgrade in the meantime cannot give us workers of another build. */
#define WORKERS "/proc/self/exe"

static const char *arg_config = SYSCONFDIR "/jit-approver/approver.conf";
static const char *arg_socket, *arg_gateway_socket, *arg_state, *arg_from;
static bool arg_recover;
static const char *arg_bus; /* NULL: the system bus */

static int help(void)
{
        puts("jit-approver [OPTION…]\n\n"
             "Answers PAM modules and jitctl: whether access is granted, and whom to ask.\n\n"
             "  --config FILE          the rules (" SYSCONFDIR "/jit-approver/approver.conf)\n"
             "  --socket PATH          listen here, without socket activation\n"
             "  --gateway-socket PATH  likewise, for the gateway\n"
             "  --state DIR            the record ($STATE_DIRECTORY)\n"
             "  --no-bus               do without systemd: no timers, no sessions that can be ended\n"
             "  --check                only check the rules: problems on stderr, exit 1; warnings too\n"
             "  --recover              put the store right while no approver has it, then exit\n"
             "  --from FILE            with --recover: from this backup\n"
             "  --help, --version");
        return 0;
}

static int check_rules(void)
{
        Problems problems = { 0 }, warnings = { 0 };

        int r = config_check(arg_config, WORKERS, &problems, &warnings);
        for (size_t i = 0; i < problems.n; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems.items[i]);
                fprintf(stderr, "%s\n", str_or(text, "out of memory"));
        }
        if (r < 0 && problems.n == 0) {
                fprintf(stderr, "%s: %s\n", arg_config, strerror(-r));
        }
        for (size_t i = 0; i < warnings.n; i++) {
                _cleanup_(freep) char *text = problem_to_string(&warnings.items[i]);
                fprintf(stderr, "warning: %s\n", str_or(text, "out of memory"));
        }
        problems_done(&problems);
        problems_done(&warnings);
        return r < 0 ? 1 : 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Daemon *d = userdata;

        (void) sd_notify(false, "RELOADING=1");
        int r = methods_reload(d);
        if (r < 0) {
                log_warning("Failed to read the rules, keeping the old ones: %s", strerror(-r));
        }
        (void) sd_notify(false, "READY=1");
        return 0;
}

static void on_due(void *userdata)
{
        flow_due(userdata);
}

static void on_bus_up(void *userdata)
{
        flow_bus_up(userdata);
}

static void on_host_gone(const Id *session, void *userdata)
{
        opening_gone(userdata, session);
}

static int daemon_signals(Daemon *d)
{
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0) {
                return -errno;
        }
        int r = sd_event_add_signal(d->event, NULL, SIGTERM, on_stop, d);
        if (r >= 0) {
                r = sd_event_add_signal(d->event, NULL, SIGINT, on_stop, d);
        }
        return r < 0 ? r : sd_event_add_signal(d->event, NULL, SIGHUP, on_reload, d);
}

/* A store that cannot be opened is told to whoever asks; it never keeps the daemon from refusing well. */
static int daemon_open_store(Daemon *d)
{
        const char *dir = arg_state ? arg_state : getenv("STATE_DIRECTORY");
        Ledger *l = &d->ledger;

        int r = dir ? store_open(dir, &l->store) : -ENOENT;
        if (r < 0) {
                const char *why = recovery_words(r);
                log_error("Failed to open the record in '%s': %s; nothing new can be granted",
                        str_or(dir, "(no --state)"), why);
                r = str_printf(&l->problem, "%s", why);
                if (r < 0) {
                        return r;
                }
        }
        if (l->store) {
                r = record_key_open(dir, &l->record_key);
                if (r < 0) {
                        log_error("Failed to read the record's key in '%s': %s; it is not pruned",
                                dir, strerror(-r));
                }
                r = link_key_open(dir, &d->link_key);
                if (r < 0) {
                        log_error("Failed to read the links' key in '%s': %s; no links are made",
                                dir, strerror(-r));
                }
                r = rescue_key_open(dir, &d->rescue_key);
                if (r < 0) {
                        log_error(
                                "Failed to read the key of the rescue codes in '%s': %s; none is taken",
                                dir, strerror(-r));
                }
        }
        return audit_new(l->store, &l->audit);
}

static int daemon_host(Daemon *d)
{
        struct utsname name;

        if (uname(&name) < 0) {
                return -errno;
        }
        d->host = strdup(name.nodename);
        return d->host ? 0 : -ENOMEM;
}

static int daemon_new(Daemon *d)
{
        int r = daemon_host(d);
        if (r >= 0) {
                r = proof_boot_id(d->ledger.boot_id);
        }
        if (r >= 0) {
                r = daemon_signals(d);
        }
        if (r >= 0) {
                r = daemon_open_store(d);
        }
        if (r >= 0) {
                r = people_new(d->event, WORKERS, &d->people);
        }
        if (r >= 0) {
                r = config_new(arg_config, d->people, &d->config);
        }
        if (r >= 0) {
                r = bus_new(d->event, arg_bus, on_bus_up, d, &d->bus);
        }
        if (r >= 0) {
                r = timer_new(d->event, d->bus, on_due, d, &d->timer);
        }
        if (r >= 0) {
                r = sessions_new(d->event, d->bus, &d->sessions);
        }
        if (r >= 0) {
                r = terminals_new(d->bus, &d->terminals);
        }
        if (r >= 0) {
                r = hosts_new(d->event, on_host_gone, d, &d->hosts);
        }
        return r < 0 ? r : server_new(d->event, &SERVER_LIMITS, methods_call, d, &d->server);
}

static void daemon_done(Daemon *d)
{
        Now now = clock_now();

        /* Who waits is hung up on, and comes back to our successor; then what calls used may go. */
        d->stopping = true;
        d->server = server_free(d->server);
        waiters_done(&d->waiters);
        courier_done(&d->courier);
        link_key_done(&d->link_key);
        rescue_key_done(&d->rescue_key);
        denials_done(&d->denials);
        backup_done(&d->backup);
        turn_free(TAKE_PTR(d->reloading));
        if (d->ledger.audit) {
                flow_record_left_out(d, true);
                (void) audit_flush(d->ledger.audit, &now);
        }
        d->voters = voters_free(d->voters);
        d->hosts = hosts_free(d->hosts);
        d->terminals = terminals_free(d->terminals);
        d->sessions = sessions_free(d->sessions);
        d->timer = timer_free(d->timer);
        d->bus = bus_free(d->bus);
        d->config = config_free(d->config);
        d->people = people_free(d->people);
        active_done(&d->active);
        ledger_done(&d->ledger);
        freep(&d->host);
        d->event = sd_event_unref(d->event);
}

static int daemon_listen(Daemon *d)
{
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        for (int i = 0; i < n; i++) {
                /* FileDescriptorName=, or the name of the unit */
                SocketKind kind = strstr(names[i], "gateway") ? SOCKET_GATEWAY : SOCKET_PEOPLE;
                int r = server_listen(d->server, kind, SD_LISTEN_FDS_START + i);
                if (r < 0) {
                        n = r;
                }
        }
        strv_free(names);
        if (n < 0) {
                return n;
        }
        if (arg_socket) {
                int r = server_bind(d->server, SOCKET_PEOPLE, arg_socket, 0666);
                if (r < 0) {
                        return r;
                }
        }
        if (arg_gateway_socket) {
                int r = server_bind(d->server, SOCKET_GATEWAY, arg_gateway_socket, 0600);
                if (r < 0) {
                        return r;
                }
        }
        return n == 0 && !arg_socket ? -EDESTADDRREQ : 0;
}

static void log_problems(const Daemon *d)
{
        const Problems *problems = config_problems(d->config);

        for (size_t i = 0; i < problems->n; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems->items[i]);
                log_error("%s", str_or(text, "out of memory"));
        }
}

typedef struct Loading {
        Daemon *daemon;
        bool done;
} Loading;

static void on_loaded(bool ok, void *userdata)
{
        Loading *l = userdata;

        l->done = true;
        flow_rules_loaded(l->daemon, ok);
        log_problems(l->daemon);
}

static int on_loading_long(sd_event_source *source, uint64_t usec, void *userdata)
{
        *(bool *) userdata = true;
        return 0;
}

/* Turns the loop until ready, or until span is over. */
static int daemon_settle(
        Daemon *d, bool (*is_ready)(const Loading *), Loading *loading, usec_t span)
{
        sd_event_source *timer = NULL;
        bool late = false;

        int r = sd_event_add_time_relative(
                d->event, &timer, CLOCK_MONOTONIC, (uint64_t) span, 0, on_loading_long, &late);
        while (r >= 0 && !late && !is_ready(loading)) {
                r = sd_event_run(d->event, UINT64_MAX);
        }
        sd_event_source_disable_unref(timer);
        return r < 0 ? r : 0;
}

static bool rules_are_ready(const Loading *l)
{
        return l->done;
}

/* No bus at all is an answer too. */
static bool bus_is_ready(const Loading *l)
{
        return !streq(bus_state(l->daemon->bus), "connecting");
}

/*
 * The first rules and the bus, before anybody can ask: whoever started us by asking would be refused
 * for want of them. A name service or a bus that hangs does not keep us for long.
 */
static int daemon_load(Daemon *d, Loading *loading)
{
        int r = config_load(d->config, on_loaded, loading);
        if (r >= 0) {
                r = daemon_settle(d, rules_are_ready, loading, RULES_TIME);
        }
        return r < 0 ? r : daemon_settle(d, bus_is_ready, loading, BUS_TIME);
}

static int daemon_run(Daemon *d)
{
        static Loading loading;

        loading.daemon = d;
        /* First what is in force: the bus, once up, is told of it. */
        int r = flow_recover(d);
        if (r >= 0) {
                r = daemon_load(d, &loading);
        }
        if (r >= 0) {
                opening_watch(d);
                r = daemon_listen(d);
        }
        if (r == -EDESTADDRREQ) {
                log_error("No socket to listen on: use socket activation or --socket PATH");
        }
        if (r >= 0) {
                (void) sd_event_set_watchdog(d->event, true);
                (void) sd_notify(false, "READY=1");
                r = sd_event_loop(d->event);
        }
        (void) sd_notify(false, "STOPPING=1");
        return r;
}

static int parse_args(int argc, char *argv[], bool *ret_check)
{
        enum {
                OPT_CONFIG = 256,
                OPT_SOCKET,
                OPT_GATEWAY,
                OPT_STATE,
                OPT_NO_BUS,
                OPT_CHECK,
                OPT_RECOVER,
                OPT_FROM,
                OPT_WORKER,
                OPT_VERSION
        };
        static const struct option options[] = {
                { "config", required_argument, NULL, OPT_CONFIG },
                { "socket", required_argument, NULL, OPT_SOCKET },
                { "gateway-socket", required_argument, NULL, OPT_GATEWAY },
                { "state", required_argument, NULL, OPT_STATE },
                { "no-bus", no_argument, NULL, OPT_NO_BUS },
                { "check", no_argument, NULL, OPT_CHECK },
                { "recover", no_argument, NULL, OPT_RECOVER },
                { "from", required_argument, NULL, OPT_FROM },
                { "people-worker", no_argument, NULL, OPT_WORKER },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPT_VERSION },
                { NULL, 0, NULL, 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case OPT_CONFIG:
                        arg_config = optarg;
                        break;
                case OPT_SOCKET:
                        arg_socket = optarg;
                        break;
                case OPT_GATEWAY:
                        arg_gateway_socket = optarg;
                        break;
                case OPT_STATE:
                        arg_state = optarg;
                        break;
                case OPT_NO_BUS:
                        arg_bus = "unix:path=/nonexistent/bus";
                        break;
                case OPT_CHECK:
                        *ret_check = true;
                        break;
                case OPT_RECOVER:
                        arg_recover = true;
                        break;
                case OPT_FROM:
                        arg_from = optarg;
                        break;
                case OPT_WORKER:
                        exit(people_worker_main(STDIN_FILENO));
                case OPT_VERSION:
                        puts("jit-approver " PROJECT_VERSION);
                        exit(0);
                case 'h':
                        exit(help());
                default:
                        return -EINVAL;
                }
        }
        if (arg_from && !arg_recover) {
                fprintf(stderr, "jit-approver: --from goes with --recover\n");
                return -EINVAL;
        }
        if (optind < argc) {
                fprintf(stderr,
                        "jit-approver: there are no arguments without an option; see --help\n");
                return -EINVAL;
        }
        return 0;
}

int main(int argc, char *argv[])
{
        Daemon d = { .tell_at = USEC_NEVER,
                .record_at = USEC_NEVER,
                .return_until = USEC_NEVER,
                .courier.due_at = USEC_NEVER,
                .reach_at = USEC_NEVER,
                .rights_at = USEC_NEVER,
                .warn_at = USEC_NEVER,
                .retry_at = USEC_NEVER,
                .now = clock_now };
        bool check = false;

        /* No dump has the links' key, whatever handles dumps here. */
        (void) prctl(PR_SET_DUMPABLE, 0);
        umask(0077);
        if (parse_args(argc, argv, &check) < 0) {
                return 2;
        }
        if (check) {
                return check_rules();
        }
        if (arg_recover) {
                return recovery_main(
                        arg_state ? arg_state : str_or(getenv("STATE_DIRECTORY"), RECOVERY_STATE),
                        arg_from);
        }
        d.started = clock_usec(CLOCK_BOOTTIME);
        int r = sd_event_default(&d.event);
        if (r >= 0) {
                r = daemon_new(&d);
        }
        if (r >= 0) {
                r = daemon_run(&d);
        }
        if (r < 0) {
                log_error("Failed to run: %s", strerror(-r));
        }
        daemon_done(&d);
        return r < 0 ? 1 : 0;
}
