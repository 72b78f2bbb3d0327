/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The daemon against a model of it that is small enough to be read: random people do random things in
 * random order, clocks are moved and set, the daemon is stopped and killed. Never an access that the
 * model does not allow, one end each, and a record without a break. MODEL_STEPS and MODEL_SEED in the
 * environment; the seed is printed.
 */

#include "tests/flow/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define MINUTE USEC_PER_MIN
#define HOUR USEC_PER_HOUR
#define OPEN_FOR (30 * MINUTE)
#define LASTS (30 * MINUTE)
#define WAITERS 64
#define STAGES 2
#define VOTES 64
#define HIS_TRIES 3
#define ALL_TRIES 5

/* --- who and what there is --- */

enum { P_BOB, P_CAROL, P_DEV, P_DAVE, P_SUE, P_EVE, P_OTHER, N_PERSONS };

#define B (1u << P_BOB)
#define C (1u << P_CAROL)
#define D (1u << P_DEV)
#define V (1u << P_DAVE)
#define S (1u << P_SUE)
#define E (1u << P_EVE)

static const char *const person_names[] = { "bob", "carol", "devp", "dave", "sue", "eve" };
static const uid_t askers[] = { DEV, DAVE, CAROL };
static const uid_t voters[] = { BOB, BOBADM, CAROL, DEV, DEVADM, EVE, DAVE, SUE, ADM };
static const char *const commands[] = { "id", "ls -l" };

/* What there is to ask for: each by a rule of its own. */
enum { ONE, TWO, STAGED, COMMAND, ONCE, N_LANES };

static const struct {
        const char *service, *target;
        int needed, stages;
        usec_t max;
        bool by_command, once, code, survives, slow;
        char extend; /* (a)sk, a(u)to, (n)o */
} lanes[] = {
        [ONE] = { "sudo", "root", 1, 1, HOUR, .survives = true, .extend = 'a' },
        [TWO] = { "su", "root", 2, 1, HOUR, .extend = 'u' },
        [STAGED] = { "sudo", "sue", 2, 2, HOUR, .extend = 'n' },
        [COMMAND] = { "sudo", "eve", 1, 1, 4 * HOUR, .by_command = true, .code = true,
                .extend = 'a' },
        [ONCE] = { "sudo", "aud", 1, 1, HOUR, .by_command = true, .once = true, .slow = true,
                .extend = 'n' },
};

/* Who is asked, by the rules as they are: bob is written out of them and in again, and carol and sue move. */
static const unsigned stage_of[][N_LANES][STAGES] = {
        { { B | C | D }, { B | C | D }, { B | C | D, S | V | C }, { B | C | D }, { B | C | D } },
        { { C | D | S }, { C | D | S }, { S | D | E, B | V | C }, { C | D | S }, { C | D | S } },
};

#define ESCALATIONS 2
static const struct {
        usec_t after;
        unsigned to;
} escalations[ESCALATIONS] = { { 4 * MINUTE, E }, { 9 * MINUTE, B | V } };

#define COMMON                                                                                        \
        "[defaults]\nrate = no\ncool-down = 0\nusers = *\naction = ask\non-expiry = keep\n"           \
        "duration = 30m\nmax-duration = 1h\nopen-for = 30m\nwait = 5m\nnotify = hook\n"               \
        "[access]\nadmins = root, adm\n[web]\nurl = https://jit.example.org\n[channel hook]\n"        \
        "[approver bob]\nuser = bob, bobadm\n[approver carol]\nuser = carol\n"                        \
        "[approver devp]\nuser = dev, devadm\n[approver dave]\nuser = dave\n"                         \
        "[approver sue]\nuser = sue\n[approver eve]\nuser = eve\n[group late]\nmembers = bob, dave\n" \
        "[rule one]\nservices = sudo\ntargets = root\napprovers = oncall\nsurvive-reboot = yes\n"     \
        "[rule two]\nservices = su\ntargets = root\napprovers = oncall\napprovals = 2\n"              \
        "extend = auto\n"                                                                             \
        "[rule command]\nservices = sudo\ntargets = eve\napprovers = oncall\nscope = command\n"       \
        "match-code = on\nmax-duration = 4h\n"                                                        \
        "[rule once]\nservices = sudo\ntargets = aud\napprovers = oncall\nscope = once\n"             \
        "end-when-done = no\ncool-down = 2m\nrate = 6/h\nextend = no\n"                               \
        "[rule staged]\nservices = sudo\ntargets = sue\napprovals = 2\nextend = no\n"                 \
        "escalate = after 4m to eve, after 9m to late\n"

static const char *const rules_texts[] = {
        COMMON
        "approvers = oncall then sue, dave, carol\n[group oncall]\nmembers = bob, carol, devp\n",
        COMMON "approvers = sue, devp, eve then bob, dave, carol\n"
               "[group oncall]\nmembers = carol, devp, sue\n",
};

typedef struct ModelVote {
        size_t who;
        bool yes;
        usec_t wall;
} ModelVote;

