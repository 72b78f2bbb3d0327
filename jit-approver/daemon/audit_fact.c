/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Facts as rows. MUST: leave nothing of a fact out, in the one order that audit.h promises to those
 * who verify the chain with tools of their own; let no foreign text make a row that cannot be read.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"

/* With every quote escaped, all of a fact's texts together stay below JSON_SIZE_MAX. */
#define VALUE_MAX 768

static const EventInfo events[_AUDIT_EVENT_MAX] = {
        [AUDIT_REQUEST_CREATED] = { "request.created", "5bb2fae403e548438e012d69bce1e0d2",
                "Access was asked for", LOG_NOTICE },
        [AUDIT_REQUEST_JOINED] = { "request.joined", "985f59a2491a4796a8a57c4801993a00",
                "Access was asked for again", LOG_INFO },
        [AUDIT_REQUEST_ESCALATED] = { "request.escalated", "ead1d14a568441f1ab8c1af7f5a1b50f",
                "Nobody decided in time, so others were asked", LOG_NOTICE },
        [AUDIT_CODE_WRONG] = { "code.wrong", "c06c31523faf44c39884c98f5f90df6f",
                "A wrong match code was typed", LOG_NOTICE },
        [AUDIT_REQUEST_NUDGED] = { "request.nudged", "6ee90bde77a047cc80ab94f797b04507",
                "Those who have not decided were reminded", LOG_INFO },
        [AUDIT_REQUEST_VOTED] = { "request.voted", "c25142932f8b41c1ba5090db7895ef32",
                "A vote was cast", LOG_NOTICE },
        [AUDIT_REQUEST_DECIDED] = { "request.decided", "b4b9d95d94784bc995f52a9fd267a8d8",
                "A request was decided", LOG_NOTICE },
        [AUDIT_REQUEST_WITHDRAWN] = { "request.withdrawn", "cb519e7ebd584a69b584e287eb3623fb",
                "A request was withdrawn", LOG_INFO },
        [AUDIT_REQUEST_TIMED_OUT] = { "request.timed_out", "8ebfbb8ef9774c6d926c59e6d027ba5b",
                "A request ran out of time", LOG_NOTICE },
        [AUDIT_GRANT_STARTED] = { "grant.started", "41930617bab54de0a17107f7c2490a84",
                "Access was granted", LOG_NOTICE },
        [AUDIT_GRANT_USED] = { "grant.used", "14dd531b080545ffab87995becac5775",
                "Granted access was used", LOG_INFO },
        [AUDIT_GRANT_EXTENDED] = { "grant.extended", "780d62e76aa344a6a7c923de5b68b8b9",
                "Granted access lasts longer", LOG_NOTICE },
        [AUDIT_GRANT_EXPIRING] = { "grant.expiring", "7e89cc1b53484b74983e5319fbcff157",
                "Granted access ends soon", LOG_INFO },
        [AUDIT_GRANT_EXPIRED] = { "grant.expired", "fafb205a49c74b29ad3b46b4318906b7",
                "Granted access has ended: its time is up", LOG_NOTICE },
        [AUDIT_GRANT_REVOKED] = { "grant.revoked", "3f4e8338007f470fa0f61aa974dc9645",
                "Granted access was taken away", LOG_NOTICE },
        [AUDIT_GRANT_ENDED] = { "grant.ended", "502eb967f7a34e9ca5ca1a03257a8756",
                "Granted access was given back", LOG_NOTICE },
        [AUDIT_GRANT_LOST] = { "grant.lost", "f8cf6e017a084365a5788911991ab204",
                "Granted access was lost to a restart of the machine", LOG_NOTICE },
        [AUDIT_GRANT_RESIDUE] = { "grant.residue", "872b59c7fd0445659daee87612466632",
                "What a grant left on the host", LOG_NOTICE },
        [AUDIT_SESSION_OPENED] = { "session.opened", "208ff04ea4794ccfac5fd7c3af57e3c9",
                "A session was opened under a grant", LOG_INFO },
        [AUDIT_SESSION_CLOSED] = { "session.closed", "a70a887e74dc463db3828985316a0825",
                "A session under a grant was closed", LOG_INFO },
        [AUDIT_CHECK_ALLOWED] = { "check.allowed", "fea1b43b53d34a3caf6e716065fcdc0e",
                "A rule allowed access", LOG_INFO },
        [AUDIT_CHECK_REFUSED] = { "check.refused", "f35366ef4492411e956ba591ec39572d",
                "Access was refused", LOG_NOTICE },
        [AUDIT_CHECK_EXEMPT] = { "check.exempt", "9175a1ae86b74f209108a74e18a9c005",
                "Access needed no grant", LOG_INFO },
        [AUDIT_RULES_LOADED] = { "rules.loaded", "7fd66bf778d1410ab5ea61c503e7d60c",
                "Rules were loaded", LOG_NOTICE },
        [AUDIT_RULES_REJECTED] = { "rules.rejected", "860e52d6d2474cfd85b377a8a6a876cb",
                "Rules were rejected", LOG_ERR },
        [AUDIT_GAP] = { "audit.gap", "e8005bd693b342efbd7a1e0d2faa95fd",
                "Steps are missing from the record", LOG_WARNING },
        [AUDIT_CHECKPOINT] = { "audit.checkpoint", "a66bb0df80ed497abe0ae937f3a75a3d",
                "Old rows of the record were pruned", LOG_NOTICE },
        [AUDIT_RESTORED] = { "audit.restored", "b80390ea6305499ca1f3f80f21637500",
                "The store was put back from a copy", LOG_WARNING },
        [AUDIT_DAEMON_STARTED] = { "daemon.started", "871fd96abc3347159c5f73c3cd11be56",
                "The approver was started", LOG_NOTICE },
        [AUDIT_BREAK_GLASS_USED] = { "break_glass.used", "1f39da3eb1d446768d220d67f5ccb680",
                "BREAK-GLASS: access was opened without approval", LOG_ALERT },
        [AUDIT_REVIEW_SIGNED] = { "review.signed", "fa569fbbfab7404396f74b8882234b2e",
                "A review was signed", LOG_NOTICE },
        [AUDIT_RESCUE_TRIED] = { "rescue.tried", "c6b57a0e5d49428c9b5e5dd86855b74b",
                "A rescue code was tried", LOG_WARNING },
        [AUDIT_RESCUE_USED] = { "rescue.used", "c8c492ca543d485dbdb54649d8ad404f",
                "RESCUE: access was opened by a one-time code", LOG_ALERT },
        [AUDIT_RESCUE_CODES] = { "rescue.codes", "462181391b214a059ede17f9952c47bc",
                "Rescue codes were made", LOG_WARNING },
};

