/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libcurl, and the only place that knows it. Trusts neither the receiver nor the name service nor the
 * environment.
 *
 * MUST (hazard H-100): no signals, no redirects, no proxy, no netrc, no other scheme than https, http
 * to loopback only (by the address that is connected to, too), a peer's certificate and name verified
 * always, and an end to time, headers and body. An error that is told names neither address nor URL.
 */

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "jit-approver/gateway/fetch.h"

#define HEADERS_MAX (64 * 1024) /* of an answer, all of them */
#define IDLE_TIME 60L           /* s; a connection that is kept */
#define ACCURACY USEC_PER_MSEC

typedef struct Fetch Fetch;

struct Fetch {
        Fetch *next; /* in the list that owns it */
        CURL *easy;
        struct curl_slist *headers;
        FetchRequest request; /* curl borrows the body */
        FetchDone done;
        void *userdata;
        bool loopback_only;
        bool refused;  /* it is not a loopback address */
        bool answered; /* a final status and all headers have come */
        bool too_long; /* the headers were */
        size_t headers_size, body_size;
        char body[FETCH_BODY_MAX + 1];
};

struct Fetcher {
        sd_event *event;
        CURLM *multi;
        sd_event_source *timer;
        bool global;
        Fetch *active, *waiting, **waiting_end; /* owned */
        size_t n_active;
};

void fetch_request_done(FetchRequest *r)
{
        /* URLs and bodies hold tokens. */
        erase_free(r->url);
        strv_free(r->headers);
        erase_free_bytes(r->body, r->body_size);
        free(r->ca_certificate);
        *r = (FetchRequest){ 0 };
}

static Fetch *fetch_free(Fetch *f)
{
        if (!f) {
                return NULL;
        }
        curl_easy_cleanup(f->easy);
        curl_slist_free_all(f->headers);
        fetch_request_done(&f->request);
        free(f);
        return NULL;
}
DEFINE_FREE(Fetch, fetch_free)

/* --- what may be sent where --- */

static bool is_loopback_v4(struct in_addr a)
{
        return ntohl(a.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool is_loopback(const struct sockaddr *a)
{
        if (a->sa_family == AF_INET) {
                return is_loopback_v4(((const struct sockaddr_in *) (const void *) a)->sin_addr);
        }
        if (a->sa_family == AF_INET6) {
                const struct sockaddr_in6 *v6 = (const void *) a;

                return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        }
        return false;
}

static bool is_loopback_host(const char *host)
{
        struct in_addr v4;

        return streq(host, "localhost") || streq(host, "[::1]") ||
               (inet_pton(AF_INET, host, &v4) == 1 && is_loopback_v4(v4));
}

/* Printable ASCII, no space: what curl, a proxy and a log line take alike. */
static bool is_plain(const char *s)
{
        for (; *s; s++) {
                if (*s <= ' ' || *s > '~') {
                        return false;
                }
        }
        return true;
}

/* Also tells whether only loopback will do. */
static bool url_check(const char *url, bool *ret_loopback_only)
{
        CURLU *parts = NULL;
        char *scheme = NULL, *host = NULL, *user = NULL, *password = NULL;
        bool ok = false;

        if (strlen(url) > FETCH_URL_MAX || !is_plain(url)) {
                return false;
        }
        parts = curl_url();
        if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host &&
                curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
                curl_url_get(parts, CURLUPART_PASSWORD, &password, 0) == CURLUE_NO_PASSWORD) {
                *ret_loopback_only = streq(scheme, "http");
                ok = streq(scheme, "https") || (*ret_loopback_only && is_loopback_host(host));
        }
        curl_free(scheme);
        curl_free(host);
        curl_free(user);
        curl_free(password);
        curl_url_cleanup(parts);
        return ok;
}

bool fetch_url_ok(const char *url)
{
        bool loopback_only;

        return url_check(url, &loopback_only);
}

/* --- one transfer --- */

static curl_socket_t on_socket_wanted(
        void *userdata, curlsocktype purpose, struct curl_sockaddr *address)
{
        Fetch *f = userdata;

        if (f->loopback_only && !is_loopback(&address->addr)) {
                f->refused = true;
                return CURL_SOCKET_BAD;
        }
        return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address->protocol);
}