typedef struct ModelRequest {
        char id[ID_SIZE];
        size_t asker, lane, command;
        const char *state;
        usec_t created, wall, boot; /* deadlines */
        bool detached;
        size_t grant; /* more time for this one: its number, from one; 0: for access */
        usec_t by;
        ModelVote votes[VOTES];
        size_t n_votes;
        unsigned asked; /* by escalations there have been */
        int tries[N_PERSONS];
        usec_t denied_at;
        int n_created, n_ended; /* rows seen */
} ModelRequest;

typedef struct ModelGrant {
        char id[ID_SIZE];
        size_t asker, lane, command, request;
        const char *state;
        usec_t from, wall, boot;
        bool spent;
        int started, ended;
} ModelGrant;

typedef struct ModelWaiter {
        Client *c; /* NULL: free */
        size_t request;
        bool enters;
} ModelWaiter;

static ModelRequest *requests;
static ModelGrant *grants;
static size_t n_requests, n_grants;
static ModelWaiter waiters[WAITERS];
static usec_t return_until; /* boot clock */
static size_t in_force;     /* which rules */

static size_t chance(size_t n)
{
        return (size_t) (world_random() % n);
}

static Ask ask_for(size_t asker, size_t lane, size_t command, bool enters)
{
        Ask ask = ask_of(askers[asker], lanes[lane].service, lanes[lane].target, commands[command]);

        ask.phase = enters ? "account" : "auth";
        return ask;
}

static size_t person(uid_t uid)
{
        switch (uid) {
        case BOB:
        case BOBADM:
                return P_BOB;
        case CAROL:
                return P_CAROL;
        case DEV:
        case DEVADM:
                return P_DEV;
        case DAVE:
                return P_DAVE;
        case SUE:
                return P_SUE;
        case EVE:
                return P_EVE;
        default:
                return P_OTHER;
        }
}

static bool is_pending(const ModelRequest *r)
{
        return streq(r->state, "pending");
}

static bool is_active(const ModelGrant *g)
{
        return streq(g->state, "active");
}

static bool same_command(size_t lane, size_t a, size_t b)
{
        return !lanes[lane].by_command || a == b;
}

static ModelRequest *pending_for(size_t asker, size_t lane, size_t command)
{
        for (size_t i = 0; i < n_requests; i++) {
                ModelRequest *r = &requests[i];
                if (is_pending(r) && r->asker == asker && r->lane == lane && !r->grant &&
                        same_command(lane, r->command, command)) {
                        return r;
                }
        }
        return NULL;
}

static ModelGrant *live_grant(size_t asker, size_t lane, size_t command)
{
        for (size_t i = 0; i < n_grants; i++) {
                ModelGrant *g = &grants[i];
                if (is_active(g) && g->asker == asker && g->lane == lane && !g->spent &&
                        same_command(lane, g->command, command)) {
                        return g;
                }
        }
        return NULL;
}

static ModelRequest *extension_of(const ModelGrant *g)
{
        for (size_t i = 0; i < n_requests; i++) {
                if (is_pending(&requests[i]) && requests[i].grant == (size_t) (g - grants) + 1) {
                        return &requests[i];
                }
        }
        return NULL;
}

static size_t pending_of_asker(size_t asker)
{
        size_t n = 0;

        for (size_t i = 0; i < n_requests; i++) {
                n += is_pending(&requests[i]) && requests[i].asker == asker;
        }
        return n;
}

static size_t waits_of(size_t asker)
{
        size_t n = 0;

        for (size_t i = 0; i < WAITERS; i++) {
                n += waiters[i].c && requests[waiters[i].request].asker == asker;
        }
        return n;
}

static bool is_awaited(const ModelRequest *r)
{
        for (size_t i = 0; i < WAITERS; i++) {
                if (waiters[i].c && &requests[waiters[i].request] == r) {
                        return true;
                }
        }
        return false;
}

static void add_waiter(Client *c, const ModelRequest *r, bool enters)
{
        for (size_t i = 0; i < WAITERS; i++) {
                if (!waiters[i].c) {
                        waiters[i] = (ModelWaiter){ c, (size_t) (r - requests), enters };
                        return;
                }
        }
        ck_abort();
}

/* --- what the votes amount to --- */

typedef struct Sum {
        bool denied, approved;
        int stage, filled;
        unsigned open, before; /* whose turn it is; whose it was */
        usec_t since;
} Sum;

static unsigned escalated_to(const ModelRequest *r, usec_t since, usec_t at)
{
        unsigned all = 0;

        for (size_t i = 0; r->lane == STAGED && i < ESCALATIONS; i++) {
                all |= at >= since + escalations[i].after ? escalations[i].to : 0;
        }
        return all;
}

static unsigned seats(size_t lane)
{
        unsigned all = lane == STAGED ? escalations[0].to | escalations[1].to : 0;

        for (int i = 0; i < lanes[lane].stages; i++) {
                all |= stage_of[in_force][lane][i];
        }
        return all;
}

