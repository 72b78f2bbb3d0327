/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/flow/world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "jit-approver/daemon/opening.h"

#define WALL_START ((usec_t) 1800000000 * USEC_PER_SEC) /* 2027-01-15 08:00 UTC */
#define BOOT_START (1000 * USEC_PER_SEC)
#define CLIENTS_MAX 1024
#define PATIENCE (10 * USEC_PER_SEC)

World world;
char last_code[64], last_line[512], last_grant[ID_SIZE], last_request[ID_SIZE];

const char world_rules[] = "[defaults]\n" /* who tests asks often, and is often denied */
                           "rate = no\n"
                           "cool-down = 0\n"
                           "[access]\n"
                           "admins = root, adm\n"
                           "auditors = aud\n"
                           "[web]\n"
                           "url = https://jit.example.org\n"
                           "[channel hook]\n"
                           "[approver bob]\n"
                           "user = bob, bobadm\n"
                           "[approver carol]\n"
                           "user = carol\n"
                           "email = carol@example.org\n"
                           "[approver devp]\n"
                           "user = dev, devadm\n"
                           "[group oncall]\n"
                           "members = bob, carol, devp\n"
                           "[rule refused]\n"
                           "services = ftp\n"
                           "users = *\n"
                           "action = refuse\n"
                           "[rule free]\n"
                           "services = cron\n"
                           "users = *\n"
                           "action = allow\n"
                           "[rule two]\n"
                           "services = su\n"
                           "users = *\n"
                           "action = ask\n"
                           "approvers = oncall\n"
                           "approvals = 2\n"
                           "on-expiry = keep\n"
                           "[rule groups]\n"
                           "services = vpn\n"
                           "users = *\n"
                           "action = ask\n"
                           "approvers = @sre\n"
                           "on-expiry = keep\n"
                           "[rule reasons]\n"
                           "services = ssh\n"
                           "users = *\n"
                           "action = ask\n"
                           "approvers = oncall\n"
                           "reason = required\n"
                           "[rule ends]\n"
                           "services = sudo\n"
                           "users = dave\n"
                           "action = ask\n"
                           "approvers = oncall\n"
                           "on-expiry = end-sessions\n"
                           "[rule keeps]\n"
                           "services = sudo\n"
                           "users = *\n"
                           "action = ask\n"
                           "approvers = oncall\n"
                           "duration = 30m\n"
                           "max-duration = 4h\n"
                           "open-for = 30m\n"
                           "wait = 5m\n"
                           "on-expiry = keep\n";

/* --- the name service --- */

static const struct {
        const char *name;
        uint32_t id;
        bool group;
} names[] = {
        { "root", ROOT, false },
        { "dev", DEV, false },
        { "bob", BOB, false },
        { "carol", CAROL, false },
        { "dave", DAVE, false },
        { "devadm", DEVADM, false },
        { "bobadm", BOBADM, false },
        { "shared", SHARED, false },
        { "aud", AUD, false },
        { "adm", ADM, false },
        { "eve", EVE, false },
        { "sue", SUE, false },
        { "sre", 2001, true },
};

struct People {
        sd_event *event;
        Lookup *held;
};

struct Lookup {
        Lookup *next;
        People *people;
        LookupDone done;
        void *userdata;
};

static gid_t sre[] = { 2001 };
static bool sue_has_left; /* as it was when she was last asked after */
static Person persons[ELEMENTSOF(names)];
static Person person_no = { .found = TERNARY_NO, .uid = UID_UNSET };
static Person person_silent = { .found = TERNARY_UNKNOWN, .uid = UID_UNSET };

const char *name_of(uid_t uid)
{
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (!names[i].group && names[i].id == uid) {
                        return names[i].name;
                }
        }
        return NULL;
}

static Person *person_at(size_t i)
{
        persons[i] = (Person){
                .found = TERNARY_YES,
                .uid = names[i].group ? UID_UNSET : names[i].id,
                .gid = names[i].id,
                .name = (char *) names[i].name,
                .gids = sre,
                .n_gids = names[i].id == SUE && !sue_has_left && !world.groups_silent ? 1 : 0,
                .partial = world.groups_silent,
        };
        return &persons[i];
}

