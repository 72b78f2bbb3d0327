/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables of the local protocol, and the Varlink envelope around them. */

#include "common/protocol.h"

#include <errno.h>

const Field ASK_FIELDS[] = {
        FIELD(STRING, Ask, nonce),
        FIELD(STRING, Ask, phase),
        FIELD(STRING, Ask, service),
        FIELD(STRING, Ask, pam_service),
        FIELD(UID, Ask, asker),
        FIELD(STRING, Ask, user),
        FIELD(STRING, Ask, ruser),
        FIELD(UID, Ask, login_uid),
        FIELD(STRING, Ask, target),
        FIELD(STRING, Ask, target_group),
        FIELD(STRING, Ask, mode),
        FIELD(STRINGS, Ask, command),
        FIELD(STRING, Ask, tty),
        FIELD(STRING, Ask, rhost),
        FIELD_END,
};

const Field ANSWER_FIELDS[] = {
        FIELD_REQUIRED(STRING, Answer, verdict),
        FIELD(STRING, Answer, code),
        FIELD(STRING, Answer, nonce),
        FIELD(STRING, Answer, service),
        FIELD(STRING, Answer, user),
        FIELD(UID, Answer, asker),
        FIELD(STRING, Answer, target),
        FIELD(UID, Answer, target_uid),
        FIELD(STRING, Answer, request),
        FIELD(STRING, Answer, grant),
        FIELD(STRING, Answer, session),
        FIELD(STRING, Answer, digest),
        FIELD(STRING, Answer, reason_mode),
        FIELD(STRING, Answer, confirm),
        FIELD(INTEGER, Answer, wait_usec),
        FIELD(STRING, Answer, deadline),
        FIELD(STRINGS, Answer, lines),
        FIELD_END,
};

const Field CHECK_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, CheckCall, version),
        FIELD_OF(OBJECT, CheckCall, ask, ASK_FIELDS, Ask),
        FIELD_END,
};

const Field REQUEST_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, RequestCall, version),
        FIELD_OF(OBJECT, RequestCall, ask, ASK_FIELDS, Ask),
        FIELD(STRING, RequestCall, reason),
        FIELD(STRING, RequestCall, duration),
        FIELD(INTEGER, RequestCall, wait_usec),
        FIELD(BOOLEAN, RequestCall, detached),
        FIELD(STRING, RequestCall, confirm),
        FIELD(BOOLEAN, RequestCall, end_when_done),
        FIELD_END,
};

const Field WAIT_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, WaitCall, version),
        FIELD_REQUIRED(STRING, WaitCall, request),
        FIELD_OF(OBJECT, WaitCall, ask, ASK_FIELDS, Ask),
        FIELD_END,
};

const Field EXEMPT_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ExemptCall, version),
        FIELD_OF(OBJECT, ExemptCall, ask, ASK_FIELDS, Ask),
        FIELD(STRING, ExemptCall, why),
        FIELD_END,
};

const Field ID_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, IdCall, version),
        FIELD(STRING, IdCall, id),
        FIELD_END,
};

const Field DECIDE_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, DecideCall, version),
        FIELD_REQUIRED(STRING, DecideCall, request),
        FIELD_REQUIRED(STRING, DecideCall, decision),
        FIELD(STRING, DecideCall, duration),
        FIELD(STRING, DecideCall, note),
        FIELD(STRING, DecideCall, code),
        FIELD_END,
};

const Field EXTEND_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ExtendCall, version),
        FIELD_REQUIRED(STRING, ExtendCall, id),
        FIELD_REQUIRED(STRING, ExtendCall, duration),
        FIELD(STRING, ExtendCall, reason),
        FIELD_END,
};

const Field LIST_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ListCall, version),
        FIELD(STRING, ListCall, which),
        FIELD(INTEGER, ListCall, after),
        FIELD_END,
};

const Field REVOKE_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, RevokeCall, version),
        FIELD(STRING, RevokeCall, id),
        FIELD(STRING, RevokeCall, user),
        FIELD(BOOLEAN, RevokeCall, all),
        FIELD_END,
};

const Field GRANT_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, GrantCall, version),
        FIELD_REQUIRED(STRING, GrantCall, user),
        FIELD_REQUIRED(STRING, GrantCall, service),
        FIELD(STRING, GrantCall, target),
        FIELD_REQUIRED(STRING, GrantCall, duration),
        FIELD_REQUIRED(STRING, GrantCall, reason),
        FIELD_END,
};

const Field LOG_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, LogCall, version),
        FIELD(INTEGER, LogCall, after),
        FIELD(STRING, LogCall, user),
        FIELD(STRING, LogCall, request),
        FIELD(STRING, LogCall, grant),
        FIELD(STRING, LogCall, approver),
        FIELD(STRING, LogCall, since),
        FIELD(STRING, LogCall, until),
        FIELD(BOOLEAN, LogCall, verify),
        FIELD_END,
};

const Field BACKUP_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, BackupCall, version),
        FIELD(INTEGER, BackupCall, offset),
        FIELD_END,
};

const Field REPORT_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ReportCall, version),
        FIELD(INTEGER, ReportCall, after),
        FIELD_REQUIRED(STRING, ReportCall, since),
        FIELD(STRING, ReportCall, until),
        FIELD_END,
};

const Field RESIDUE_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ResidueCall, version),
        FIELD_REQUIRED(STRING, ResidueCall, id),
        FIELD(STRINGS, ResidueCall, lines),
        FIELD(INTEGER, ResidueCall, found),
        FIELD(STRING, ResidueCall, cut_short),
        FIELD_END,
};

