/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Accepting, and who may have how many connections. One timer serves all deadlines of messages: it
 * is armed for the oldest and left alone when that one is met, so that a granted check costs no
 * timer call and an idle daemon does not wake up.
 */

#include "jit-approver/daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "jit-approver/daemon/connection.h"

#define LISTENERS_MAX 4
#define ACCEPT_AT_ONCE 64
#define EVICT_LOOKS 64 /* connections looked at for one that can go */
#define FD_RESERVE 64  /* for the store, the bus, workers and what libraries open */

typedef struct Listener {
        Server *server;
        SocketKind kind;
        int fd;
        sd_event_source *io;
} Listener;

/* The connections of one asker. */
struct Quota {
        uid_t uid;
        unsigned n;
        LIST_HEAD(, Connection) connections;
};

struct Server {
        sd_event *event; /* borrowed */
        ServerLimits limits;
        ServerCall on_call;
        void *userdata;
        Listener listeners[LISTENERS_MAX];
        size_t n_listeners;
        LIST_HEAD(, Connection) connections;
        TAILQ_HEAD(, Connection) due;    /* oldest first */
        TAILQ_HEAD(, Connection) direct; /* whose peer is not uid 0; silent longest first */
        size_t n_direct;
        sd_event_source *timer;
        bool timer_armed;
        size_t n_connections;
        unsigned n_unnamed;
        bool paused; /* too many unnamed: the backlog waits */
        bool stopping;
        void *quotas; /* tsearch(3) tree of Quota by uid */
};