/* All of it anew, by the rules as they are. */
static Sum sum_up(const ModelRequest *r)
{
        const unsigned *stages = stage_of[in_force][r->lane];
        Sum s = { .since = r->created };
        unsigned counted = 0;

        for (size_t i = 0; i < r->n_votes; i++) {
                const ModelVote *v = &r->votes[i];
                unsigned him = 1u << v->who;

                s.denied = s.denied || (!v->yes && (seats(r->lane) & him));
                if (s.stage < lanes[r->lane].stages &&
                        ((stages[s.stage] | escalated_to(r, s.since, v->wall)) & him & ~counted)) {
                        counted |= him;
                        if (++s.filled == lanes[r->lane].needed) {
                                s.before |= stages[s.stage++];
                                s.filled = 0;
                                s.since = v->wall;
                        }
                }
        }
        s.approved = !s.denied && s.stage == lanes[r->lane].stages;
        if (s.stage < lanes[r->lane].stages) {
                s.open = stages[s.stage] | escalated_to(r, s.since, world.now.wall);
        } else {
                s.open = seats(r->lane); /* the rules made it enough: any yes shows it */
        }
        return s;
}

/* Whoever was asked late by now. */
static void escalate(void)
{
        for (size_t i = 0; i < n_requests; i++) {
                if (is_pending(&requests[i]) && requests[i].lane == STAGED) {
                        const Sum s = sum_up(&requests[i]);
                        requests[i].asked |= escalated_to(&requests[i], s.since, world.now.wall);
                }
        }
}

/* --- what ends --- */

static bool expect_verdict(ModelWaiter *w, const char *state)
{
        do {
                ck_assert(hear(w->c));
        } while (w->c->m.continues);
        bool in = streq(text(w->c, "verdict"), VERDICT_GRANT);
        if (!in) {
                ck_assert_str_eq(text(w->c, "verdict"), VERDICT_DENY);
                ck_assert_str_eq(text(w->c, "code"), streq(state, "approved") ? "spent" : state);
        }
        ck_assert(is_quiet(w->c));
        client_close(TAKE_PTR(w->c));
        return in;
}

/* The end of a request: all who wait hear it, once, and nothing after it. How many go in by it. */
static size_t over(ModelRequest *r, const char *state)
{
        size_t enter = 0, entered = 0;

        r->state = state;
        for (size_t i = 0; i < WAITERS; i++) {
                ModelWaiter *w = &waiters[i];
                if (!w->c || &requests[w->request] != r) {
                        continue;
                }
                bool enters = w->enters, in = expect_verdict(w, state);
                ck_assert(streq(state, "approved") || !in);
                ck_assert(enters || in == streq(state, "approved"));
                enter += enters;
                entered += enters && in;
        }
        if (streq(state, "approved")) {
                ck_assert_uint_eq(entered, lanes[r->lane].once ? MIN(enter, 1u) : enter);
        }
        ck_assert_str_eq(state_of(r->id), state);
        return entered;
}

static void grant_over(ModelGrant *g, const char *state)
{
        ModelRequest *more = extension_of(g);

        g->state = state;
        if (more) {
                over(more, "withdrawn");
        }
}

static void time_has_passed(void)
{
        for (size_t i = 0; i < n_grants; i++) {
                ModelGrant *g = &grants[i];
                if (is_active(g) && (world.now.wall >= g->wall || world.now.boot >= g->boot)) {
                        grant_over(g, "expired");
                }
        }
        for (size_t i = 0; i < n_requests; i++) {
                ModelRequest *r = &requests[i];
                if (!is_pending(r)) {
                        continue;
                }
                if (world.now.wall >= r->wall || world.now.boot >= r->boot) {
                        over(r, "timed-out");
                } else if (world.now.boot >= return_until && !r->detached && !is_awaited(r)) {
                        over(r, "withdrawn");
                }
        }
        escalate();
}

/* --- what may happen --- */

/* Whether he has asked too much of late, or was denied: from the last thousand by this rule, the newest first. */
static bool must_pause(size_t asker, size_t lane)
{
        usec_t now = world.now.wall, denied_at = 0, pause = MINUTE;
        size_t his = 0, all = 0, seen = 0;
        bool counts = true;

        for (size_t i = n_requests; lanes[lane].slow && i > 0 && seen < 1000; i--) {
                const ModelRequest *r = &requests[i - 1];
                seen += r->lane == lane;
                if (r->lane != lane || r->created > now) {
                        continue;
                }
                if (now - r->created >= 4 * HOUR) {
                        break;
                }
                all += now - r->created < HOUR;
                if (r->asker == asker) {
                        his += now - r->created < HOUR;
                        counts = counts && !streq(r->state, "approved");
                        if (counts && streq(r->state, "denied")) {
                                denied_at = denied_at ? denied_at : r->denied_at;
                                pause = MIN(pause * 2, HOUR);
                        }
                }
        }
        return (denied_at && denied_at <= now && now - denied_at < pause) || his >= 6 || all >= 60;
}

static bool may_open(size_t asker, size_t lane)
{
        return pending_of_asker(asker) < PENDING_MAX && !must_pause(asker, lane);
}