const Field EXPLAIN_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ExplainCall, version),
        FIELD(STRING, ExplainCall, user),
        FIELD(STRING, ExplainCall, service),
        FIELD(STRING, ExplainCall, target),
        FIELD(STRINGS, ExplainCall, command),
        FIELD_END,
};

const Field REVIEW_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, ReviewCall, version),
        FIELD_REQUIRED(STRING, ReviewCall, request),
        FIELD(STRING, ReviewCall, note),
        FIELD_END,
};

const Field RESCUE_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, RescueCall, version),
        FIELD_OF(OBJECT, RescueCall, ask, ASK_FIELDS, Ask),
        FIELD_REQUIRED(STRING, RescueCall, code),
        FIELD(STRING, RescueCall, reason),
        FIELD_END,
};

const Field RESCUE_CODES_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, RescueCodesCall, version),
        FIELD_REQUIRED(INTEGER, RescueCodesCall, count),
        FIELD(BOOLEAN, RescueCodesCall, add),
        FIELD_END,
};

const Field DELIVER_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, DeliverCall, version),
        FIELD_REQUIRED(STRINGS, DeliverCall, channels),
        FIELD_END,
};

const Field SETTLE_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, SettleCall, version),
        FIELD_REQUIRED(INTEGER, SettleCall, delivery),
        FIELD_REQUIRED(STRING, SettleCall, outcome),
        FIELD(STRING, SettleCall, problem),
        FIELD(INTEGER, SettleCall, retry_usec),
        FIELD_END,
};

const Field LINK_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, LinkCall, version),
        FIELD_REQUIRED(STRING, LinkCall, token),
        FIELD_END,
};

const Field DECIDE_LINK_FIELDS[] = {
        FIELD_REQUIRED(INTEGER, DecideLinkCall, version),
        FIELD_REQUIRED(STRING, DecideLinkCall, token),
        FIELD_REQUIRED(STRING, DecideLinkCall, decision),
        FIELD(STRING, DecideLinkCall, duration),
        FIELD(STRING, DecideLinkCall, note),
        FIELD(STRING, DecideLinkCall, form),
        FIELD(STRING, DecideLinkCall, code),
        FIELD_END,
};

/* The envelope (varlink.org/Protocol), read as strictly as the rest. */

static int envelope_flag(const JsonNode *n, bool *ret)
{
        if (json_type(n) == JSON_NULL) {
                return 0;
        }
        if (json_type(n) != JSON_BOOLEAN) {
                return -EBADMSG;
        }
        *ret = json_boolean(n);
        return 0;
}

static int envelope_text(const JsonNode *n, const char **ret)
{
        if (json_type(n) != JSON_STRING) {
                return -EBADMSG;
        }
        *ret = json_string(n);
        return 0;
}

static int envelope_member(const JsonNode *n, Message *m, bool *upgrade)
{
        const char *name = json_name(n);

        if (streq(name, "method")) {
                return envelope_text(n, &m->method);
        } else if (streq(name, "error")) {
                return envelope_text(n, &m->error);
        } else if (streq(name, "more")) {
                return envelope_flag(n, &m->more);
        } else if (streq(name, "oneway")) {
                return envelope_flag(n, &m->oneway);
        } else if (streq(name, "continues")) {
                return envelope_flag(n, &m->continues);
        } else if (streq(name, "upgrade")) {
                return envelope_flag(n, upgrade);
        } else if (!streq(name, "parameters")) {
                return -EBADMSG;
        }
        /* Newer senders may leave parameters null (sd-varlink). */
        if (json_type(n) == JSON_OBJECT) {
                m->parameters = n;
        } else if (json_type(n) != JSON_NULL) {
                return -EBADMSG;
        }
        return 0;
}

static int envelope_read(const Json *j, Message *ret)
{
        const JsonNode *root = json_root(j);
        Message m = { 0 };
        bool upgrade = false;

        if (json_type(root) != JSON_OBJECT) {
                return -EBADMSG;
        }
        for (const JsonNode *n = json_first(root); n; n = json_next(n)) {
                int r = envelope_member(n, &m, &upgrade);
                if (r < 0) {
                        return r;
                }
        }
        if (upgrade) {
                return -EBADMSG;
        }
        *ret = m;
        return 0;
}

int message_read_call(const Json *j, Message *ret)
{
        Message m;
        int r = envelope_read(j, &m);
        if (r < 0) {
                return r;
        }
        if (!m.method || m.error || m.continues || (m.more && m.oneway)) {
                return -EBADMSG;
        }
        *ret = m;
        return 0;
}

int message_read_reply(const Json *j, Message *ret)
{
        Message m;
        int r = envelope_read(j, &m);
        if (r < 0) {
                return r;
        }
        if (m.method || m.more || m.oneway || (m.error && m.continues)) {
                return -EBADMSG;
        }
        *ret = m;
        return 0;
}

int message_write_call(const char *method, const Field *fields, const void *parameters,
        unsigned flags, char **ret, size_t *ret_size)
{
        _cleanup_(freep) char *name = NULL;
        JsonWriter w = { 0 };

        int r = str_printf(&name, PROTOCOL_INTERFACE ".%s", method);
        if (r < 0) {
                return r;
        }
        json_open_object(&w, NULL);
        json_put_string(&w, "method", name);
        if (flags & CALL_MORE) {
                json_put_boolean(&w, "more", true);
        }
        if (flags & CALL_ONEWAY) {
                json_put_boolean(&w, "oneway", true);
        }
        json_open_object(&w, "parameters");
        fields_write(fields, parameters, &w);
        json_close_object(&w);
        json_close_object(&w);
        return json_writer_finish(&w, ret, ret_size);
}