static size_t on_header(char *bytes, size_t one, size_t n, void *userdata)
{
        Fetch *f = userdata;
        long status = 0;

        f->headers_size += n;
        if (f->headers_size > HEADERS_MAX) {
                f->too_long = true;
                return 0;
        }
        (void) curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200 && n > 0 && (bytes[0] == '\r' || bytes[0] == '\n')) {
                f->answered = true;
        }
        return n;
}

/* Takes what fits; the rest ends the transfer. */
static size_t on_body(char *bytes, size_t one, size_t n, void *userdata)
{
        Fetch *f = userdata;
        size_t fits = MIN(n, FETCH_BODY_MAX - f->body_size);

        memcpy(f->body + f->body_size, bytes, fits);
        f->body_size += fits;
        return fits;
}

static const char *why(const Fetch *f, CURLcode code)
{
        if (f->refused) {
                return "http goes to loopback addresses only";
        }
        if (f->too_long) {
                return "the answer's headers have no end";
        }
        switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
                return "the host's name cannot be resolved";
        case CURLE_COULDNT_CONNECT:
                return "cannot connect";
        case CURLE_OPERATION_TIMEDOUT:
                return "no answer in time";
        case CURLE_PEER_FAILED_VERIFICATION:
                return "the certificate is not valid for it";
        case CURLE_SSL_CACERT_BADFILE:
                return "the authorities' certificates cannot be read";
        case CURLE_SSL_CONNECT_ERROR:
                return "no TLS connection can be made";
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
                return "the connection was lost";
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP2:
                return "what answers does not speak HTTP";
        case CURLE_OUT_OF_MEMORY:
                return "out of memory";
        default:
                return "it could not be sent";
        }
}

/* Hands the result over. f is in no list any more, and freed here. */
static void fetch_finish(Fetch *f, CURLcode code)
{
        FetchResult result = { .error = "", .body = f->body, .body_size = f->body_size };
        curl_off_t retry = 0;
        long status = 0;

        /* What a status is followed by changes nothing: it may have no end, or come a byte a second. */
        if (code == CURLE_OK || f->answered) {
                (void) curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
                (void) curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &retry);
        }
        result.status = (int) status;
        if (status == 0) {
                result.error = why(f, code);
        }
        if (retry > 0) {
                retry = MIN(retry, (curl_off_t) (FETCH_RETRY_MAX / USEC_PER_SEC));
                result.retry_after = (usec_t) retry * USEC_PER_SEC;
        }
        f->done(&result, f->userdata);
        fetch_free(f);
}

static CURLcode set_limits(Fetch *f)
{
        CURL *e = f->easy;
        CURLcode r = CURLE_OK;

#define SET(option, value) (r = r ? r : curl_easy_setopt(e, option, value))
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_PROTOCOLS_STR, f->loopback_only ? "http" : "https");
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
        SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_TIMEOUT_MS, (long) (FETCH_TIME / USEC_PER_MSEC));
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long) (FETCH_CONNECT_TIME / USEC_PER_MSEC));
        SET(CURLOPT_MAXAGE_CONN, IDLE_TIME);
        /* A name service that hangs is not waited for when the time is up. */
        SET(CURLOPT_QUICK_EXIT, 1L);
        if (f->request.ca_certificate) {
                SET(CURLOPT_CAINFO, f->request.ca_certificate);
                SET(CURLOPT_CAPATH, NULL);
        }
        return r;
}

