/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines a waiting user reads. One line is one sentence or two, and says what to do next. */

#include "jit-approver/domain/say.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/service.h"
#include "common/span.h"
#include "common/text.h"
#include "common/util.h"
#include "jit-approver/domain/approver.h"

#define NAME_SHOWN 64
#define NOTE_SHOWN 200
#define LIST_SHOWN 400
#define MEMBERS_SHOWN 250 /* of one group */

/* Names for one line, which end in "…" when they would grow too long. */
typedef struct List {
        char text[LIST_SHOWN];
        size_t limit;
        bool cut;
} List;

static void list_join(List *l, const char *text)
{
        static const char more[] = ", …";
        size_t used = strlen(l->text), n = strlen(text);

        if (l->cut) {
                return;
        }
        if (used + n + 2 * sizeof(more) <= l->limit) {
                (void) snprintf(l->text + used, l->limit - used, "%s%s", used ? ", " : "", text);
        } else {
                (void) snprintf(l->text + used, l->limit - used, "%s", used ? more : "…");
                l->cut = true;
        }
}

static void list_member(const Name *n, void *userdata)
{
        char name[NAME_SHOWN + 2] = "@";

        text_clean(name + 1, NAME_SHOWN, n->text, strlen(n->text));
        list_join(userdata, n->kind == NAME_UNIX_GROUP ? name : name + 1);
}

char *say_approvers(const NameList *list, const Request *r)
{
        List all = { .limit = LIST_SHOWN };

        for (size_t i = 0; i < list->n; i++) {
                const Name *n = &list->items[i];
                List members = { .limit = MEMBERS_SHOWN };
                char entry[LIST_SHOWN + NAME_SHOWN + 8], name[NAME_SHOWN];

                approvers_visit(&(NameList){ (Name *) n, 1 }, r, list_member, &members);
                if (n->kind == NAME_GROUP) {
                        text_clean(name, sizeof(name), n->text, strlen(n->text));
                        (void) snprintf(entry, sizeof(entry), "%s (%s)", name,
                                members.text[0] ? members.text : "nobody");
                        list_join(&all, entry);
                } else if (members.text[0]) {
                        list_join(&all, members.text);
                }
        }
        return strdup(all.text[0] ? all.text : "nobody");
}

/* What stands in text, with more behind it. -ENOMEM: text is gone. */
static int text_append(char **text, const char *between, const char *more)
{
        _cleanup_(freep) char *before = TAKE_PTR(*text);

        return str_printf(text, "%s%s%s", str_or(before, ""), before ? between : "", more);
}

/* "after 2 min also leads (dan), after 5 min also cto" */
static char *say_escalations(const Rule *rule, const Request *r)
{
        char *all = NULL;

        for (size_t i = 0; i < rule->escalate.n; i++) {
                _cleanup_(freep) char *to = say_approvers(&rule->escalate.items[i].to, r);
                _cleanup_(freep) char *one = NULL;
                char after[SPAN_TEXT_MAX];

                span_say(rule->escalate.items[i].after, after);
                if (!to || str_printf(&one, "after %s also %s", after, to) < 0 ||
                        text_append(&all, ", ", one) < 0) {
                        return NULL;
                }
        }
        return all;
}

char *say_chain(const Rule *rule, const Request *r)
{
        _cleanup_(freep) char *escalations = say_escalations(rule, r);
        char *all = NULL;

        for (size_t i = 0; i < rule->stages.n; i++) {
                _cleanup_(freep) char *stage = say_approvers(&rule->stages.items[i], r);
                _cleanup_(freep) char *some = NULL;

                if (stage && rule->approvals > 1 && rule->stages.n > 1) {
                        (void) str_printf(&some, "%lld of %s", (long long) rule->approvals, stage);
                } else {
                        some = TAKE_PTR(stage);
                }
                if (!some || text_append(&all, ", then ", some) < 0) {
                        return NULL;
                }
        }
        if (escalations) {
                (void) text_append(&all, "; ", escalations);
        }
        return all;
}

#define CODE_SHOWN 16
#define STAGE_SHOWN 64
#define MORE_TIME (30 * USEC_PER_MIN) /* what is proposed, where there is that much */

/* "Code 42. ", which whoever approves is to be told by the asker himself; "" where none is needed. */
static const char *say_code(const Request *r, char out[static CODE_SHOWN])
{
        out[0] = '\0';
        if (r->code != CODE_NONE) {
                (void) snprintf(out, CODE_SHOWN, "Code %02d. ", (int) r->code);
        }
        return out;
}

char *say_asked(
        const char *approvers, const Request *r, usec_t wait, bool interruptible, bool joined)
{
        char span[SPAN_TEXT_MAX], asked[SPAN_TEXT_MAX], code[CODE_SHOWN];
        char *line = NULL;

        span_say(wait, span);
        span_say(r->duration, asked);
        (void) str_printf(&line, "%s %s%s%s. Request %s. %sWaiting up to %s%s",
                joined ? "Already asked" : "Asked", approvers, joined ? " for " : "",
                joined ? asked : "", r->id.text, say_code(r, code), span,
                interruptible ? "; Ctrl-C withdraws." : ".");
        return line;
}

