/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is asked.
 *
 * MUST: change a state nowhere but in request_move(); leave no field out of the canonical bytes
 * that says what would be granted, and let no two requests share them (every value carries its
 * length, so no value can pretend to be the next field).
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/request.h"

static const char *const state_names[_REQUEST_STATE_MAX] = {
        [REQUEST_PENDING] = "pending",
        [REQUEST_APPROVED] = "approved",
        [REQUEST_DENIED] = "denied",
        [REQUEST_TIMED_OUT] = "timed-out",
        [REQUEST_WITHDRAWN] = "withdrawn",
};

static const char *const kind_names[_REQUEST_KIND_MAX] = {
        [REQUEST_ACCESS] = "access",
        [REQUEST_EXTENSION] = "extension",
        [REQUEST_BREAK_GLASS] = "break-glass",
        [REQUEST_RESCUE] = "rescue",
};

/* The one table of legal moves: from, to. */
static const bool legal_moves[_REQUEST_STATE_MAX][_REQUEST_STATE_MAX] = {
        [REQUEST_PENDING] = {
                [REQUEST_APPROVED] = true,
                [REQUEST_DENIED] = true,
                [REQUEST_TIMED_OUT] = true,
                [REQUEST_WITHDRAWN] = true,
        },
};

static bool state_is_valid(RequestState s)
{
        return s >= 0 && s < _REQUEST_STATE_MAX;
}

void request_done(Request *r)
{
        free(r->asker.name);
        free(r->login.name);
        free(r->service);
        free(r->pam_service);
        free(r->target.name);
        free(r->target_group);
        free(r->command);
        free(r->reason);
        free(r->tty);
        free(r->origin);
        free(r->host);
        free(r->rule);
        /* Zero would be root, and pending. */
        *r = (Request){
                .state = _REQUEST_STATE_INVALID,
                .asker.uid = UID_UNSET,
                .login.uid = UID_UNSET,
                .target.uid = UID_UNSET,
                .login_session = SESSION_NONE,
                .code = CODE_NONE,
        };
}

int request_move(RequestState *state, RequestState to)
{
        if (!state_is_valid(*state) || !state_is_valid(to) || !legal_moves[*state][to]) {
                return -EALREADY;
        }
        *state = to;
        return 0;
}

/* "-" is what no value looks like: every value begins with the digits of its length. */
static void put_text(FILE *f, const char *name, const char *value)
{
        if (value) {
                (void) fprintf(f, "%s %zu:%s\n", name, strlen(value), value);
        } else {
                (void) fprintf(f, "%s -\n", name);
        }
}

static void put_number(FILE *f, const char *name, int64_t value)
{
        char text[32];

        (void) snprintf(text, sizeof(text), "%" PRId64, value);
        put_text(f, name, text);
}

static void put_uid(FILE *f, const char *name, uid_t uid)
{
        if (uid == UID_UNSET) {
                put_text(f, name, NULL);
        } else {
                put_number(f, name, uid);
        }
}

static void put_request(FILE *f, const Request *r)
{
        (void) fputs("pam-jit request 2\n", f);
        put_text(f, "id", r->id.text);
        put_text(f, "host", r->host);
        put_uid(f, "asker-uid", r->asker.uid);
        put_text(f, "asker", r->asker.name);
        put_uid(f, "login-uid", r->login.uid);
        put_text(f, "service", r->service);
        put_uid(f, "target-uid", r->target.uid);
        put_text(f, "target", r->target.name);
        put_text(f, "target-group", r->target_group);
        put_text(f, "command-digest", r->command_digest);
        put_text(f, "command", r->command);
        put_text(f, "reason", r->reason);
        put_text(f, "rule", r->rule);
        put_number(f, "approvals", r->approvals);
        put_number(f, "duration", r->duration);
        put_number(f, "max-duration", r->max_duration);
        put_number(f, "created", r->created);
        put_number(f, "deadline", r->deadline);
        put_text(f, "kind", request_kind_to_string(r->kind));
        put_text(f, "extends", id_is_set(&r->extends) ? r->extends.text : NULL);
        put_text(f, "scope", scope_to_string(r->scope));
        put_number(f, "login-session", r->login_session);
        put_number(f, "end-when-done", r->end_when_done);
}

/* Closes f, and hands over what was written to it. */
static int take_text(FILE *f, char **text, size_t *size, char **ret, size_t *ret_size)
{
        bool failed = ferror(f) != 0;

        if (fclose(f) != 0 || failed) {
                free(*text);
                return -ENOMEM;
        }
        *ret = *text;
        *ret_size = *size;
        return 0;
}

int request_canonical(const Request *r, char **ret, size_t *ret_size)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f) {
                return -ENOMEM;
        }
        put_request(f, r);
        return take_text(f, &text, &size, ret, ret_size);
}

int command_canonical(const char *const *words, size_t n, char **ret, size_t *ret_size)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f) {
                return -ENOMEM;
        }
        (void) fputs("pam-jit command 1\n", f);
        for (size_t i = 0; i < n; i++) {
                put_text(f, "word", words[i]);
        }
        return take_text(f, &text, &size, ret, ret_size);
}

bool deadline_passed(usec_t wall, usec_t boot, const Now *now)
{
        return now->wall >= wall || (boot != 0 && now->boot >= boot);
}

bool request_is_late(const Request *r, const Now *now, const char *boot_id)
{
        bool same_boot = boot_id && *boot_id && streq(r->boot_id, boot_id);

        return deadline_passed(r->deadline, same_boot ? r->deadline_boot : 0, now);
}

const char *request_kind_to_string(RequestKind k)
{
        return k >= 0 && k < _REQUEST_KIND_MAX ? kind_names[k] : NULL;
}

RequestKind request_kind_from_string(const char *s)
{
        for (size_t i = 0; s && i < ELEMENTSOF(kind_names); i++) {
                if (streq(s, kind_names[i])) {
                        return (RequestKind) i;
                }
        }
        return _REQUEST_KIND_INVALID;
}

const char *request_state_to_string(RequestState s)
{
        return state_is_valid(s) ? state_names[s] : NULL;
}

RequestState request_state_from_string(const char *s)
{
        for (size_t i = 0; s && i < ELEMENTSOF(state_names); i++) {
                if (streq(s, state_names[i])) {
                        return (RequestState) i;
                }
        }
        return _REQUEST_STATE_INVALID;
}