int __wrap_people_new(sd_event *event, const char *program, People **ret);
int __wrap_people_new(sd_event *event, const char *program, People **ret)
{
        *ret = calloc(1, sizeof(**ret));
        (*ret)->event = event;
        return 0;
}

People *__wrap_people_free(People *p);
People *__wrap_people_free(People *p)
{
        for (Lookup *l = p ? p->held : NULL; l; l = l->next) {
                l->people = NULL;
        }
        free(p);
        return NULL;
}

int __wrap_people_lookup(
        People *p, const Key *keys, size_t n, LookupDone done, void *userdata, Lookup **ret);
int __wrap_people_lookup(
        People *p, const Key *keys, size_t n, LookupDone done, void *userdata, Lookup **ret)
{
        for (size_t i = 0; i < n; i++) {
                if (keys[i].kind == KEY_UID ? keys[i].uid == SUE : streq(keys[i].name, "sue")) {
                        sue_has_left = world.sue_left;
                }
        }
        if (world.names_held_at > 0 && --world.names_held_at == 0) {
                world.names_held = true;
        }
        if (!world.names_held) {
                *ret = NULL;
                done(userdata);
                return 0;
        }
        Lookup *l = calloc(1, sizeof(*l));
        *l = (Lookup){ p->held, p, done, userdata };
        p->held = l;
        *ret = l;
        return 0;
}

Lookup *__wrap_lookup_free(Lookup *l);
Lookup *__wrap_lookup_free(Lookup *l)
{
        for (Lookup **at = l && l->people ? &l->people->held : NULL; at && *at; at = &(*at)->next) {
                if (*at == l) {
                        *at = l->next;
                        break;
                }
        }
        free(l);
        return NULL;
}

void world_names_release(void)
{
        Lookup *l;

        world.names_held = false;
        while ((l = world.d.people->held)) {
                world.d.people->held = l->next;
                l->people = NULL;
                l->done(l->userdata); /* frees it */
        }
}

/* Some name services take Dev, CORP\dev and dev@corp for dev. */
static bool names_match(const char *name, const char *typed)
{
        const char *domain = strchr(typed, '\\');
        const char *start = domain ? domain + 1 : typed;
        size_t n = strcspn(start, "@");

        if (!world.names_fold) {
                return streq(name, typed);
        }
        return strlen(name) == n && strncasecmp(name, start, n) == 0;
}

const Person *__wrap_people_get(People *p, const Key *key);
const Person *__wrap_people_get(People *p, const Key *key)
{
        if (world.names_silent) {
                return &person_silent;
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (names[i].group == (key->kind == KEY_GROUP) &&
                        (key->kind == KEY_UID ? names[i].id == key->uid
                                              : names_match(names[i].name, key->name))) {
                        return person_at(i);
                }
        }
        return &person_no;
}

void __wrap_people_flush(People *p);
void __wrap_people_flush(People *p) {}

/* --- who connects --- */

static Client *clients[CLIENTS_MAX];
static Client *arriving; /* connected, not accepted yet */

int __wrap_proof_peer(int fd, Peer *ret);
int __wrap_proof_peer(int fd, Peer *ret)
{
        Client *c = TAKE_PTR(arriving);

        if (!c) {
                return -EPERM;
        }
        *ret = (Peer){ .pid = c->pid, .uid = c->uid, .gid = c->uid };
        return 0;
}

int __wrap_proof_login_uid(int fd, const Peer *peer, uid_t *ret);
int __wrap_proof_login_uid(int fd, const Peer *peer, uid_t *ret)
{
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
                if (clients[i] && clients[i]->pid == peer->pid) {
                        *ret = clients[i]->login;
                        return clients[i]->unproven ? -ESRCH : 0;
                }
        }
        return -ESRCH;
}