/* ": "go ahead"", or the end of the sentence. */
static char *say_note(const char *note)
{
        char *text = NULL;

        if (str_empty(note)) {
                return strdup(".");
        }
        _cleanup_(freep) char *safe = text_clean_dup(note, NOTE_SHOWN);
        if (safe) {
                (void) str_printf(&text, ": \"%s\"", safe);
        }
        return text;
}

/* Who comes by a link has no account here, but is somebody all the same. */
static char *say_who(const Vote *v)
{
        return text_clean_dup(str_empty(v->who.name) ? v->person : v->who.name, NAME_SHOWN);
}

/* "Stage 1 of 2, ", so that nobody takes the votes for stages; "" where there is one. */
static const char *say_stage(const Rule *rule, const Tally *t, char out[static STAGE_SHOWN])
{
        out[0] = '\0';
        if (rule->stages.n > 1) {
                (void) snprintf(out, STAGE_SHOWN, "Stage %zu of %zu, ",
                        MIN(t->stage + 1, rule->stages.n), rule->stages.n);
        }
        return out;
}

char *say_vote(const Vote *v, const Rule *rule, const Request *r, const Tally *t)
{
        _cleanup_(freep) char *note = say_note(v->note);
        _cleanup_(freep) char *who = say_who(v), *next = NULL;
        bool stepped = t->approvals == 0 && t->stage > 0 && t->stage < rule->stages.n;
        char stage[STAGE_SHOWN];
        char *line = NULL;

        if (stepped) {
                next = say_approvers(&rule->stages.items[t->stage], r);
                (void) str_printf(&line, "Stage %zu of %zu: approved by %s%s%s Now asked: %s.",
                        t->stage, rule->stages.n, str_or(who, "?"), str_or(note, "."),
                        str_empty(v->note) ? "" : ".", str_or(next, "?"));
        } else {
                (void) str_printf(&line, "%s%lld of %lld: approved by %s%s",
                        say_stage(rule, t, stage), (long long) t->approvals, (long long) t->needed,
                        str_or(who, "?"), str_or(note, "."));
        }
        return line;
}

char *say_escalated(const Rule *rule, const Request *r, size_t before)
{
        List all = { .limit = LIST_SHOWN };
        char *line = NULL;

        for (size_t i = before; i < r->escalated && i < rule->escalate.n; i++) {
                _cleanup_(freep) char *to = say_approvers(&rule->escalate.items[i].to, r);
                list_join(&all, str_or(to, "?"));
        }
        (void) str_printf(&line, "Nobody decided so far; asked as well: %s.", all.text);
        return line;
}

char *say_approved(const Vote *v, const Grant *g, const Now *now)
{
        _cleanup_(freep) char *note = say_note(v->note);
        _cleanup_(freep) char *who = say_who(v);
        char until[TIME_RFC3339_MAX], span[SPAN_TEXT_MAX];
        char *line = NULL;

        time_local(g->until, now->wall, until);
        span_say(g->until - g->from, span);
        (void) str_printf(&line, "Approved by %s until %s (%s)%s", str_or(who, "?"), until, span,
                str_or(note, "."));
        return line;
}

char *say_extended(const Vote *v, const Grant *g, const Now *now)
{
        _cleanup_(freep) char *note = say_note(v->note);
        _cleanup_(freep) char *who = say_who(v);
        char until[TIME_RFC3339_MAX];
        char *line = NULL;

        time_local(g->until, now->wall, until);
        (void) str_printf(
                &line, "Extended by %s until %s%s", str_or(who, "?"), until, str_or(note, "."));
        return line;
}

char *say_missed(const char *person)
{
        _cleanup_(freep) char *who = text_clean_dup(person, NAME_SHOWN);
        char *line = NULL;

        (void) str_printf(&line,
                "%s typed a wrong code %d times, and cannot approve this any more.",
                str_or(who, "?"), TRIES_HIS);
        return line;
}

char *say_denied(const Vote *v)
{
        _cleanup_(freep) char *note = say_note(v->note);
        _cleanup_(freep) char *who = say_who(v);
        char *line = NULL;

        (void) str_printf(&line, "Denied by %s%s", str_or(who, "?"), str_or(note, "."));
        return line;
}

char *say_unreached(const Rule *rule, const Id *request, const char *why)
{
        char clean[NOTE_SHOWN];
        char *line = NULL;

        if (!why) {
                (void) str_printf(&line,
                        "Nobody is told of this: %s. An approver can decide on this host: jitctl approve %s",
                        rule->notify.n == 0 ? "the rule has no channel (notify)"
                                            : "no approver of the rule has a section of his own",
                        request->text);
                return line;
        }
        text_clean(clean, sizeof(clean), why, strlen(why));
        (void) str_printf(&line,
                "Nobody could be told yet (%s); it is tried again. An approver can decide on this host: jitctl approve %s",
                clean, request->text);
        return line;
}