const EventInfo *audit_event_info(AuditEvent e)
{
        return (unsigned) e < ELEMENTSOF(events) ? &events[e] : NULL;
}

AuditEvent audit_event_from_string(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                if (streq(word, events[i].word)) {
                        return (AuditEvent) i;
                }
        }
        return _AUDIT_EVENT_MAX;
}

const char *audit_event_to_string(AuditEvent e)
{
        const EventInfo *info = audit_event_info(e);

        return info ? info->word : NULL;
}

const char *audit_event_message_id(AuditEvent e)
{
        const EventInfo *info = audit_event_info(e);

        return info ? info->message_id : NULL;
}

/* Most texts are safe as they are, and are written without a copy. */
static bool is_plain(const char *value, size_t max)
{
        size_t n = 0;

        while (value[n] >= ' ' && value[n] <= '~') {
                n++;
        }
        return value[n] == '\0' && n <= max;
}

static void put_string(JsonWriter *w, const char *name, const char *value, size_t max)
{
        _cleanup_(freep) char *safe = NULL;

        if (!value) {
                return;
        }
        if (is_plain(value, max)) {
                json_put_string(w, name, value);
                return;
        }
        safe = text_clean_dup(value, max);
        if (!safe) {
                w->error = w->error < 0 ? w->error : -ENOMEM;
                return;
        }
        json_put_string(w, name, safe);
}

static void put_value(JsonWriter *w, const char *name, const char *value)
{
        put_string(w, name, value, VALUE_MAX);
}

static void put_time(JsonWriter *w, const char *name, usec_t wall)
{
        char text[TIME_RFC3339_MAX];

        if (wall != 0) {
                time_rfc3339(wall, text);
                json_put_string(w, name, text);
        }
}

static void put_who(JsonWriter *w, const char *name, const char *uid_name, const Who *who)
{
        if (!who || who->uid == UID_UNSET) {
                return;
        }
        put_value(w, name, who->name);
        json_put_integer(w, uid_name, who->uid);
}

static void put_data(JsonWriter *w, const Fact *f)
{
        put_who(w, "asker", "asker_uid", f->asker);
        put_who(w, "login", "login_uid", f->login);
        put_who(w, "target", "target_uid", f->target);
        put_value(w, "service", f->service);
        put_string(w, "command", f->command, COMMAND_MAX);
        put_value(w, "reason", f->reason);
        put_value(w, "rule", f->rule);
        put_value(w, "tty", f->tty);
        put_value(w, "origin", f->origin);
        put_value(w, "state", f->state);
        put_value(w, "note", f->note);
        put_value(w, "why", f->why);
        put_value(w, "approver", f->approver);
        put_value(w, "decision", f->decision);
        put_value(w, "proof", f->proof);
        put_value(w, "channel", f->channel);
        put_value(w, "by", f->by);
        put_value(w, "digest", f->digest);
        put_time(w, "until", f->until);
        if (f->count != 0) {
                json_put_integer(w, "count", f->count);
        }
        put_time(w, "first", f->first);
        put_time(w, "last", f->last);
        if (f->upto != 0) {
                json_put_integer(w, "upto", f->upto);
        }
        put_value(w, "hash", f->hash);
        put_value(w, "key", f->key);
        put_value(w, "signature", f->signature);
        if (f->found != 0) {
                json_put_integer(w, "found", f->found);
        }
}