static CURLcode set_request(Fetch *f)
{
        CURL *e = f->easy;
        CURLcode r = CURLE_OK;

        SET(CURLOPT_URL, f->request.url);
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, f->request.body ? f->request.body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) f->request.body_size);
        SET(CURLOPT_HTTPHEADER, f->headers);
        SET(CURLOPT_USERAGENT, "pam-jit/" PROJECT_VERSION);
        SET(CURLOPT_PRIVATE, f);
        SET(CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
        SET(CURLOPT_OPENSOCKETDATA, f);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, f);
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, f);
#undef SET
        return r;
}

/* -EINVAL: one could be read as two. */
static int fetch_header(Fetch *f, const char *header)
{
        struct curl_slist *longer;

        for (const char *c = header; *c; c++) {
                if ((unsigned char) *c < ' ' || *c == 0x7f) {
                        return -EINVAL;
                }
        }
        longer = curl_slist_append(f->headers, header);
        if (!longer) {
                return -ENOMEM;
        }
        f->headers = longer;
        return 0;
}

static int fetch_prepare(Fetch *f)
{
        CURLcode code;
        int r;

        if (!f->request.url || !url_check(f->request.url, &f->loopback_only)) {
                return -EINVAL;
        }
        /* A receiver that knows nothing of 100 (Continue) would cost a second. */
        r = fetch_header(f, "Expect:");
        for (char **h = f->request.headers; h && *h && r >= 0; h++) {
                r = fetch_header(f, *h);
        }
        if (r < 0) {
                return r;
        }
        f->easy = curl_easy_init();
        if (!f->easy) {
                return -ENOMEM;
        }
        code = set_limits(f);
        if (!code) {
                code = set_request(f);
        }
        return !code ? 0 : code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ENOTSUP;
}

/* --- all of them --- */

static void fetcher_unlink(Fetcher *f, const Fetch *x)
{
        Fetch **at = &f->active;

        while (*at != x) {
                at = &(*at)->next;
        }
        *at = x->next;
        f->n_active--;
}

static int on_timer_wanted(CURLM *multi, long ms, void *userdata)
{
        Fetcher *f = userdata;
        int r;

        if (ms < 0) {
                r = sd_event_source_set_enabled(f->timer, SD_EVENT_OFF);
        } else {
                r = sd_event_source_set_time_relative(f->timer, (uint64_t) (ms * USEC_PER_MSEC));
                if (r >= 0) {
                        r = sd_event_source_set_enabled(f->timer, SD_EVENT_ONESHOT);
                }
        }
        return r < 0 ? -1 : 0;
}

static void fetcher_start(Fetcher *f)
{
        while (f->waiting && f->n_active < FETCH_AT_ONCE) {
                Fetch *x = f->waiting;

                if (curl_multi_add_handle(f->multi, x->easy) != CURLM_OK) {
                        /* Out of memory: the next one that ends tries again, or the timer does. */
                        if (f->n_active == 0) {
                                (void) on_timer_wanted(f->multi, 1000, f);
                        }
                        return;
                }
                f->waiting = x->next;
                if (!f->waiting) {
                        f->waiting_end = &f->waiting;
                }
                x->next = f->active;
                f->active = x;
                f->n_active++;
        }
}

static void fetcher_reap(Fetcher *f)
{
        CURLMsg *m;
        int left;

        while ((m = curl_multi_info_read(f->multi, &left))) {
                CURLcode code = m->data.result;
                Fetch *x = NULL;

                if (m->msg != CURLMSG_DONE) {
                        continue;
                }
                (void) curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
                (void) curl_multi_remove_handle(f->multi, x->easy);
                fetcher_unlink(f, x);
                fetch_finish(x, code);
        }
        fetcher_start(f);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Fetcher *f = userdata;
        int what = 0, running;

        what |= events & EPOLLIN ? CURL_CSELECT_IN : 0;
        what |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
        what |= events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
        (void) curl_multi_socket_action(f->multi, fd, what, &running);
        fetcher_reap(f);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Fetcher *f = userdata;
        int running;

        (void) curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        fetcher_reap(f);
        return 0;
}