static ModelRequest *request_begins(
        const char *id, size_t asker, size_t lane, size_t command, bool detached)
{
        requests = reallocarray(requests, n_requests + 1, sizeof(*requests));
        ModelRequest *r = &requests[n_requests++];

        *r = (ModelRequest){ .asker = asker,
                .lane = lane,
                .command = command,
                .state = "pending",
                .created = world.now.wall,
                .wall = world.now.wall + OPEN_FOR,
                .boot = world.now.boot + OPEN_FOR,
                .detached = detached };
        memcpy(r->id, id, sizeof(r->id));
        return r;
}

/* Somebody was let in, by a grant that is there. */
static void enter_by(ModelGrant *g, bool enters)
{
        ck_assert_ptr_nonnull(g);
        g->spent = g->spent || (enters && lanes[g->lane].once);
}

static void ask(void)
{
        size_t asker = chance(ELEMENTSOF(askers)), lane = chance(N_LANES), command = chance(2);
        ModelRequest *r = pending_for(asker, lane, command);
        ModelGrant *g = live_grant(asker, lane, command);
        bool leaves = chance(6) == 0, enters = chance(4) > 0;
        bool busy = (!leaves && waits_of(asker) >= WAITS_MAX) || (!r && !may_open(asker, lane));
        Client *c = request_ask(ask_for(asker, lane, command, enters), leaves ? 0 : MINUTE);

        if (g) {
                ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
                enter_by(g, enters);
                client_close(c);
                return;
        }
        if (busy) {
                ck_assert_str_eq(text(c, "code"), "busy");
                client_close(c);
                return;
        }
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        if (!r) {
                r = request_begins(c->request, asker, lane, command, leaves);
        }
        ck_assert_str_eq(c->request, r->id);
        if (leaves) {
                r->detached = true;
                client_close(c);
        } else {
                add_waiter(c, r, enters);
        }
}

static void come_back(void)
{
        ModelRequest *r =
                n_requests ? &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 6))] : NULL;
        bool enters = chance(2) == 0;

        if (!r || !is_pending(r) || waits_of(r->asker) >= WAITS_MAX || r->grant) {
                return;
        }
        Client *c = return_to(r->id, ask_for(r->asker, r->lane, r->command, enters));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        add_waiter(c, r, enters);
}

static ModelWaiter *some_waiter(void)
{
        for (size_t i = 0, at = chance(WAITERS); i < WAITERS; i++) {
                if (waiters[(at + i) % WAITERS].c) {
                        return &waiters[(at + i) % WAITERS];
                }
        }
        return NULL;
}

static void hang_up(void)
{
        ModelWaiter *w = some_waiter();

        if (!w) {
                return;
        }
        ModelRequest *r = &requests[w->request];
        client_close(TAKE_PTR(w->c));
        if (!r->detached && !is_awaited(r)) {
                over(r, "withdrawn");
        }
}

static void detach(void)
{
        const IdCall call = { .version = PROTOCOL_VERSION };
        ModelWaiter *w = some_waiter();

        if (!w) {
                return;
        }
        say(w->c, "Detach", ID_FIELDS, &call, CALL_ONEWAY);
        do {
                ck_assert(hear(w->c));
        } while (w->c->m.continues);
        ck_assert_str_eq(text(w->c, "code"), "detached");
        requests[w->request].detached = true;
        client_close(TAKE_PTR(w->c));
}

static ModelGrant *grant_begins(const ModelRequest *r, bool spent)
{
        Id id;
        Request stored;

        ck_assert_int_eq(id_parse(r->id, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &stored), 0);
        grants = reallocarray(grants, n_grants + 1, sizeof(*grants));
        ModelGrant *g = &grants[n_grants++];
        *g = (ModelGrant){ .asker = r->asker,
                .lane = r->lane,
                .command = r->command,
                .request = (size_t) (r - requests),
                .state = "active",
                .from = world.now.wall,
                .wall = world.now.wall + LASTS,
                .boot = world.now.boot + LASTS,
                .spent = spent };
        memcpy(g->id, stored.grant.text, ID_SIZE);
        request_done(&stored);
        return g;
}

static ModelRequest *some_request(void)
{
        return n_requests > 0 ? &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 8))]
                              : NULL;
}

static int last_vote(const ModelRequest *r, size_t who)
{
        int last = 0;

        for (size_t i = 0; i < r->n_votes; i++) {
                last = r->votes[i].who != who ? last : r->votes[i].yes ? 1 : -1;
        }
        return last;
}

/* The right one, one in so many times; else none, or a wrong one. */
static const char *some_code(const ModelRequest *r, size_t one_in, char out[static 24])
{
        Request stored;
        Id id;

        ck_assert_int_eq(id_parse(r->id, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &stored), 0);
        int64_t code = stored.code;
        request_done(&stored);
        ck_assert_int_eq(code != CODE_NONE, lanes[r->lane].code);
        if (chance(8) == 0) {
                return NULL;
        }
        code = chance(one_in) == 0 ? code : (code + 1) % (CODE_MAX + 1);
        /* a hundred more has a digit too many: it is not taken for the code */
        (void) snprintf(out, 24, "%02d", (int) code + (chance(8) == 0 ? 100 : 0));
        return out;
}