static int write_tail(const Fact *f, usec_t wall, char **ret)
{
        JsonWriter w = {};
        char time[TIME_RFC3339_MAX];

        time_rfc3339(wall, time);
        json_open_object(&w, NULL);
        json_put_string(&w, "time", time);
        json_put_string(&w, "event", audit_event_to_string(f->event));
        if (f->request && id_is_set(f->request)) {
                json_put_string(&w, "request", f->request->text);
        }
        if (f->grant && id_is_set(f->grant)) {
                json_put_string(&w, "grant", f->grant->text);
        }
        json_open_object(&w, "data");
        put_data(&w, f);
        json_close_object(&w);
        json_close_object(&w);
        return json_writer_finish(&w, ret, NULL);
}

int audit_row_from_fact(const Fact *f, usec_t wall, AuditRow *ret, char **ret_tail)
{
        _cleanup_(audit_row_done) AuditRow row = { .asker = UID_UNSET, .time = wall };
        int r;

        if (!audit_event_info(f->event)) {
                return -EINVAL;
        }
        row.event = strdup(audit_event_to_string(f->event));
        row.approver = f->approver ? text_clean_dup(f->approver, VALUE_MAX) : NULL;
        if (!row.event || (f->approver && !row.approver)) {
                return -ENOMEM;
        }
        if (f->request) {
                row.request = *f->request;
        }
        if (f->grant) {
                row.grant = *f->grant;
        }
        if (f->asker) {
                row.asker = f->asker->uid;
        }
        r = write_tail(f, wall, ret_tail);
        if (r < 0) {
                return r;
        }
        *ret = row;
        row = (AuditRow){};
        return 0;
}

int audit_row_canonical(int64_t seq, const char *tail, char **ret)
{
        char head[32];
        size_t n = strlen(tail), n_head;
        char *text;

        n_head = (size_t) snprintf(head, sizeof(head), "{\"seq\":%" PRId64 ",", seq);
        text = malloc(n_head + n);
        if (!text) {
                return -ENOMEM;
        }
        memcpy(text, head, n_head);
        memcpy(text + n_head, tail + 1, n); /* without its "{", with its NUL */
        *ret = text;
        return 0;
}

static const char *data_string(const JsonNode *data, const char *name)
{
        const JsonNode *n = data ? json_get(data, name) : NULL;

        return n && json_type(n) == JSON_STRING ? json_string(n) : NULL;
}

static int64_t data_integer(const JsonNode *data, const char *name, int64_t missing)
{
        const JsonNode *n = data ? json_get(data, name) : NULL;

        return n && json_type(n) == JSON_INTEGER ? json_integer(n) : missing;
}

static usec_t data_time(const JsonNode *data, const char *name)
{
        const char *text = data_string(data, name);
        usec_t wall = 0;

        if (text) {
                (void) time_rfc3339_parse(text, &wall);
        }
        return wall;
}

static Who data_who(const JsonNode *data, const char *name, const char *uid_name)
{
        return (Who){ (uid_t) data_integer(data, uid_name, UID_UNSET),
                (char *) data_string(data, name) };
}

int audit_row_to_fact(const AuditRow *row, FactVisit visit, void *userdata)
{
        _cleanup_(json_freep) Json *json = NULL;
        const JsonNode *data = NULL;
        Who asker, login, target;
        Fact f = { .event = audit_event_from_string(row->event) };
        int r;

        if (f.event == _AUDIT_EVENT_MAX) {
                return -EUCLEAN;
        }
        r = json_parse(row->canonical, strlen(row->canonical), &json);
        if (r < 0) {
                return r == -ENOMEM ? r : -EUCLEAN;
        }
        if (json_type(json_root(json)) == JSON_OBJECT) {
                data = json_get(json_root(json), "data");
        }
        if (!data || json_type(data) != JSON_OBJECT) {
                return -EUCLEAN;
        }
        asker = data_who(data, "asker", "asker_uid");
        login = data_who(data, "login", "login_uid");
        target = data_who(data, "target", "target_uid");
        f.request = &row->request;
        f.grant = &row->grant;
        f.asker = &asker;
        f.login = &login;
        f.target = &target;
        f.service = data_string(data, "service");
        f.command = data_string(data, "command");
        f.reason = data_string(data, "reason");
        f.state = data_string(data, "state");
        f.note = data_string(data, "note");
        f.why = data_string(data, "why");
        f.approver = data_string(data, "approver");
        f.decision = data_string(data, "decision");
        f.by = data_string(data, "by");
        f.until = data_time(data, "until");
        f.count = data_integer(data, "count", 0);
        f.found = data_integer(data, "found", 0);
        return visit(&f, userdata);
}