int __wrap_proof_login_session(int fd, const Peer *peer, int64_t *ret);
int __wrap_proof_login_session(int fd, const Peer *peer, int64_t *ret)
{
        *ret = world.login_session;
        return 0;
}

int __wrap_proof_start_time(pid_t pid, int64_t *ret);
int __wrap_proof_start_time(pid_t pid, int64_t *ret)
{
        *ret = 7 * (int64_t) pid;
        return 0;
}

int __wrap_proof_machine_id(char out[static 40]);
int __wrap_proof_machine_id(char out[static 40])
{
        if (!world.machine_id) {
                return -ENOENT;
        }
        (void) snprintf(out, 40, "%s", world.machine_id);
        return 0;
}

/* --- the disk --- */

uint64_t world_random(void)
{
        world.seed ^= world.seed << 13; /* xorshift64 */
        world.seed ^= world.seed >> 7;
        world.seed ^= world.seed << 17;
        return world.seed;
}

static bool disk_fails(bool always)
{
        return always || (world.fault_one_in && world_random() % world.fault_one_in == 0);
}

int __real_transaction_begin(Store *s, Transaction *ret);
int __wrap_transaction_begin(Store *s, Transaction *ret);
int __wrap_transaction_begin(Store *s, Transaction *ret)
{
        return disk_fails(world.disk_full) ? -ENOSPC : __real_transaction_begin(s, ret);
}

int __real_transaction_commit(Transaction *t);
int __wrap_transaction_commit(Transaction *t);
int __wrap_transaction_commit(Transaction *t)
{
        if (disk_fails(world.commit_fails)) {
                transaction_endp(t);
                return -ENOSPC;
        }
        return __real_transaction_commit(t);
}

int __real_store_meta_set(Store *s, const char *name, const char *value);
int __wrap_store_meta_set(Store *s, const char *name, const char *value);
int __wrap_store_meta_set(Store *s, const char *name, const char *value)
{
        return disk_fails(world.disk_full) ? -ENOSPC : __real_store_meta_set(s, name, value);
}

/* --- the clocks --- */

int __wrap_timer_set(Timer *t, const NextDue *next);
int __wrap_timer_set(Timer *t, const NextDue *next)
{
        world.next = *next;
        return 0; /* time passes by world_forward() */
}

/* --- terminals --- */

void __wrap_terminal_tell(Terminals *t, const char *tty, const char *user, const char *line);
void __wrap_terminal_tell(Terminals *t, const char *tty, const char *user, const char *line)
{
        world.told++;
        (void) snprintf(world.told_line, sizeof(world.told_line), "%s", line);
        (void) snprintf(world.told_tty, sizeof(world.told_tty), "%s", str_or(tty, ""));
}

/* --- hosts --- */

static struct {
        Id session;
        pid_t pid;
} watched[64];
static size_t n_watched;

int __wrap_hosts_watch(Hosts *h, const Id *session, pid_t pid, int64_t start);
int __wrap_hosts_watch(Hosts *h, const Id *session, pid_t pid, int64_t start)
{
        if (n_watched == ELEMENTSOF(watched)) {
                return -ENOSPC;
        }
        ck_assert_int_eq(start, 7 * (int64_t) pid);
        watched[n_watched].session = *session;
        watched[n_watched++].pid = pid;
        return 0;
}

bool world_host_gone(pid_t pid)
{
        for (size_t i = 0; i < n_watched; i++) {
                if (watched[i].pid == pid) {
                        opening_gone(&world.d, &watched[i].session);
                        return true;
                }
        }
        return false;
}

/* --- the daemon --- */

static Now world_clock(void)
{
        return world.now;
}

static void on_due(void *userdata) {}

static void on_bus_up(void *userdata) {}

static void on_loaded(bool ok, void *userdata)
{
        *(int *) userdata = ok ? 1 : -1;
        flow_rules_loaded(&world.d, ok);
}

static void write_rules(const char *rules)
{
        FILE *f = fopen(world.config, "we");

        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(fputs(rules, f), 0);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_eq(chmod(world.config, 0600), 0);
}

