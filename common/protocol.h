/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The methods of org.pamjit.Approver as structs: what each means stands in the .varlink file beside
 * this one, which the daemon serves. Every call carries PROTOCOL_VERSION; the daemon serves that and
 * the one before it.
 */

#include "common/clock.h"
#include "common/field.h"

#define PROTOCOL_VERSION 1
#define PROTOCOL_VERSION_OLDEST 1
#define PROTOCOL_INTERFACE "org.pamjit.Approver"
#define PROTOCOL_SOCKET "/run/jit-approver/approver.sock"
#define PROTOCOL_GATEWAY_SOCKET "/run/jit-approver/gateway.sock"

#define NONCE_HEX 32 /* 128 bits */

/* Who asks for what: said by the PAM module (a uid-0 peer), or by jitctl for its own user. */
typedef struct Ask {
        const char *nonce; /* NONCE_HEX digits, echoed; NULL from jitctl */
        const char *phase; /* "auth", "account", "session", or NULL */
        const char *service, *pam_service;
        uid_t asker;        /* real uid; unset: the asker is user */
        const char *user;   /* PAM_USER */
        const char *ruser;  /* PAM_RUSER */
        uid_t login_uid;    /* /proc/self/loginuid where set */
        const char *target; /* account name or "#uid"; NULL: not understood */
        const char *target_group;
        const char *mode; /* "run", "shell"; NULL: argv not understood exactly */
        Strings command;  /* the words typed */
        const char *tty, *rhost;
} Ask;
extern const Field ASK_FIELDS[];

/* The words of Answer.verdict. Anything else, and no word, is a refusal. */
#define VERDICT_GRANT "granted-by-the-approver" /* access is open: a grant is active */
#define VERDICT_PASS "not-gated-by-rule"        /* a rule says allow */
#define VERDICT_ASK "ask-for-it"                /* nothing is open; Request would ask people */
#define VERDICT_PENDING "pending"               /* asked; more replies follow */
#define VERDICT_DENY "deny"

typedef struct Answer {
        const char *verdict;
        const char *code; /* with deny: why, in one of the words of the .varlink file */
        const char *nonce, *service, *user; /* echoed from the Ask */
        uid_t asker;                        /* as resolved */
        const char *target;                 /* echoed */
        uid_t target_uid;                   /* as resolved; unset where not understood */
        const char *request, *grant, *session, *digest;
        const char *reason_mode; /* with ask: required, optional, none */
        const char *
                confirm; /* with ask: what to ask the person last; RequestCall.confirm is his reply */
        int64_t wait_usec;    /* with ask and pending: how long the rule lets a caller block */
        const char *deadline; /* with pending: how long the request stays open, RFC 3339 */
        Strings lines;        /* for the user, in order, each one line */
} Answer;
extern const Field ANSWER_FIELDS[];

typedef struct CheckCall {
        int64_t version;
        Ask ask;
} CheckCall;
extern const Field CHECK_FIELDS[]; /* also OpenSession, CloseSession */

typedef struct RequestCall {
        int64_t version;
        Ask ask;
        const char *reason;
        const char *duration; /* span, or NULL */
        int64_t wait_usec;    /* the most the caller will block; 0: it does not wait */
        bool detached;        /* the request stays open without the caller */
        const char *confirm;  /* what the person typed when asked what Answer.confirm says */
        bool end_when_done;   /* the grant shall end with the last session opened under it */
} RequestCall;
extern const Field REQUEST_FIELDS[];

typedef struct WaitCall {
        int64_t version;
        const char *request;
        Ask ask; /* from the module that re-attaches */
} WaitCall;
extern const Field WAIT_FIELDS[];

typedef struct ExemptCall {
        int64_t version;
        Ask ask;
        const char *why;
} ExemptCall;
extern const Field EXEMPT_FIELDS[];

/* Calls that name one object, or none. */
typedef struct IdCall {
        int64_t version;
        const char *id; /* or a prefix */
} IdCall;
extern const Field ID_FIELDS[];

typedef struct DecideCall {
        int64_t version;
        const char *request;
        const char *decision; /* "approve" or "deny" */
        const char *duration; /* span, or NULL for what was asked */
        const char *note;
        const char *code; /* the two digits, where the request has a match code */
} DecideCall;
extern const Field DECIDE_FIELDS[];

