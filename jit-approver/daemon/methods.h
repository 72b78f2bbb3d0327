/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The methods: which there are, on which socket, with what parameters, and for whom. A call is refused
 * before it is decoded where its name, socket or version is wrong; then the persons it speaks of are
 * looked up; then its handler runs, once, and answers.
 */

#include "jit-approver/daemon/flow.h"
#include "jit-approver/daemon/opening.h"
#include "jit-approver/domain/access.h"

/* For server_new(): userdata is the Daemon. */
void methods_call(Call *c, void *userdata);

typedef struct Method Method;

/* One call on its way through. Freed when answered, or when its peer hangs up during the lookups. */
typedef struct Turn {
        Daemon *daemon;
        Call *call;
        const Method *method;
        union {
                int64_t version; /* the first member of each */
                CheckCall check;
                RequestCall request;
                WaitCall wait;
                ExemptCall exempt;
                IdCall id;
                DecideCall decide;
                ListCall list;
                ExtendCall extend;
                RevokeCall revoke;
                GrantCall grant;
                LogCall log;
                BackupCall backup;
                ReportCall report;
                ResidueCall residue;
                ExplainCall explain;
                ReviewCall review;
                RescueCall rescue;
                RescueCodesCall rescue_codes;
                DeliverCall deliver;
                SettleCall settle;
                LinkCall link;
                DecideLinkCall decide_link;
        } in;
        Plan plan; /* the Ask's lookups, then the caller's own */
        int at_caller, at_login, at_user, at_target;
        Lookup *lookup;
        Voters *voters; /* of the request that is decided, while they are looked up */
        bool knows_voters;
        uid_t login_uid;
        bool proven;
        Caller caller;
        char numbers[2][16];
        Subject subject; /* of methods with an Ask */
        Echo echo;
        Opening *opening;
} Turn;

void turn_free(Turn *t);

typedef void (*Handler)(Turn *t);

typedef enum MethodFlags {
        METHOD_ASKS = 1 << 0, /* its parameters hold an Ask, which names the asker */
        METHOD_ROOT = 1 << 1, /* uid 0 only */
        METHOD_LINK = 1 << 2, /* its parameters begin with a link's token */
} MethodFlags;

struct Method {
        const char *name;
        unsigned sockets;
        const Field *fields;
        size_t ask_at;             /* where the Ask is in a Turn, with METHOD_ASKS */
        size_t user_at, target_at; /* where names to be looked up are in a Turn; 0: none */
        unsigned flags;
        Handler handler;
};

/* method_module.c: what PAM modules and units call. Each ends the turn, at once or when it is answered. */
void method_check(Turn *t);
void method_request(Turn *t);
void method_wait(Turn *t);
void method_open_session(Turn *t);
void method_close_session(Turn *t);
void method_report_exempt(Turn *t);
void method_expire(Turn *t);

/* method_residue.c: what jit-residue@.service calls. */
void method_take_residue(Turn *t);
void method_add_residue(Turn *t);

/* method_requests.c, method_grants.c, method_admin.c: what people call through jitctl. */
void method_list_requests(Turn *t);
void method_show(Turn *t);
void method_decide(Turn *t);
void method_cancel(Turn *t);
void method_nudge(Turn *t);
void method_list_grants(Turn *t);
void method_end(Turn *t);
void method_extend(Turn *t);
void method_revoke(Turn *t);
void method_make_grant(Turn *t);
void method_read_log(Turn *t);
void method_explain(Turn *t);
void method_get_status(Turn *t);
void method_reload(Turn *t);

/* method_record.c: likewise. */
void method_backup(Turn *t);
void method_report(Turn *t);

/* method_urgent.c: what opens without approval, and its review. */
void method_rescue(Turn *t);
void method_rescue_codes(Turn *t);
void method_review(Turn *t);

/* method_gateway.c: what the gateway calls. */
void method_deliver(Turn *t);
void method_settle(Turn *t);
void method_show_link(Turn *t);
void method_decide_link(Turn *t);
void method_cancel_link(Turn *t);
/* method_metrics.c: likewise. */
void method_get_metrics(Turn *t);
/* The lookups that the holder of a call's link takes. */
void method_plan_link(Turn *t);

/* Reads the rules again, and tells the Reload call that waits for it, if there is one. */
int methods_reload(Daemon *d);

/* Adds a lookup to the plan; its place, -1 when there is no room. */
int turn_key(Turn *t, Key key);
/* Of a METHOD_LINK. */
const char *turn_token(const Turn *t);
/* What the caller is to the daemon (rights by the rules alone), and to a request or grant. */
unsigned turn_roles(const Turn *t);
unsigned turn_roles_of_request(const Turn *t, const Request *r);
unsigned turn_roles_of_grant(const Turn *t, const Grant *g);
/* These answer, and end the turn. */
void turn_bad_parameter(Turn *t, const char *name);
void turn_refuse(Turn *t, const char *code, const char *line);
/* Who says who asks. */
Door turn_door(const Turn *t);
void turn_fail(Turn *t, const Failure *f);
/* Who asks, anew: what was borrowed from People is good for one turn of the loop. -ESTALE: not any more. */
int turn_resolve(Turn *t);
/*
 * Whether who has voted on the request is known as it is now; if not it is asked, and the handler called
 * again, perhaps before this returns: the turn is not the caller's any more.
 */
bool turn_knows_voters(Turn *t, const Id *request);
/* Answers with the refusal where the roles do not suffice. */
bool turn_may(Turn *t, Act act, unsigned roles, const char *what);