/* Whether it opens the vote; counts it. */
static bool code_is_right(ModelRequest *r, size_t who, const char *code)
{
        char right[24];
        Request stored;
        int all = 0;
        Id id;

        ck_assert_int_eq(id_parse(r->id, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &stored), 0);
        (void) snprintf(right, sizeof(right), "%02d", (int) stored.code);
        request_done(&stored);
        if (!code) {
                return false;
        }
        if (r->tries[who] < HIS_TRIES && streq(code, right)) {
                return true;
        }
        r->tries[who]++;
        for (size_t i = 0; i < N_PERSONS; i++) {
                all += MIN(r->tries[i], HIS_TRIES);
        }
        if (all >= ALL_TRIES) {
                over(r, "denied");
        }
        return false;
}

static void extension_decided(ModelRequest *r)
{
        ModelGrant *g = &grants[r->grant - 1];

        ck_assert(is_active(g));
        over(r, "approved");
        g->wall += r->by;
        g->boot += r->by;
}

/* Whether no more would be left of it, by either clock, than the rule gives at a time. */
static bool fits(const ModelGrant *g, usec_t by)
{
        usec_t most = lanes[g->lane].max;

        return g->wall + by <= world.now.wall + most && g->boot + by <= world.now.boot + most;
}

/* What the vote of a person must lead to; error is what it was answered. */
static void voted(ModelRequest *r, size_t who, bool yes, const char *code, const char *error)
{
        const unsigned him = 1u << who;
        const Sum before = is_pending(r) ? sum_up(r) : (Sum){ 0 };

        if (world.names_silent && streq(error, "NamesUnavailable")) {
                return;
        }
        if (who == person(askers[r->asker]) || !(seats(r->lane) & him)) {
                ck_assert_msg(
                        streq(error, "NotFound") || streq(error, "NotPermitted"), "%s", error);
        } else if (last_vote(r, who) == (yes ? 1 : -1)) {
                ck_assert_str_eq(error, "");
        } else if (!is_pending(r)) {
                ck_assert_str_eq(error, "Over");
        } else if (!((before.open | (yes ? 0 : before.before | r->asked)) & him)) {
                ck_assert_str_eq(error, "NotPermitted");
        } else if (yes && lanes[r->lane].code && !code_is_right(r, who, code)) {
                ck_assert_msg(streq(error, "Refused") || streq(error, "NotPermitted"), "%s", error);
        } else {
                ck_assert_uint_lt(r->n_votes, VOTES);
                r->votes[r->n_votes++] = (ModelVote){ who, yes, world.now.wall };
                const Sum now = sum_up(r);
                if (now.approved && r->grant && !fits(&grants[r->grant - 1], r->by)) {
                        r->n_votes--;
                        r->tries[who] += lanes[r->lane].code;
                        ck_assert_str_eq(error, "Refused");
                        return;
                }
                ck_assert_str_eq(error, "");
                if (now.denied) {
                        r->denied_at = world.now.wall;
                        over(r, "denied");
                } else if (now.approved && r->grant) {
                        extension_decided(r);
                } else if (now.approved) {
                        bool entered = over(r, "approved") > 0;
                        (void) grant_begins(r, entered && lanes[r->lane].once);
                }
        }
}

static const char *decide_with_code(uid_t uid, const char *id, bool yes, const char *code)
{
        static char result[64];
        DecideCall call = { PROTOCOL_VERSION, id, yes ? "approve" : "deny", .code = code };
        Client *c = client_new(uid, uid);

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        client_close(c);
        return result;
}

static void vote(void)
{
        uid_t voter = voters[chance(ELEMENTSOF(voters))];
        bool yes = chance(5) > 0;
        ModelRequest *r = some_request();
        char code[24];

        if (r) {
                const char *typed = lanes[r->lane].code ? some_code(r, 2, code) : NULL;
                voted(r, person(voter), yes, typed, decide_with_code(voter, r->id, yes, typed));
        }
}

/* Somebody tries one code after another. */
static void guess(void)
{
        uid_t voter = voters[chance(ELEMENTSOF(voters))];
        char code[24];

        for (size_t i = n_requests; i > 0 && i + 20 > n_requests; i--) {
                ModelRequest *r = &requests[i - 1];
                if (!is_pending(r) || !lanes[r->lane].code) {
                        continue;
                }
                for (size_t k = 0; k < 5; k++) {
                        const char *typed = some_code(r, 10, code);
                        voted(r, person(voter), true, typed,
                                decide_with_code(voter, r->id, true, typed));
                }
                return;
        }
}

/* By a link: a person's own, or what a gateway that was taken over makes of one. */
static void click(void)
{
        size_t who = chance(ELEMENTSOF(person_names));
        bool yes = chance(5) > 0;
        ModelRequest *r = some_request();
        char token[LINK_TOKEN_SIZE];

        if (!r) {
                return;
        }
        memcpy(token, link_for(r->id, person_names[who], "hook"), sizeof(token));
        if (chance(3) == 0) {
                static const char digits[] = "ABCDEFGHJKMNPQRSTVWXYZ23456789abcdef_-";
                size_t at = chance(LINK_TOKEN_LENGTH);
                char before = token[at];

                token[at] = digits[chance(sizeof(digits) - 1)];
                if (token[at] != before) {
                        ck_assert_str_eq(
                                decide_by_link(token, yes ? "approve" : "deny"), "NotFound");
                        return;
                }
        }
        voted(r, who, yes, NULL, decide_by_link(token, yes ? "approve" : "deny"));
}