static int load_rules(void)
{
        int loaded = 0;

        ck_assert_int_eq(config_load(world.d.config, on_loaded, &loaded), 0);
        while (loaded == 0) {
                ck_assert_int_ge(sd_event_run(world.d.event, PATIENCE), 0);
        }
        return loaded;
}

void world_set_rules(const char *rules)
{
        write_rules(rules);
        (void) load_rules();
}

void world_start(void)
{
        Daemon *d = &world.d;

        *d = (Daemon){
                .tell_at = USEC_NEVER,
                .record_at = USEC_NEVER,
                .return_until = USEC_NEVER,
                .courier.due_at = USEC_NEVER,
                .reach_at = USEC_NEVER,
                .rights_at = USEC_NEVER,
                .warn_at = USEC_NEVER,
                .retry_at = USEC_NEVER,
                .now = world_clock,
                .started = world.now.boot,
        };
        ck_assert_int_ge(sd_event_new(&d->event), 0);
        d->host = strdup("testhost");
        (void) snprintf(d->ledger.boot_id, sizeof(d->ledger.boot_id), "%s", world.boot_id);
        int r = store_open(world.state, &d->ledger.store);
        if (r < 0) {
                d->ledger.problem = strdup(strerror(-r));
        }
        if (d->ledger.store) {
                ck_assert_int_eq(link_key_open(world.state, &d->link_key), 0);
                ck_assert_int_eq(record_key_open(world.state, &d->ledger.record_key), 0);
                ck_assert_int_eq(rescue_key_open(world.state, &d->rescue_key), 0);
        }
        ck_assert_int_eq(audit_new(d->ledger.store, &d->ledger.audit), 0);
        ck_assert_int_eq(people_new(d->event, "/nonexistent", &d->people), 0);
        ck_assert_int_eq(config_new(world.config, d->people, &d->config), 0);
        ck_assert_int_eq(bus_new(d->event, "unix:path=/nonexistent", on_bus_up, d, &d->bus), 0);
        ck_assert_int_eq(timer_new(d->event, d->bus, on_due, d, &d->timer), 0);
        ck_assert_int_eq(sessions_new(d->event, d->bus, &d->sessions), 0);
        ck_assert_int_eq(terminals_new(d->bus, &d->terminals), 0);
        n_watched = 0;
        ck_assert_int_eq(server_new(d->event, &world.limits, methods_call, d, &d->server), 0);
        world.running = true;
        ck_assert_int_eq(flow_recover(d), 0); /* as main.c: first what is in force */
        (void) load_rules();
        opening_watch(d);
        ck_assert_int_eq(server_bind(d->server, SOCKET_PEOPLE, world.socket, 0666), 0);
        ck_assert_int_eq(server_bind(d->server, SOCKET_GATEWAY, world.gateway, 0600), 0);
}

/* As daemon_done() in main.c. */
void world_stop(bool killed)
{
        Daemon *d = &world.d;
        Now now = world.now;

        if (!world.running) {
                return;
        }
        d->stopping = true;
        d->server = server_free(d->server);
        waiters_done(&d->waiters);
        courier_done(&d->courier);
        backup_done(&d->backup);
        denials_done(&d->denials);
        turn_free(TAKE_PTR(d->reloading));
        if (!killed) {
                flow_record_left_out(d, true);
                (void) audit_flush(d->ledger.audit, &now);
        }
        d->voters = voters_free(d->voters);
        d->terminals = terminals_free(d->terminals);
        d->sessions = sessions_free(d->sessions);
        d->timer = timer_free(d->timer);
        d->bus = bus_free(d->bus);
        d->config = config_free(d->config);
        d->people = people_free(d->people);
        active_done(&d->active);
        ledger_done(&d->ledger);
        free(d->host);
        d->event = sd_event_unref(d->event);
        world.running = false;
}

void world_restart(bool killed)
{
        world_stop(killed);
        world_start();
}