/* "sudo access as root", "sshd access" */
static char *say_access(const Grant *g)
{
        _cleanup_(freep) char *service = text_clean_dup(str_or(g->service, "?"), NAME_SHOWN);
        _cleanup_(freep) char *target = text_clean_dup(str_or(g->target.name, ""), NAME_SHOWN);
        bool other = !str_empty(target) && !streq(target, str_or(g->asker.name, ""));
        char *text = NULL;

        (void) str_printf(&text, "%s access%s%s", str_or(service, "?"), other ? " as " : "",
                other ? target : "");
        return text;
}

char *say_ending(const Rule *rule, const Grant *g, const Now *now)
{
        usec_t room = rule ? MIN(grant_room(g, rule, now), MORE_TIME) : 0;
        bool extendable = room >= USEC_PER_MIN;
        _cleanup_(freep) char *access = say_access(g);
        char until[TIME_RFC3339_MAX], left[SPAN_TEXT_MAX], more[SPAN_TEXT_MAX];
        usec_t rest = g->until > now->wall ? g->until - now->wall : 0;
        char *line = NULL;

        time_local(g->until, now->wall, until);
        span_say((rest + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC, left);
        span_format(room - room % USEC_PER_MIN, more);
        (void) str_printf(&line, "Your %s ends at %s, in %s%s%s%.4s%s%s", str_or(access, "access"),
                until, left,
                g->on_expiry == ON_EXPIRY_END_SESSIONS ? ", and this session with it." : ".",
                extendable ? " For more time: jitctl extend " : "", extendable ? g->id.text : "",
                extendable ? " --for " : "", extendable ? more : "");
        return line;
}

char *say_over(const Grant *g, GrantState how, const char *by)
{
        _cleanup_(freep) char *access = say_access(g);
        _cleanup_(freep) char *who = by ? text_clean_dup(by, NOTE_SHOWN) : NULL;
        const char *word = how == GRANT_EXPIRED   ? "its time is up"
                           : how == GRANT_REVOKED ? "it was revoked"
                                                  : "it was given back";
        char *line = NULL;

        (void) str_printf(&line, "Your %s is over: %s%s%s%s.%s", str_or(access, "access"), word,
                who ? " (" : "", str_or(who, ""), who ? ")" : "",
                g->on_expiry == ON_EXPIRY_END_SESSIONS
                        ? " This session ends now."
                        : " What you opened goes on; please leave it.");
        return line;
}

char *say_timed_out(const Request *r)
{
        char *line = NULL;

        (void) str_printf(&line,
                "Nobody decided request %s in time; it is closed. Run the command again to ask anew.",
                r->id.text);
        return line;
}

char *say_withdrawn(const Request *r)
{
        char *line = NULL;

        (void) str_printf(&line, "Request %s was withdrawn.", r->id.text);
        return line;
}

/* What to do once somebody has decided, as the end of a sentence. */
static const char *say_again(const Request *r)
{
        return service_changes_user(r->service) ? "run the command again" : "log in again";
}

char *say_detached(const Request *r, const Now *now)
{
        char until[TIME_RFC3339_MAX];
        char *line = NULL;

        time_local(r->deadline, now->wall, until);
        (void) str_printf(&line,
                "Not decided yet. Request %s stays open until %s; %s once it is approved (jitctl wait %.4s).",
                r->id.text, until, say_again(r), r->id.text);
        return line;
}

char *say_left_open(const char *approvers, const Request *r, const Now *now)
{
        char until[TIME_RFC3339_MAX], code[CODE_SHOWN];
        char *line = NULL;

        time_local(r->deadline, now->wall, until);
        (void) str_printf(&line,
                "Asked %s. %sRequest %s stays open until %s; %s once it is approved (jitctl wait %.4s).",
                approvers, say_code(r, code), r->id.text, until, say_again(r), r->id.text);
        return line;
}

char *say_refused(const Rule *rule, const Request *q)
{
        _cleanup_(freep) char *asker = text_clean_dup(q->asker.name, NAME_SHOWN);
        _cleanup_(freep) char *target =
                text_clean_dup(str_or(q->target.name, "an unclear target"), NAME_SHOWN);
        _cleanup_(freep) char *service = text_clean_dup(q->service, NAME_SHOWN);
        char *line = NULL;

        if (rule) {
                (void) str_printf(&line, "Refused by rule %s: %s may not use %s as %s here.",
                        rule->name, str_or(asker, "?"), str_or(service, "?"), str_or(target, "?"));
        } else {
                (void) str_printf(&line,
                        "No rule lets %s use %s as %s here; ask an administrator of this host.",
                        str_or(asker, "?"), str_or(service, "?"), str_or(target, "?"));
        }
        return line;
}
