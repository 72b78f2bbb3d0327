/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jit-gateway: wiring only. It carries messages out and clicks in; the approver decides. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "jit-approver/gateway/deliver.h"
#include "jit-approver/gateway/web.h"

static const char *arg_config = SYSCONFDIR "/jit-approver/gateway.conf";
static const char *arg_socket = PROTOCOL_GATEWAY_SOCKET;
static uid_t arg_server_uid = 0;

/* In the order in which they are made; what one uses stands above it. */
typedef struct Gateway {
        GatewayConfig config;
        sd_event *event;
        Upstream *upstream;
        Fetcher *fetcher;
        Web *web;
        Deliver *deliver;
} Gateway;

#define LOW_PORTS 1024 /* those below it are not for a program without capabilities */

static int help(void)
{
        puts("jit-gateway [OPTION…]\n\n"
             "Carries the approver's messages out and people's clicks in. Decides nothing.\n\n"
             "  --config FILE     where to listen and how to send (" SYSCONFDIR
             "/jit-approver/gateway.conf)\n"
             "  --socket PATH     the approver's socket for the gateway (" PROTOCOL_GATEWAY_SOCKET
             ")\n"
             "  --server-uid UID  who must answer there (0)\n"
             "  --check           only check the configuration: problems on stderr, exit 1\n"
             "  --help, --version");
        return 0;
}

/* Tells every problem. */
static int read_config(GatewayConfig *ret)
{
        Problems problems = { 0 };

        int r = gateway_config_read(arg_config, getenv("CREDENTIALS_DIRECTORY"), &problems, ret);
        for (size_t i = 0; i < problems.n; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems.items[i]);
                fprintf(stderr, "%s\n", str_or(text, "out of memory"));
        }
        if (r < 0 && problems.n == 0) {
                fprintf(stderr, "%s: %s\n", arg_config, strerror(-r));
        }
        problems_done(&problems);
        return r;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void on_web(const char *url, void *userdata)
{
        Gateway *g = userdata;

        web_set_origin(g->web, url);
}

static void on_link(const char *url, void *userdata)
{
        Gateway *g = userdata;

        web_know_link(g->web, url);
}

static int gateway_signals(Gateway *g)
{
        const struct sigaction ignore = { .sa_handler = SIG_IGN };
        sigset_t mask;

        /* libcurl without signals leaves a TLS connection that breaks within a write to us. */
        if (sigaction(SIGPIPE, &ignore, NULL) < 0) {
                return -errno;
        }
        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0) {
                return -errno;
        }
        int r = sd_event_add_signal(g->event, NULL, SIGTERM, on_stop, g);
        return r < 0 ? r : sd_event_add_signal(g->event, NULL, SIGINT, on_stop, g);
}

static int gateway_listen(Gateway *g)
{
        const Listen *l = &g->config.web.listen;

        int r = web_new(g->event, &g->config.web, g->upstream, &g->web);
        if (r < 0 && l->path) {
                log_error("Failed to listen at '%s': %s", l->path, strerror(-r));
        } else if (r < 0) {
                bool low = r == -EACCES && l->port < LOW_PORTS;
                log_error("Failed to listen at '%s', port %u: %s%s", l->address, l->port,
                        strerror(-r),
                        low ? "; ports below 1024 are for a proxy before it, or take another" : "");
        }
        return r;
}

static int gateway_new(Gateway *g)
{
        const DeliverListener listener = { .web = on_web, .link = on_link, .userdata = g };

        int r = sd_event_default(&g->event);
        if (r >= 0) {
                r = gateway_signals(g);
        }
        if (r >= 0) {
                r = upstream_new(g->event, arg_socket, arg_server_uid, &g->upstream);
        }
        if (r >= 0) {
                r = fetcher_new(g->event, &g->fetcher);
        }
        if (r >= 0) {
                r = gateway_listen(g);
        }
        return r < 0 ? r
                     : deliver_new(g->event, &g->config, g->upstream, g->fetcher, &listener,
                               &g->deliver);
}

static void gateway_done(Gateway *g)
{
        /* First those that others' answers would come to. */
        g->web = web_free(g->web);
        g->fetcher = fetcher_free(g->fetcher);
        g->upstream = upstream_free(g->upstream);
        g->deliver = deliver_free(g->deliver);
        g->event = sd_event_unref(g->event);
        gateway_config_done(&g->config);
}

static int gateway_run(Gateway *g)
{
        (void) sd_event_set_watchdog(g->event, true);
        (void) sd_notify(false, "READY=1");
        int r = sd_event_loop(g->event);
        (void) sd_notify(false, "STOPPING=1");
        return r;
}

/* Nobody reads our memory or our TLS keys by way of a dump, a debugger or the environment. */
static void keep_secrets(void)
{
        (void) prctl(PR_SET_DUMPABLE, 0);
        (void) unsetenv("SSLKEYLOGFILE");
        umask(0077);
}

static int parse_args(int argc, char *argv[], bool *ret_check)
{
        enum { OPT_CONFIG = 256, OPT_SOCKET, OPT_SERVER_UID, OPT_CHECK, OPT_VERSION };
        static const struct option options[] = {
                { "config", required_argument, NULL, OPT_CONFIG },
                { "socket", required_argument, NULL, OPT_SOCKET },
                { "server-uid", required_argument, NULL, OPT_SERVER_UID },
                { "check", no_argument, NULL, OPT_CHECK },
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
                case OPT_SERVER_UID:
                        if (parse_uid(optarg, &arg_server_uid) < 0) {
                                fprintf(stderr, "jit-gateway: --server-uid takes a number\n");
                                return -EINVAL;
                        }
                        break;
                case OPT_CHECK:
                        *ret_check = true;
                        break;
                case OPT_VERSION:
                        puts("jit-gateway " PROJECT_VERSION);
                        exit(0);
                case 'h':
                        exit(help());
                default:
                        return -EINVAL;
                }
        }
        if (optind < argc) {
                fprintf(stderr,
                        "jit-gateway: there are no arguments without an option; see --help\n");
                return -EINVAL;
        }
        return 0;
}

int main(int argc, char *argv[])
{
        Gateway g = { 0 };
        bool check = false;

        keep_secrets();
        if (parse_args(argc, argv, &check) < 0) {
                return 2;
        }
        int r = read_config(&g.config);
        if (r < 0) {
                return 1;
        }
        if (check) {
                gateway_config_done(&g.config);
                return 0;
        }
        r = gateway_new(&g);
        if (r >= 0) {
                r = gateway_run(&g);
        }
        if (r < 0) {
                log_error("Failed to run: %s", strerror(-r));
        }
        gateway_done(&g);
        return r < 0 ? 1 : 0;
}