void world_open_with(const char *rules)
{
        world.limits = SERVER_LIMITS;
        world.limits.total = 900;
        world.limits.message_time = USEC_PER_HOUR; /* this clock alone does not stand still */
        world.now = (Now){ WALL_START, BOOT_START };
        world.boot_id = "11111111-1111-1111-1111-111111111111";
        world.machine_id = "0123456789abcdef0123456789abcdef";
        world.seed = world.seed ? world.seed : 1;
        /* In memory where there is such a folder: what is tested is the order, not the disk. */
        (void) snprintf(world.dir, sizeof(world.dir), "%s/jit-flow.XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        ck_assert_ptr_nonnull(mkdtemp(world.dir));
        (void) snprintf(world.socket, sizeof(world.socket), "%s/socket", world.dir);
        (void) snprintf(world.gateway, sizeof(world.gateway), "%s/gateway", world.dir);
        (void) snprintf(world.config, sizeof(world.config), "%s/approver.conf", world.dir);
        (void) snprintf(world.state, sizeof(world.state), "%s", world.dir);
        write_rules(rules);
        world_start();
}

void world_open(void)
{
        world_open_with(world_rules);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return remove(path);
}

void world_close(void)
{
        clients_close();
        world_stop(false);
        if (world.dir[0]) {
                (void) nftw(world.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        }
        world = (World){ .seed = world.seed };
}

void world_pump(void)
{
        while (sd_event_run(world.d.event, 0) > 0) {
        }
}

void world_forward(usec_t by)
{
        world.now.wall = usec_add(world.now.wall, by);
        world.now.boot = usec_add(world.now.boot, by);
        flow_due(&world.d);
        world_pump();
}

void world_set_wall(usec_t wall)
{
        world.now.wall = wall;
        flow_due(&world.d);
        world_pump();
}

/* --- the record --- */

typedef struct Counting {
        const char *event, *id;
        int n;
        char hash[DIGEST_HEX_SIZE];
        int64_t seq;
} Counting;

/* A row may stand for the same several times; a gap counts what has no row. Where no event is named rows count. */
static int times_of(const AuditRow *row)
{
        const char *count = strstr(row->canonical, "\"count\":");

        return count && !streq(row->event, "audit.gap") ? atoi(count + strlen("\"count\":")) : 1;
}

static int count_row(const AuditRow *row, void *userdata)
{
        Counting *c = userdata;
        char bytes[2 * 65536], hash[DIGEST_HEX_SIZE];

        ck_assert_int_eq(row->seq, c->seq + 1);
        int n = snprintf(bytes, sizeof(bytes), "%s%s", c->hash, row->canonical);
        ck_assert_int_lt(n, (int) sizeof(bytes));
        ck_assert_int_eq(digest_hex(bytes, (size_t) n, hash), 0);
        ck_assert_str_eq(hash, row->hash);
        memcpy(c->hash, hash, sizeof(hash));
        c->seq = row->seq;
        if ((str_empty(c->event) || streq(row->event, c->event)) &&
                (str_empty(c->id) || streq(row->request.text, c->id) ||
                        streq(row->grant.text, c->id))) {
                c->n += str_empty(c->event) ? 1 : times_of(row);
        }
        return 0;
}

int world_count(const char *event, const char *id)
{
        const AuditFilter all = { .asker = UID_UNSET, .limit = INT64_MAX };
        Counting c = { .event = event, .id = id };
        Now now = world.now;

        memset(c.hash, '0', sizeof(c.hash) - 1);
        (void) audit_flush(world.d.ledger.audit, &now);
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, count_row, &c), 0);
        ck_assert_str_eq(c.hash, audit_head(world.d.ledger.audit));
        return c.n;
}

void world_verify(void)
{
        ck_assert_int_ge(world_count("", ""), 0);
}

/* --- peers --- */

