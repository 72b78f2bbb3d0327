/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, aside: what is only noted, and how much of the record somebody may fill with it. A note may
 * wait; nothing that somebody decided is one.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <stdio.h>

void flow_record(Daemon *d, const Fact *f)
{
        Now now = d->now();

        audit_note(d->ledger.audit, f, &now);
        if (d->tell_at != USEC_NEVER && d->record_at != USEC_NEVER) {
                return;
        }
        d->tell_at = MIN(d->tell_at, usec_add(now.boot, TELL_DELAY));
        d->record_at = MIN(d->record_at, usec_add(now.boot, RECORD_DELAY));
        flow_arm(d);
}

bool flow_hears(Daemon *d, Door door, uid_t asker, bool refused)
{
        Allowances *a = door == DOOR_MODULE ? &d->refused : &d->heard;
        Now now = d->now();
        bool yes =
                asker == 0 || (door == DOOR_MODULE && !refused) || allowance_take(a, asker, &now);

        if (!yes) {
                flow_arm(d);
        }
        return yes;
}

static void record_left_out(Daemon *d, Allowances *a, const char *why, bool all)
{
        Now now = d->now();
        Allowance x;

        while (allowance_owes(a, &now, all, &x)) {
                const Person *person =
                        people_get(d->people, &(Key){ .kind = KEY_UID, .uid = x.uid });
                char number[16];
                Who who = { x.uid, number };

                (void) snprintf(number, sizeof(number), "#%u", (unsigned) x.uid);
                if (person->found == TERNARY_YES) {
                        who.name = person->name;
                }
                const Fact f = {
                        .event = AUDIT_GAP,
                        .asker = x.uid == UID_UNSET ? NULL : &who,
                        .why = why,
                        .count = x.left_out,
                        .first = x.first,
                        .last = x.last,
                };
                flow_record(d, &f);
        }
}

void flow_record_left_out(Daemon *d, bool all)
{
        record_left_out(d, &d->heard, "asked too often", all);
        record_left_out(d, &d->refused, "refused too often", all);
}

/*
 * Of a grant that is used, which question it is; none is said of the one by which somebody goes in. Who speaks
 * for himself opens nothing, whatever he calls it.
 */
static const char *noted_why(Door door, const Subject *s, const Outcome *o)
{
        static const char *const others[] = { "session", "auth" };
        const char *phase = str_or(s->ask->phase, "");

        if (o->code || o->event != AUDIT_GRANT_USED) {
                return o->code;
        }
        if (door == DOOR_PEER) {
                return "asked";
        }
        if (streq(phase, "account")) {
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                if (streq(phase, others[i])) {
                        return others[i];
                }
        }
        return "asked";
}

void flow_note(Daemon *d, Door door, const Subject *s, const Outcome *o)
{
        if (!o->noted) {
                return;
        }
        _cleanup_(freep) char *command = make_command(s, config_rules(d->config));
        const Fact f = {
                .event = o->event,
                .request = id_is_set(&o->request) ? &o->request : NULL,
                .grant = id_is_set(&o->grant) ? &o->grant : NULL,
                .asker = &s->asker_who,
                .login = s->login.uid != UID_UNSET ? &s->login : NULL,
                .target = s->target_known ? &s->target_who : NULL,
                .service = s->service,
                .command = str_empty(command) ? NULL : command,
                .rule = o->rule,
                .tty = s->ask->tty,
                .origin = s->ask->rhost,
                .why = noted_why(door, s, o),
        };
        flow_record(d, &f);
}
