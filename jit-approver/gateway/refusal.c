/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: every error that is not known here is the approver's trouble, never the client's success. */

#include "jit-approver/gateway/refusal.h"

#include "common/node.h"

#define RETRY_AFTER 5

static const struct {
        int status;
        const char *code;
} codes[] = {
        { 400, "bad-request" },
        { 401, "unknown-token" },
        { 403, "not-permitted" },
        { 404, "not-found" },
        { 405, "method-not-allowed" },
        { 409, "already-decided" },
        { 410, "over" },
        { 413, "too-large" },
        { 415, "unsupported-type" },
        { 429, "too-many-tries" },
        { 500, "internal" },
};

Refusal refusal_new(int status, const char *message)
{
        Refusal r = { .status = status, .code = "unavailable", .message = message };

        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                if (codes[i].status == status) {
                        r.code = codes[i].code;
                        return r;
                }
        }
        r.status = 503;
        r.retry_after = RETRY_AFTER;
        return r;
}

/* What is over was decided by somebody, or ended without him. */
static int status_of_state(const char *state)
{
        return streq(state, "approved") || streq(state, "denied") ? 409 : 410;
}

/* What the approver says of codes of his own, where that is more than its error. */
static Refusal refusal_of_code(int status, const char *code, const char *said)
{
        static const struct {
                const char *said, *code;
                int status;
        } special[] = {
                { "match-code", REFUSAL_MATCH_CODE, 403 },
                { "later", "not-your-turn", 403 }, /* his, but not yet */
                { "done", "stage-done", 409 },     /* his stage was decided without this vote */
                { "internal", "unavailable", 503 },
        };
        Refusal r;

        for (size_t i = 0; i < ELEMENTSOF(special); i++) {
                if (streq(special[i].said, code)) {
                        r = refusal_new(special[i].status, said);
                        r.code = special[i].code;
                        return r;
                }
        }
        return refusal_new(status, said);
}

Refusal refusal_of_reply(int error, const Message *reply)
{
        static const char away[] =
                "The approver does not answer. Load this page again in a moment to "
                "see where the request stands.";

        if (!reply || !reply->error) {
                return refusal_new(503, away);
        }
        const JsonNode *p = reply->parameters;
        const char *said = str_or(node_text(p, "message"), "The approver refused this.");
        const char *code = str_or(node_text(p, "code"), "");
        if (streq(reply->error, "NotFound")) {
                return refusal_new(401, REFUSAL_UNKNOWN);
        }
        if (streq(reply->error, "NotPermitted")) {
                return refusal_of_code(403, code, said);
        }
        if (streq(reply->error, "Over")) {
                return refusal_new(status_of_state(str_or(node_text(p, "state"), "")), said);
        }
        if (streq(reply->error, "Refused")) {
                return refusal_of_code(400, code, said);
        }
        if (streq(reply->error, "StoreUnavailable") || streq(reply->error, "NamesUnavailable")) {
                return refusal_new(503, said);
        }
        if (strstr(reply->error, "InvalidParameter")) {
                return refusal_new(400, "The approver does not understand this.");
        }
        return refusal_new(503, away);
}