/* curl says which of its sockets to watch, and keeps our source for us. */
static int on_watch(CURL *easy, curl_socket_t fd, int what, void *userdata, void *of_socket)
{
        Fetcher *f = userdata;
        sd_event_source *source = of_socket;
        uint32_t events = 0;
        int r;

        if (what == CURL_POLL_REMOVE) {
                sd_event_source_disable_unref(source);
                (void) curl_multi_assign(f->multi, fd, NULL);
                return 0;
        }
        events |= what & CURL_POLL_IN ? EPOLLIN : 0;
        events |= what & CURL_POLL_OUT ? EPOLLOUT : 0;
        if (source) {
                return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
        }
        r = sd_event_add_io(f->event, &source, fd, events, on_io, f);
        if (r >= 0 && curl_multi_assign(f->multi, fd, source) != CURLM_OK) {
                sd_event_source_disable_unref(source);
                r = -EINVAL;
        }
        return r < 0 ? -1 : 0;
}

static int multi_new(Fetcher *f)
{
        CURLMcode r = CURLM_OK;

        f->multi = curl_multi_init();
        if (!f->multi) {
                return -ENOMEM;
        }
#define SET(option, value) (r = r ? r : curl_multi_setopt(f->multi, option, value))
        SET(CURLMOPT_SOCKETFUNCTION, on_watch);
        SET(CURLMOPT_SOCKETDATA, f);
        SET(CURLMOPT_TIMERFUNCTION, on_timer_wanted);
        SET(CURLMOPT_TIMERDATA, f);
        SET(CURLMOPT_MAXCONNECTS, (long) FETCH_AT_ONCE);
        SET(CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) FETCH_AT_ONCE);
#undef SET
        return r ? -ENOTSUP : 0;
}

int fetcher_new(sd_event *event, Fetcher **ret)
{
        _cleanup_(fetcher_freep) Fetcher *f = NULL;
        int r;

        f = calloc(1, sizeof(*f));
        if (!f) {
                return -ENOMEM;
        }
        f->event = sd_event_ref(event);
        f->waiting_end = &f->waiting;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                return -ENOMEM;
        }
        f->global = true;
        r = sd_event_add_time(event, &f->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_timer, f);
        if (r >= 0) {
                r = sd_event_source_set_enabled(f->timer, SD_EVENT_OFF);
        }
        if (r >= 0) {
                r = multi_new(f);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(f);
        return 0;
}

Fetcher *fetcher_free(Fetcher *f)
{
        Fetch *x;

        if (!f) {
                return NULL;
        }
        while ((x = f->active)) {
                f->active = x->next;
                (void) curl_multi_remove_handle(f->multi, x->easy);
                fetch_free(x);
        }
        while ((x = f->waiting)) {
                f->waiting = x->next;
                fetch_free(x);
        }
        if (f->multi) {
                (void) curl_multi_cleanup(f->multi);
        }
        if (f->global) {
                curl_global_cleanup();
        }
        sd_event_source_disable_unref(f->timer);
        sd_event_unref(f->event);
        free(f);
        return NULL;
}

int fetch(Fetcher *f, FetchRequest *request, FetchDone done, void *userdata)
{
        _cleanup_(fetch_freep) Fetch *x = NULL;
        int r;

        x = calloc(1, sizeof(*x));
        if (!x) {
                fetch_request_done(request);
                return -ENOMEM;
        }
        x->request = *request;
        *request = (FetchRequest){ 0 };
        x->done = done;
        x->userdata = userdata;
        r = fetch_prepare(x);
        if (r < 0) {
                return r;
        }
        *f->waiting_end = x;
        f->waiting_end = &x->next;
        x = NULL;
        fetcher_start(f);
        return 0;
}
