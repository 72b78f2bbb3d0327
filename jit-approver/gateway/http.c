/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libmicrohttpd is run by its epoll fd, without threads and without timeouts of its own: those count idle
 * time alone, so that a byte a second keeps a connection for ever.
 *
 * MUST: log nothing that a client sent, and no URL at all: it is the key to a decision.
 */

#include "jit-approver/gateway/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define MEMORY_PER_CONNECTION ((size_t) 16384)
#define LOG_PAUSE USEC_PER_MIN
#define FD_RESERVE 192 /* for what the rest of the process opens */
#define CONNECTIONS_MIN 64

const HttpLimits HTTP_LIMITS = {
        .connections = 1024,
        .per_address = 32,
        .deadline = 15 * USEC_PER_SEC,
        .body = 8192,
};

/*
 * The words alone, without what they are about: that may be a client's. And not as often as clients
 * like.
 */
static void on_log(void *http, const char *format, va_list args)
{
        Http *h = http;
        usec_t now = clock_usec(CLOCK_BOOTTIME);

        if (h->logged == 0 || now - h->logged > LOG_PAUSE) {
                h->logged = now;
                log_info("libmicrohttpd says: %.*s", (int) strcspn(format, "\n"), format);
        }
}

/* Nothing in our paths is escaped; what comes escaped names nothing. */
static size_t on_unescape(void *http, struct MHD_Connection *c, char *s)
{
        return strlen(s);
}

static int http_run(Http *h)
{
        MHD_UNSIGNED_LONG_LONG ms;

        if (MHD_run(h->mhd) != MHD_YES) {
                return -EIO;
        }
        /* Something is there already, within libmicrohttpd or GnuTLS; there are no other timeouts. */
        if (MHD_get_timeout(h->mhd, &ms) == MHD_YES && ms == 0) {
                http_run_soon(h);
        }
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *http)
{
        return http_run(http);
}

static int on_again(sd_event_source *source, void *http)
{
        return http_run(http);
}

void http_run_soon(Http *h)
{
        if (h->again) {
                (void) sd_event_source_set_enabled(h->again, SD_EVENT_ONESHOT);
        }
}

static int http_start(Http *h)
{
        const WebConfig *c = h->config;
        const char *key = c->tls_key, *certificate = c->tls_certificate;
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
        struct MHD_OptionItem tls[] = {
                { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) key },
                { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *) certificate },
                { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) TLS_PRIORITIES },
                { MHD_OPTION_END, 0, NULL },
        };
        struct MHD_OptionItem *options = key ? tls : &tls[ELEMENTSOF(tls) - 1];

        h->mhd = MHD_start_daemon(flags | (key ? MHD_USE_TLS : 0), 0, on_http_accept, h,
                on_http_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_LISTEN_SOCKET,
                h->listen_fd, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, h,
                MHD_OPTION_NOTIFY_COMPLETED, on_http_completed, h, MHD_OPTION_NOTIFY_CONNECTION,
                on_http_connection, h, MHD_OPTION_CONNECTION_LIMIT, h->limits.connections,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_CONNECTION,
                MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
        if (!h->mhd) {
                return -EINVAL; /* it listens already: what is left to fail is TLS */
        }
        h->listen_fd = -1;
        return 0;
}

static int http_attach(Http *h, sd_event *event)
{
        int fd = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

        int r = sd_event_add_io(event, &h->io, fd, EPOLLIN, on_io, h);
        if (r < 0) {
                return r;
        }
        r = sd_event_add_defer(event, &h->again, on_again, h);
        if (r < 0) {
                return r;
        }
        r = sd_event_add_time(event, &h->timer, CLOCK_BOOTTIME, 0, 0, on_http_deadline, h);
        if (r < 0) {
                return r;
        }
        return sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
}

/* Where file descriptors run out first, connections are cut before that. */
static unsigned fit_connections(unsigned wanted)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted + FD_RESERVE) {
                return wanted;
        }
        return limit.rlim_cur > FD_RESERVE + CONNECTIONS_MIN
                       ? (unsigned) limit.rlim_cur - FD_RESERVE
                       : CONNECTIONS_MIN;
}

int http_new(sd_event *event, const WebConfig *config, const HttpLimits *limits,
        HttpHandler handler, void *userdata, Http **ret)
{
        _cleanup_(http_freep) Http *h = calloc(1, sizeof(*h));

        if (!h) {
                return -ENOMEM;
        }
        *h = (Http){ .config = config,
                .limits = *limits,
                .handler = handler,
                .userdata = userdata,
                .listen_fd = -1,
                .is_unix = config->listen.path != NULL };
        h->limits.connections = fit_connections(limits->connections);
        LIST_INIT(&h->connections);
        LIST_INIT(&h->parked);
        TAILQ_INIT(&h->due);
        int r = http_listen(&config->listen, &h->listen_fd, &h->port);
        h->bound = r >= 0;
        if (r >= 0) {
                r = http_start(h);
        }
        if (r >= 0) {
                r = http_attach(h, event);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(h);
        return 0;
}

Http *http_free(Http *h)
{
        if (!h) {
                return NULL;
        }
        h->stopping = true;
        h->io = sd_event_source_disable_unref(h->io);
        h->again = sd_event_source_disable_unref(h->again);
        if (h->mhd) {
                http_unpark_all(h);
                MHD_stop_daemon(h->mhd);
        }
        h->timer = sd_event_source_disable_unref(h->timer);
        closep(&h->listen_fd);
        if (h->is_unix && h->bound) {
                (void) unlink(h->config->listen.path);
        }
        free(h);
        return NULL;
}

uint16_t http_port(const Http *h)
{
        return h->port;
}