static int quota_compare(const void *a, const void *b)
{
        const Quota *x = a, *y = b;

        return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static Quota *quota_get(Server *s, uid_t uid)
{
        Quota key = { .uid = uid };

        void *found = tfind(&key, &s->quotas, quota_compare);
        if (found) {
                return *(Quota **) found;
        }
        Quota *q = calloc(1, sizeof(*q));
        if (!q) {
                return NULL;
        }
        q->uid = uid;
        if (!tsearch(q, &s->quotas, quota_compare)) {
                free(q);
                return NULL;
        }
        return q;
}

/* The peer got its answer and hung up; only the event loop has not come round to it. */
static bool connection_is_over(const Connection *c)
{
        char byte;

        return !c->call && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* One question after the other must never look like many at once. */
static void quota_sweep(Quota *q)
{
        for (Connection *c = LIST_FIRST(&q->connections), *next; c; c = next) {
                next = LIST_NEXT(c, of_asker);
                /* The last one would take the quota with it. */
                if (q->n > 1 && connection_is_over(c)) {
                        connection_free(c);
                }
        }
}

static int quota_take(Server *s, Connection *c, uid_t uid)
{
        Quota *q = quota_get(s, uid);

        if (!q) {
                return -ENOMEM;
        }
        if (q->n >= s->limits.per_asker && uid != 0) {
                quota_sweep(q);
                if (q->n >= s->limits.per_asker) {
                        return -EBUSY;
                }
        }
        LIST_INSERT_HEAD(&q->connections, c, of_asker);
        q->n++;
        c->quota = q;
        return 0;
}

static void quota_release(Server *s, Connection *c)
{
        Quota *q = TAKE_PTR(c->quota);

        LIST_REMOVE(c, of_asker);
        if (--q->n == 0) {
                tdelete(q, &s->quotas, quota_compare);
                free(q);
        }
}

static void server_pause(Server *s, bool pause)
{
        if (s->paused == pause) {
                return;
        }
        s->paused = pause;
        for (size_t i = 0; i < s->n_listeners; i++) {
                (void) sd_event_source_set_enabled(
                        s->listeners[i].io, pause ? SD_EVENT_OFF : SD_EVENT_ON);
        }
}

static void server_unnamed(Server *s, int change)
{
        s->n_unnamed = (unsigned) ((int) s->n_unnamed + change);
        server_pause(s, s->n_unnamed >= s->limits.unnamed);
}

int server_charge(Server *s, Connection *c, uid_t asker)
{
        if (c->asker == asker) {
                return 0;
        }
        if (c->asker != UID_UNSET) {
                return -EPERM;
        }
        int r = quota_take(s, c, asker);
        if (r < 0) {
                return r;
        }
        c->asker = asker;
        server_unnamed(s, -1);
        return 0;
}

void server_call(Server *s, Call *c)
{
        s->on_call(c, s->userdata);
}

bool server_is_reserve(const Call *c)
{
        return c->connection->reserve && c->connection->asker != 0;
}

size_t server_connections(const Server *s)
{
        return s->n_connections;
}

void connection_expect(Connection *c, bool message)
{
        Server *s = c->server;

        if (message && c->due_at == 0) {
                c->due_at = usec_add(clock_usec(CLOCK_MONOTONIC), s->limits.message_time);
                TAILQ_INSERT_TAIL(&s->due, c, due);
                if (!s->timer_armed) {
                        (void) sd_event_source_set_time(s->timer, (uint64_t) c->due_at);
                        (void) sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
                        s->timer_armed = true;
                }
        } else if (!message && c->due_at != 0) {
                TAILQ_REMOVE(&s->due, c, due);
                c->due_at = 0;
        }
}

static int on_message_late(sd_event_source *source, uint64_t usec, void *userdata)
{
        Server *s = userdata;
        Connection *c;

        s->timer_armed = false;
        while ((c = TAILQ_FIRST(&s->due)) && c->due_at <= clock_usec(CLOCK_MONOTONIC)) {
                connection_free(c);
        }
        if (c) {
                (void) sd_event_source_set_time(source, (uint64_t) c->due_at);
                (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
                s->timer_armed = true;
        }
        return 0;
}

void server_heard(Server *s, Connection *c)
{
        if (c->peer.uid != 0) {
                TAILQ_REMOVE(&s->direct, c, direct);
                TAILQ_INSERT_TAIL(&s->direct, c, direct);
        }
}

static void server_add_direct(Server *s, Connection *c)
{
        TAILQ_INSERT_TAIL(&s->direct, c, direct);
        s->n_direct++;
}

/*
 * Modules are uid 0, and half of all places are theirs: a user with 65,536 uids of his own (subuid(5))
 * has a quota for each. Among the others whoever was silent longest makes room for who comes.
 */
static bool server_make_room(Server *s)
{
        Connection *c;
        int looks = 0;

        if (s->n_direct < s->limits.total / 2) {
                return true;
        }
        TAILQ_FOREACH(c, &s->direct, direct)
        {
                if (!c->call) {
                        connection_free(c);
                        return true;
                }
                if (++looks == EVICT_LOOKS) {
                        break;
                }
        }
        return false;
}

void connection_free(Connection *c)
{
        Server *s = c->server;

        c->hung_up = false; /* it goes now */
        if (c->call) {
                /* When we stop, those who wait come back to our successor; a word would end their wait. */
                call_drop(c->call, !(s->stopping && !c->call->json));
        }
        connection_expect(c, false);
        LIST_REMOVE(c, all);
        if (c->peer.uid != 0) {
                TAILQ_REMOVE(&s->direct, c, direct);
                s->n_direct--;
        }
        s->n_connections--;
        sd_event_source_disable_unref(c->io);
        wire_done(&c->wire);
        closep(&c->fd);
        if (c->quota) {
                quota_release(s, c);
        } else {
                server_unnamed(s, -1);
        }
        free(c);
}

/* A new peer. Whatever is wrong with it, only its own connection is closed. */
static void server_admit(Listener *l, int fd)
{
        Server *s = l->server;
        _cleanup_(closep) int owned = fd;
        Peer peer;

        if (proof_peer(fd, &peer) < 0 || (peer.uid != 0 && !server_make_room(s)) ||
                s->n_connections >= s->limits.total) {
                return;
        }
        Connection *c = calloc(1, sizeof(*c));
        if (!c) {
                return;
        }
        *c = (Connection){
                .server = s,
                .fd = -1,
                .kind = l->kind,
                .peer = peer,
                .asker = UID_UNSET,
                .reserve = s->n_connections + s->limits.reserved >= s->limits.total,
        };
        LIST_INSERT_HEAD(&s->connections, c, all);
        if (peer.uid != 0) {
                server_add_direct(s, c);
        }
        s->n_connections++;
        s->n_unnamed++;
        if (peer.uid != 0 && server_charge(s, c, peer.uid) < 0) {
                connection_free(c);
                return;
        }
        server_unnamed(s, 0);
        c->fd = TAKE_FD(owned);
        connection_expect(c, true);
        if (connection_start(c, s->event) < 0) {
                connection_free(c);
        }
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Listener *l = userdata;

        for (int i = 0; i < ACCEPT_AT_ONCE && !l->server->paused; i++) {
                int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (peer < 0) {
                        /* EMFILE cannot come: total stays below the limit. Others are the peer's affair. */
                        return 0;
                }
                server_admit(l, peer);
        }
        return 0;
}

static unsigned connections_possible(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
                return 256;
        }
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
        rlim_t n = MIN(limit.rlim_cur, (rlim_t) 1 << 20);
        return n > 4 * FD_RESERVE ? (unsigned) n - FD_RESERVE : (unsigned) n / 2;
}

int server_new(sd_event *event, const ServerLimits *limits, ServerCall on_call, void *userdata,
        Server **ret)
{
        _cleanup_(server_freep) Server *s = calloc(1, sizeof(*s));

        if (!s) {
                return -ENOMEM;
        }
        *s = (Server){
                .event = event, .limits = *limits, .on_call = on_call, .userdata = userdata
        };
        LIST_INIT(&s->connections);
        TAILQ_INIT(&s->due);
        TAILQ_INIT(&s->direct);
        if (s->limits.total == 0) {
                s->limits.total = connections_possible();
        }
        int r = sd_event_add_time(
                event, &s->timer, CLOCK_MONOTONIC, 0, 100 * USEC_PER_MSEC, on_message_late, s);
        if (r < 0) {
                return r;
        }
        r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

Server *server_free(Server *s)
{
        if (!s) {
                return NULL;
        }
        for (size_t i = 0; i < s->n_listeners; i++) {
                sd_event_source_disable_unref(s->listeners[i].io);
                closep(&s->listeners[i].fd);
        }
        s->n_listeners = 0;
        s->stopping = true;
        Connection *c;
        while ((c = LIST_FIRST(&s->connections))) {
                connection_free(c);
        }
        tdestroy(s->quotas, free);
        sd_event_source_disable_unref(s->timer);
        free(s);
        return NULL;
}

int server_listen(Server *s, SocketKind kind, int fd)
{
        _cleanup_(closep) int owned = fd;

        if (s->n_listeners == LISTENERS_MAX) {
                return -E2BIG;
        }
        /* systemd hands listening sockets over as the unit made them; ours must not block in accept. */
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
                return -errno;
        }
        Listener *l = &s->listeners[s->n_listeners];
        *l = (Listener){ .server = s, .kind = kind, .fd = -1 };
        int r = sd_event_add_io(s->event, &l->io, fd, EPOLLIN, on_connect, l);
        if (r < 0) {
                return r;
        }
        l->fd = TAKE_FD(owned);
        s->n_listeners++;
        return 0;
}

int server_bind(Server *s, SocketKind kind, const char *path, mode_t mode)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t n = strlen(path);

        if (n >= sizeof(address.sun_path)) {
                return -ENAMETOOLONG;
        }
        memcpy(address.sun_path, path, n + 1);
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
                return -errno;
        }
        /* What a predecessor left, and nothing that is not a socket. */
        struct stat st;
        if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
                (void) unlink(path);
        }
        /* Never wider than asked for, not even between bind and chmod (hazard H-46). */
        mode_t mask = umask(0777 & ~mode);
        int r = bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
        umask(mask);
        if (r < 0) {
                return r;
        }
        if (listen(fd, SOMAXCONN) < 0) {
                return -errno;
        }
        return server_listen(s, kind, TAKE_FD(fd));
}