static Client *client_connect_to(const char *path, uid_t uid, uid_t login, bool unproven)
{
        static pid_t next_pid = 100000;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Client *c = calloc(1, sizeof(*c));
        size_t at = 0;

        *c = (Client){ .uid = uid, .login = login, .unproven = unproven, .pid = next_pid++ };
        while (clients[at]) {
                at++;
                ck_assert_uint_lt(at, CLIENTS_MAX);
        }
        clients[at] = c;
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(c->fd, 0);
        world_pump(); /* nobody else is in the queue */
        arriving = uid == UID_UNSET ? NULL : c;
        ck_assert_int_eq(connect(c->fd, (struct sockaddr *) &address, sizeof(address)), 0);
        world_pump();
        arriving = NULL;
        return c;
}

Client *client_new(uid_t uid, uid_t login)
{
        return client_connect_to(world.socket, uid, login, false);
}

Client *client_unproven(uid_t uid)
{
        return client_connect_to(world.socket, uid, UID_UNSET, true);
}

Client *client_gateway(void)
{
        return client_connect_to(world.gateway, GATEWAY, UID_UNSET, false);
}

void client_close(Client *c)
{
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
                if (clients[i] == c) {
                        clients[i] = NULL;
                }
        }
        closep(&c->fd);
        wire_done(&c->wire);
        json_free(c->json);
        free(c);
        if (world.running) {
                world_pump();
        }
}

void clients_close(void)
{
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
                if (clients[i]) {
                        client_close(clients[i]);
                }
        }
}

void say_bytes(Client *c, const void *bytes, size_t n)
{
        const char *at = bytes;

        while (n > 0) {
                ssize_t sent = send(c->fd, at, n, MSG_NOSIGNAL);
                if (sent < 0 && errno == EAGAIN) {
                        world_pump();
                        continue;
                }
                if (sent < 0) {
                        return; /* the daemon hung up: what comes next tells */
                }
                at += sent;
                n -= (size_t) sent;
        }
}

void say_text(Client *c, const char *words)
{
        say_bytes(c, words, strlen(words) + 1);
}

void say(Client *c, const char *method, const Field *fields, const void *parameters, unsigned flags)
{
        _cleanup_(freep) char *message = NULL;
        size_t n;

        ck_assert_int_eq(message_write_call(method, fields, parameters, flags, &message, &n), 0);
        say_text(c, message);
}

static void keep(char *out, size_t size, const char *value)
{
        if (!str_empty(value)) {
                (void) snprintf(out, size, "%s", value);
        }
}

static void take_message(Client *c, const char *message, size_t n)
{
        c->json = json_free(c->json);
        ck_assert_int_eq(json_parse(message, n, &c->json), 0);
        ck_assert_int_eq(message_read_reply(c->json, &c->m), 0);
        keep(c->request, sizeof(c->request), text(c, "request"));
        keep(c->grant, sizeof(c->grant), text(c, "grant"));
        if (c->nonce[0] && text(c, "verdict")[0]) {
                ck_assert_str_eq(text(c, "nonce"), c->nonce);
        }
}

/* 1: a message was taken; 0: nothing there; -1: hung up. */
static int try_hear(Client *c)
{
        const char *message;
        size_t n, space;
        char *in;

        for (;;) {
                if (wire_next(&c->wire, &message, &n) == 1) {
                        take_message(c, message, n);
                        return 1;
                }
                if (wire_input(&c->wire, &in, &space) < 0) {
                        return -1;
                }
                ssize_t got = recv(c->fd, in, space, MSG_DONTWAIT);
                int error = got < 0 ? errno : 0;
                wire_received(&c->wire, got > 0 ? (size_t) got : 0);
                if (error == EAGAIN) {
                        return 0;
                }
                if (got <= 0) {
                        c->closed = true;
                        return -1;
                }
        }
}

bool hear(Client *c)
{
        usec_t until = clock_usec(CLOCK_MONOTONIC) + PATIENCE;

        for (;;) {
                if (world.running) {
                        world_pump();
                }
                int r = try_hear(c);
                if (r != 0) {
                        return r > 0;
                }
                ck_assert_msg(world.running && clock_usec(CLOCK_MONOTONIC) < until, "nothing came");
                (void) sd_event_run(world.d.event, 20 * USEC_PER_MSEC);
        }
}

bool is_quiet(Client *c)
{
        world_pump();
        return try_hear(c) == 0;
}