static void cancel(void)
{
        static const uid_t by[] = { DEV, DAVE, CAROL, ADM, EVE };
        uid_t uid = by[chance(ELEMENTSOF(by))];

        if (n_requests == 0) {
                return;
        }
        ModelRequest *r = &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 8))];
        bool may = uid == ADM || uid == askers[r->asker];
        const char *error = do_id(uid, "Cancel", r->id);
        ck_assert_int_eq(streq(error, ""), may && is_pending(r));
        if (may && is_pending(r)) {
                over(r, "withdrawn");
        }
}

static void end_grant(void)
{
        static const struct {
                uid_t uid;
                const char *method, *state;
        } ways[] = {
                { ADM, "Revoke", "revoked" },
                { ROOT, "Expire", "active" }, /* its time has not come */
                { DEV, "End", "ended" },
                { DAVE, "End", "ended" },
                { AUD, "Revoke", NULL }, /* anybody else may be an approver of some rule */
                { DEV, "Expire", NULL },
        };
        size_t way = chance(ELEMENTSOF(ways));

        if (n_grants == 0) {
                return;
        }
        ModelGrant *g = &grants[n_grants - 1 - chance(MIN(n_grants, (size_t) 4))];
        bool may = ways[way].state &&
                   (!streq(ways[way].method, "End") || ways[way].uid == askers[g->asker]);
        const char *error = do_id(ways[way].uid, ways[way].method, g->id);
        if (may && is_active(g)) {
                ck_assert_str_eq(error, "");
                if (!streq(ways[way].state, "active")) {
                        grant_over(g, ways[way].state);
                }
        } else if (!streq(ways[way].method, "Expire") || !may) {
                ck_assert_str_ne(error, "");
        }
        ck_assert_str_eq(grant_state_of(g->id), g->state);
}

/* Somebody wants more time, or tries to give it to himself. */
static void extend(void)
{
        static const char *const spans[] = { "10m", "20m", "40m" };
        static const usec_t lengths[] = { 10 * MINUTE, 20 * MINUTE, 40 * MINUTE };
        size_t at = chance(ELEMENTSOF(spans));

        if (n_grants == 0) {
                return;
        }
        ModelGrant *g = &grants[n_grants - 1 - chance(MIN(n_grants, (size_t) 6))];
        for (size_t i = n_grants; i > 0 && !is_active(g); i--) {
                g = chance(3) == 0 ? &grants[i - 1] : g;
        }
        const uid_t uid = chance(5) == 0 ? EVE : askers[g->asker];
        ExtendCall call = { PROTOCOL_VERSION, g->id, spans[at], "longer" };
        ModelRequest *open = extension_of(g);
        Client *c = client_new(uid, uid);

        say(c, "Extend", EXTEND_FIELDS, &call, 0);
        ck_assert(hear(c));
        const char *id = text_of(object(c, "request"), "id");
        if (uid == EVE) {
                ck_assert_str_ne(error(c), "");
        } else if (!is_active(g)) {
                ck_assert_str_eq(error(c), "Over");
        } else if (lanes[g->lane].extend == 'n') {
                ck_assert_str_eq(error(c), "Refused");
        } else if (lanes[g->lane].extend == 'u') {
                usec_t by = lengths[at], in_all = g->wall - g->from + by;
                by = in_all <= lanes[g->lane].max && fits(g, by) ? by : 0;
                ck_assert_str_eq(error(c), by ? "" : "Refused");
                g->wall += by;
                g->boot += by;
        } else if (open) {
                ck_assert_str_eq(id, open->id);
        } else if (!fits(g, lengths[at])) {
                ck_assert_str_eq(error(c), "Refused");
        } else {
                ck_assert_str_eq(error(c), "");
                open = request_begins(id, g->asker, g->lane, g->command, true);
                open->grant = (size_t) (g - grants) + 1;
                open->by = lengths[at];
        }
        client_close(c);
}

/* --- what happens to the host --- */

/* Fewer of those who said yes may still say so than it took. */
static bool has_lost(const ModelRequest *r)
{
        unsigned said = 0;

        for (size_t i = 0; i < r->n_votes; i++) {
                said |= r->votes[i].yes ? 1u << r->votes[i].who : 0;
        }
        return __builtin_popcount(said & seats(r->lane)) <
               lanes[r->lane].needed * lanes[r->lane].stages;
}

/* Also those who gave it more time. */
static bool is_lost(const ModelGrant *g)
{
        bool lost = has_lost(&requests[g->request]);

        for (size_t i = 0; i < n_requests && !lost; i++) {
                const ModelRequest *r = &requests[i];
                lost = r->grant == (size_t) (g - grants) + 1 && r->by != 0 &&
                       streq(r->state, "approved") && has_lost(r);
        }
        return lost;
}