typedef struct ExtendCall {
        int64_t version;
        const char *id;
        const char *duration; /* span: so much longer */
        const char *reason;
} ExtendCall;
extern const Field EXTEND_FIELDS[];

typedef struct ListCall {
        int64_t version;
        /* requests: "pending" (to decide), "reviews" (to sign), "mine", "open", "all"; grants: "active", "all" */
        const char *which;
        int64_t after; /* a previous reply's next; 0 from the start */
} ListCall;
extern const Field LIST_FIELDS[];

typedef struct RevokeCall {
        int64_t version;
        const char *id, *user; /* one of the three */
        bool all;
} RevokeCall;
extern const Field REVOKE_FIELDS[];

typedef struct GrantCall {
        int64_t version;
        const char *user, *service, *target, *duration, *reason;
} GrantCall;
extern const Field GRANT_FIELDS[];

typedef struct LogCall {
        int64_t version;
        int64_t after;
        const char *user, *request, *grant, *approver;
        const char *since, *until; /* RFC 3339 */
        bool verify;               /* every row, hashes included, filters refused */
} LogCall;
extern const Field LOG_FIELDS[];

typedef struct BackupCall {
        int64_t version;
        int64_t offset; /* 0: begin */
} BackupCall;
extern const Field BACKUP_FIELDS[];

typedef struct ReportCall {
        int64_t version;
        int64_t after;
        const char *since, *until; /* RFC 3339 */
} ReportCall;
extern const Field REPORT_FIELDS[];

/* What a grant left on the host; see trace.h. */
typedef struct ResidueCall {
        int64_t version;
        const char *id;
        Strings lines;
        int64_t found;         /* all there is, where lines do not hold it */
        const char *cut_short; /* where and why it is not whole; NULL: it is */
} ResidueCall;
extern const Field RESIDUE_FIELDS[];

typedef struct ExplainCall {
        int64_t version;
        const char *user;    /* NULL: the caller */
        const char *service; /* NULL: sudo */
        const char *target;  /* NULL: root, where the service changes the user */
        Strings command;     /* none: a shell, or a login */
} ExplainCall;
extern const Field EXPLAIN_FIELDS[];

typedef struct ReviewCall {
        int64_t version;
        const char *request;
        const char *note;
} ReviewCall;
extern const Field REVIEW_FIELDS[];

typedef struct RescueCall {
        int64_t version;
        Ask ask;
        const char *code; /* one of RescueCodes; erased by whoever has it */
        const char *reason;
} RescueCall;
extern const Field RESCUE_FIELDS[];

#define RESCUE_CODES_MAX 100

typedef struct RescueCodesCall {
        int64_t version;
        int64_t count; /* 1..RESCUE_CODES_MAX */
        bool add;      /* to those there are; else these are void */
} RescueCodesCall;
extern const Field RESCUE_CODES_FIELDS[];

/* --- the gateway's, on its own socket --- */

typedef struct DeliverCall {
        int64_t version;
        Strings channels;
} DeliverCall;
extern const Field DELIVER_FIELDS[];

typedef struct SettleCall {
        int64_t version;
        int64_t delivery;
        const char *outcome; /* "delivered" or "failed" */
        const char *problem;
        int64_t retry_usec; /* 0: whenever the approver likes */
} SettleCall;
extern const Field SETTLE_FIELDS[];

typedef struct LinkCall {
        int64_t version;
        const char *token;
} LinkCall;
extern const Field LINK_FIELDS[];

typedef struct DecideLinkCall {
        int64_t version;
        const char *token;
        const char *decision; /* "approve" or "deny" */
        const char *duration; /* span, or NULL for what was asked */
        const char *note;
        const char *form; /* the page's, from a form; NULL from a program */
        const char *code; /* as of DecideCall */
} DecideLinkCall;
extern const Field DECIDE_LINK_FIELDS[];

/* A message of either direction, taken apart; borrowed from its Json. */
typedef struct Message {
        const char *method; /* of a call */
        const char *error;  /* of a reply */
        const JsonNode *parameters;
        bool more, oneway, continues;
} Message;

int message_read_call(const Json *j, Message *ret);
int message_read_reply(const Json *j, Message *ret);

typedef enum CallFlags {
        CALL_MORE = 1 << 0,
        CALL_ONEWAY = 1 << 1,
} CallFlags;

/* A whole call as text; method without the interface's name. */
int message_write_call(const char *method, const Field *fields, const void *parameters,
        unsigned flags, char **ret, size_t *ret_size);