bool is_closed(Client *c)
{
        int r;

        world_pump();
        while ((r = try_hear(c)) > 0) { /* what was said before */
        }
        return r < 0;
}

const char *text_of(const JsonNode *n, const char *name)
{
        const JsonNode *value = n ? json_get(n, name) : NULL;

        return value && json_type(value) == JSON_STRING ? json_string(value) : "";
}

const char *text(const Client *c, const char *name)
{
        return text_of(c->m.parameters, name);
}

int64_t number(const Client *c, const char *name)
{
        const JsonNode *n = c->m.parameters ? json_get(c->m.parameters, name) : NULL;

        return n && json_type(n) == JSON_INTEGER ? json_integer(n) : -1;
}

const JsonNode *object(const Client *c, const char *name)
{
        return c->m.parameters ? json_get(c->m.parameters, name) : NULL;
}

size_t length(const Client *c, const char *name)
{
        const JsonNode *list = object(c, name);
        size_t n = 0;

        for (const JsonNode *i = list ? json_first(list) : NULL; i; i = json_next(i)) {
                n++;
        }
        return n;
}

const char *error(const Client *c)
{
        const char *dot = c->m.error ? strrchr(c->m.error, '.') : NULL;

        return dot ? dot + 1 : "";
}

/* --- what modules and people do --- */

Ask ask_of(uid_t asker, const char *service, const char *target, const char *command)
{
        static const char *words[8][16];
        static char text_words[8][256], nonces[8][NONCE_HEX + 1];
        static unsigned next, serial;
        unsigned at = next++ % 8;
        char *save = NULL;
        size_t n = 0;

        (void) snprintf(nonces[at], sizeof(nonces[at]), "%032x", ++serial);
        (void) snprintf(text_words[at], sizeof(text_words[at]), "%s", command);
        for (char *w = strtok_r(text_words[at], " ", &save); w && n < 16;
                w = strtok_r(NULL, " ", &save)) {
                words[at][n++] = w;
        }
        bool changes = service_changes_user(service_canonical(service));
        return (Ask){
                .nonce = nonces[at],
                .phase = "account",
                .service = service,
                .pam_service = service,
                .asker = changes ? asker : UID_UNSET,
                .user = name_of(asker),
                .ruser = changes ? name_of(asker) : NULL,
                .login_uid = UID_UNSET,
                .target = target,
                .mode = n > 0 ? "run" : "shell",
                .command = { words[at], n },
                .tty = "/dev/pts/3",
        };
}

Ask ask_sudo(uid_t asker)
{
        return ask_of(asker, "sudo", "root", "id");
}

static void expect_nonce(Client *c, const Ask *ask)
{
        (void) snprintf(c->nonce, sizeof(c->nonce), "%s", str_or(ask->nonce, ""));
}

static void keep_last(Client *c)
{
        const JsonNode *lines = object(c, "lines");
        const JsonNode *line = lines ? json_first(lines) : NULL;

        (void) snprintf(last_code, sizeof(last_code), "%s", text(c, "code"));
        (void) snprintf(last_line, sizeof(last_line), "%s", line ? json_string(line) : "");
        (void) snprintf(last_grant, sizeof(last_grant), "%s", text(c, "grant"));
        (void) snprintf(last_request, sizeof(last_request), "%s", text(c, "request"));
}

const char *check_ask(uid_t peer, Ask ask)
{
        static char verdict[64];
        CheckCall call = { PROTOCOL_VERSION, ask };
        Client *c = client_new(peer, UID_UNSET);

        expect_nonce(c, &ask);
        say(c, "Check", CHECK_FIELDS, &call, 0);
        if (!hear(c)) {
                (void) snprintf(verdict, sizeof(verdict), "hung-up");
        } else {
                (void) snprintf(verdict, sizeof(verdict), "%s",
                        error(c)[0] ? error(c) : text(c, "verdict"));
                keep_last(c);
        }
        client_close(c);
        return verdict;
}