static void write_rules(void)
{
        in_force = 1 - in_force;
        world_set_rules(rules_texts[in_force]);
        for (size_t i = 0; i < n_grants; i++) {
                if (is_active(&grants[i]) && is_lost(&grants[i])) {
                        grant_over(&grants[i], "revoked");
                }
        }
        escalate();
}

static void move_clocks(void)
{
        usec_t by = (usec_t) chance(12 * (size_t) MINUTE);

        switch (chance(8)) {
        case 0:
                world_set_wall(world.now.wall - (usec_t) chance(2 * (size_t) USEC_PER_HOUR));
                break;
        case 1:
                world_set_wall(world.now.wall + (usec_t) chance((size_t) USEC_PER_HOUR));
                break;
        case 2:
                world_forward(0);
                break;
        default:
                world_forward(by);
        }
        time_has_passed();
}

static void hang_up_all(void)
{
        for (size_t i = 0; i < WAITERS; i++) {
                if (waiters[i].c) {
                        while (hear(waiters[i].c)) {
                                ck_assert(waiters[i].c->m.continues);
                        }
                        client_close(TAKE_PTR(waiters[i].c));
                }
        }
}

static void restart(void)
{
        world_restart(chance(2) == 0);
        return_until = world.now.boot + RETURN_TIME;
        hang_up_all();
        escalate();
}

static int find_start(const AuditRow *row, void *userdata)
{
        if (streq(row->event, "daemon.started")) {
                *(int64_t *) userdata = row->seq;
        }
        return 0;
}

static int find_newest(int64_t seq, usec_t time, void *userdata)
{
        *(usec_t *) userdata = MAX(*(usec_t *) userdata, time);
        return 0;
}

/* The latest time in the hundred rows before the approver's last start. */
static usec_t seen_before_start(void)
{
        Store *store = world.d.ledger.store;
        int64_t first, last, start = 0;
        usec_t newest = 0;

        ck_assert_int_eq(store_audit_span(store, &first, &last), 0);
        const AuditFilter f = {
                .after = MAX(last - 1000, (int64_t) 0), .asker = UID_UNSET, .limit = INT64_MAX
        };
        ck_assert_int_eq(store_audit(store, &f, find_start, &start), 0);
        ck_assert_int_gt(start, 0);
        ck_assert_int_eq(store_audit_times(store, MAX(start - 101, (int64_t) 0), start - 1, 100,
                                 find_newest, &newest),
                0);
        return newest;
}

/* The machine, too; its clock may be wrong when it comes back. */
static void reboot(void)
{
        static char boot_id[40];
        static unsigned boots;

        world_stop(chance(2) == 0);
        hang_up_all();
        (void) snprintf(boot_id, sizeof(boot_id), "%08u-1111-1111-1111-111111111111", ++boots);
        world.boot_id = boot_id;
        world.now.boot = (usec_t) (1 + chance(60)) * USEC_PER_SEC;
        world.now.wall += (usec_t) chance(20) * MINUTE - (chance(4) == 0 ? 25 * MINUTE : 0);
        world_start();
        return_until = world.now.boot + RETURN_TIME;
        bool behind = world.now.wall + MINUTE < seen_before_start();
        for (size_t i = 0; i < n_requests; i++) {
                requests[i].boot = USEC_NEVER;
        }
        for (size_t i = 0; i < n_grants; i++) {
                ModelGrant *g = &grants[i];
                bool survives = lanes[g->lane].survives && world.now.wall >= g->from && !behind;
                if (is_active(g) && world.now.wall >= g->wall) {
                        grant_over(g, "expired");
                } else if (is_active(g) && !survives) {
                        grant_over(g, "lost");
                } else if (is_active(g)) {
                        g->boot = world.now.boot + (g->wall - world.now.wall);
                }
        }
        time_has_passed();
}

/* The name service says nothing for a while: nothing opens by that, and nobody is thrown out. */
static void silence(void)
{
        world.names_silent = true;
        for (size_t i = chance(4); i > 0; i--) {
                chance(3) == 0 ? move_clocks() : chance(2) == 0 ? vote() : click();
        }
        size_t asker = chance(ELEMENTSOF(askers)), lane = chance(N_LANES);
        const char *verdict = check_ask(ROOT, ask_for(asker, lane, 0, false));
        ck_assert(live_grant(asker, lane, 0) || !streq(verdict, VERDICT_GRANT));
        world.names_silent = false;
}

static void look(size_t asker, size_t lane)
{
        size_t command = chance(2);
        bool enters = chance(2) == 0;
        ModelGrant *g = live_grant(asker, lane, command);
        const char *verdict = check_ask(ROOT, ask_for(asker, lane, command, enters));

        bool asks = pending_for(asker, lane, command) || may_open(asker, lane);
        const char *right = g ? VERDICT_GRANT : asks ? VERDICT_ASK : VERDICT_DENY;

        ck_assert_msg(streq(verdict, right), "%s %s: %s, not %s (%s)", lanes[lane].service,
                lanes[lane].target, verdict, right, last_line);
        if (g) {
                enter_by(g, enters);
        }
}

/* --- what there is to see of it --- */

typedef struct Asked {
        size_t n[N_PERSONS];
} Asked;