const char *check_sudo(uid_t asker)
{
        return check_ask(ROOT, ask_sudo(asker));
}

Client *request_ask(Ask ask, usec_t wait)
{
        RequestCall call = { PROTOCOL_VERSION, ask, "because", NULL, wait, wait == 0 };
        Client *c = client_new(ROOT, UID_UNSET);

        expect_nonce(c, &ask);
        c->asker = ask.asker;
        say(c, "Request", REQUEST_FIELDS, &call, wait > 0 ? CALL_MORE : 0);
        ck_assert(hear(c));
        keep_last(c);
        return c;
}

Client *request_sudo(uid_t asker)
{
        return request_ask(ask_sudo(asker), USEC_PER_MIN);
}

const char *pending_of(Client *c)
{
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert(id_parse(c->request, &(Id){ 0 }) == 0);
        return c->request;
}

Client *return_to(const char *request, Ask ask)
{
        WaitCall call = { PROTOCOL_VERSION, request, ask };
        Client *c = client_new(ROOT, UID_UNSET);

        expect_nonce(c, &ask);
        say(c, "Wait", WAIT_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        return c;
}

static const char *decide_with(
        uid_t uid, uid_t login, const char *request, const char *decision, const char *duration)
{
        static char result[64];
        DecideCall call = { PROTOCOL_VERSION, request, decision, duration, NULL };
        Client *c = client_new(uid, login);

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        keep_last(c);
        client_close(c);
        return result;
}

const char *decide_as(uid_t uid, uid_t login, const char *request, const char *decision)
{
        return decide_with(uid, login, request, decision, NULL);
}

const char *decide(uid_t uid, const char *request, const char *decision)
{
        return decide_with(uid, uid, request, decision, NULL);
}

const char *decide_for(uid_t uid, const char *request, const char *duration)
{
        return decide_with(uid, uid, request, "approve", duration);
}

const char *link_for(const char *request, const char *approver, const char *channel)
{
        static char token[LINK_TOKEN_SIZE];
        Request r;
        Id id;

        ck_assert_int_eq(id_parse(request, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &r), 0);
        ck_assert_int_eq(link_token(&world.d.link_key, &r, approver, channel, token), 0);
        request_done(&r);
        return token;
}

const char *decide_by_link(const char *token, const char *decision)
{
        static char result[64];
        DecideLinkCall call = { PROTOCOL_VERSION, token, decision, NULL, NULL, NULL };
        Client *c = client_gateway();

        say(c, "DecideLink", DECIDE_LINK_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        client_close(c);
        return result;
}

const char *do_id(uid_t uid, const char *method, const char *id)
{
        static char result[64];
        IdCall call = { PROTOCOL_VERSION, id };
        RevokeCall revoke = { PROTOCOL_VERSION, id, NULL, false };
        Client *c = client_new(uid, uid);

        if (streq(method, "Revoke")) {
                say(c, method, REVOKE_FIELDS, &revoke, 0);
        } else {
                say(c, method, ID_FIELDS, &call, 0);
        }
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        client_close(c);
        return result;
}

const char *state_of(const char *request)
{
        Id id;
        Request r;

        ck_assert_int_eq(id_parse(request, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &r), 0);
        const char *state = request_state_to_string(r.state);
        request_done(&r);
        return state;
}

const char *grant_state_of(const char *grant)
{
        Id id;
        Grant g;

        ck_assert_int_eq(id_parse(grant, &id), 0);
        ck_assert_int_eq(store_grant_get(world.d.ledger.store, &id, &g), 0);
        const char *state = grant_state_to_string(g.state);
        grant_done(&g);
        return state;
}

const char *granted(uid_t asker)
{
        static char grant[ID_SIZE];
        Client *c = request_sudo(asker);

        ck_assert_str_eq(decide(BOB, pending_of(c), "approve"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        (void) snprintf(grant, sizeof(grant), "%s", c->grant);
        client_close(c);
        return grant;
}

int world_main(Suite *(*suite)(void) )
{
        SRunner *runner = srunner_create(suite());

        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