static int count_asking(const OwedMessage *m, void *userdata)
{
        Asked *a = userdata;

        for (size_t i = 0; m->to && i < ELEMENTSOF(person_names); i++) {
                a->n[i] += streq(m->to, person_names[i]);
        }
        return 0;
}

/* Nobody is asked twice for one request, nor whoever asks. */
static void compare_messages(const ModelRequest *r)
{
        Store *store = world.d.ledger.store;
        Asked a = { 0 };
        Id id;

        ck_assert_int_eq(id_parse(r->id, &id), 0);
        ck_assert_int_eq(store_outbox_of(store, &id, "request.created", count_asking, &a), 0);
        ck_assert_int_eq(store_outbox_of(store, &id, "request.escalated", count_asking, &a), 0);
        for (size_t i = 0; i < N_PERSONS; i++) {
                size_t most = is_pending(r) && i != person(askers[r->asker]) ? 1 : 0;
                ck_assert_msg(a.n[i] <= most, "%zu is asked %zu times", i, a.n[i]);
        }
}

/* One row of the record for each beginning and each end. */
static int count_row(const AuditRow *row, void *userdata)
{
        static const char *const ends[] = { "request.decided", "request.withdrawn",
                "request.timed_out" };
        bool end = false;

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                end = end || streq(row->event, ends[i]);
        }
        for (size_t i = 0; i < n_requests; i++) {
                if (streq(row->request.text, requests[i].id)) {
                        requests[i].n_created += streq(row->event, "request.created");
                        requests[i].n_ended += end;
                }
        }
        for (size_t i = 0; i < n_grants; i++) {
                if (streq(row->grant.text, grants[i].id)) {
                        grants[i].started += streq(row->event, "grant.started");
                        grants[i].ended += streq(row->event, "grant.expired") ||
                                           streq(row->event, "grant.revoked") ||
                                           streq(row->event, "grant.lost") ||
                                           streq(row->event, "grant.ended");
                }
        }
        return 0;
}

static void compare_all(void)
{
        for (size_t i = 0; i < n_requests; i++) {
                ck_assert_str_eq(state_of(requests[i].id), requests[i].state);
                compare_messages(&requests[i]);
        }
        for (size_t i = 0; i < n_grants; i++) {
                ck_assert_str_eq(grant_state_of(grants[i].id), grants[i].state);
        }
        for (size_t i = 0; i < ELEMENTSOF(askers) * N_LANES; i++) {
                look(i / N_LANES, i % N_LANES);
        }
}

static void compare_record(void)
{
        const AuditFilter all = { .asker = UID_UNSET };

        world_verify();
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, count_row, NULL), 0);
        for (size_t i = 0; i < n_requests; i++) {
                ck_assert_int_eq(requests[i].n_created, 1);
                ck_assert_int_eq(requests[i].n_ended, !is_pending(&requests[i]));
        }
        for (size_t i = 0; i < n_grants; i++) {
                ck_assert_int_eq(grants[i].started, 1);
                ck_assert_int_eq(grants[i].ended, !streq(grants[i].state, "active"));
        }
}

static void step(void)
{
        static const struct {
                void (*run)(void);
                size_t weight;
        } ops[] = {
                { ask, 300 },
                { vote, 240 },
                { click, 140 },
                { hang_up, 60 },
                { detach, 50 },
                { come_back, 50 },
                { cancel, 30 },
                { end_grant, 50 },
                { extend, 80 },
                { guess, 30 },
                { move_clocks, 100 },
                { write_rules, 8 },
                { silence, 8 },
                { restart, 8 },
                { reboot, 4 },
        };
        size_t at = chance(1158);

        for (size_t i = 0; i < ELEMENTSOF(ops); i++) {
                if (at < ops[i].weight) {
                        ops[i].run();
                        break;
                }
                at -= ops[i].weight;
        }
        look(chance(ELEMENTSOF(askers)), chance(N_LANES));
        if (n_requests > 0) {
                compare_messages(&requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 6))]);
        }
}

static void model_open(void)
{
        world_open_with(rules_texts[0]);
}

START_TEST(model)
{
        const char *steps = getenv("MODEL_STEPS"), *seed = getenv("MODEL_SEED");
        long n = steps ? atol(steps) : 10000;

        if (seed) {
                world.seed = strtoull(seed, NULL, 10);
        } else {
                ck_assert_int_eq(random_bytes(&world.seed, sizeof(world.seed)), 0);
        }
        printf("MODEL_SEED=%" PRIu64 " MODEL_STEPS=%ld\n", world.seed, n);
        (void) fflush(stdout);
        return_until = world.now.boot + RETURN_TIME;
        for (long i = 1; i <= n; i++) {
                step();
                if (i % (n / 20 + 1) == 0) {
                        compare_all();
                }
        }
        compare_all();
        compare_record();
        printf("%zu requests, %zu grants\n", n_requests, n_grants);
        free(requests);
        free(grants);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("model");
        TCase *t = tcase_create("model");

        tcase_add_checked_fixture(t, model_open, world_close);
        tcase_set_timeout(t, 1800);
        tcase_add_test(t, model);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}
