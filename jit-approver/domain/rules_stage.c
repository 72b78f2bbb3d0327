/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stages and escalations. Their small words ("then", "after", "to") stand between names; since a group may
 * have such a name, "then" parts stages only where it could be nothing else.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/ini.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_amount.h"
#include "jit-approver/domain/rules_list.h"
#include "jit-approver/domain/rules_stage.h"

/* A part of a value. */
typedef struct Part {
        const char *s;
        size_t n;
} Part;

static Part trim(Part p)
{
        while (p.n > 0 && ini_is_space(*p.s)) {
                p.s++;
                p.n--;
        }
        while (p.n > 0 && ini_is_space(p.s[p.n - 1])) {
                p.n--;
        }
        return p;
}

/* The word at the beginning, taken off *rest. */
static Part take_word(Part *rest)
{
        Part word;

        *rest = trim(*rest);
        word = (Part){ rest->s, 0 };
        while (word.n < rest->n && !ini_is_space(rest->s[word.n])) {
                word.n++;
        }
        *rest = trim((Part){ rest->s + word.n, rest->n - word.n });
        return word;
}

static bool part_is(Part p, const char *word)
{
        return p.n == strlen(word) && memcmp(p.s, word, p.n) == 0;
}

/* A part as a value of its own, which *ret_text holds. */
static int part_value(const ValueText *v, Part p, char **ret_text, ValueText *ret)
{
        char *text = strndup(p.s, p.n);

        if (!text) {
                return -ENOMEM;
        }
        *ret_text = text;
        *ret = (ValueText){ v->key, text, v->at, v->problems };
        ret->at.column += (unsigned) (p.s - v->text);
        return 0;
}

/* Takes over what list holds. -ENOMEM. */
static int stage_add(StageList *stages, NameList *list)
{
        NameList *items = reallocarray(stages->items, stages->n + 1, sizeof(*items));

        if (!items) {
                return -ENOMEM;
        }
        stages->items = items;
        stages->items[stages->n++] = *list;
        *list = (NameList){};
        return 0;
}

/* The bytes before the next "then" that stands between two names; all if there is none. */
static size_t stage_length(const char *s)
{
        size_t before = 0; /* the end of the word before; 0: there is none, or a comma ends it */

        for (size_t i = 0; s[i];) {
                size_t start, end;

                while (ini_is_space(s[i])) {
                        i++;
                }
                start = i;
                while (s[i] && !ini_is_space(s[i])) {
                        i++;
                }
                end = i;
                while (ini_is_space(s[i])) {
                        i++;
                }
                if (before > 0 && s[i] && s[i] != ',' &&
                        part_is((Part){ s + start, end - start }, "then")) {
                        return start;
                }
                before = end > start && s[end - 1] != ',' ? end : 0;
        }
        return strlen(s);
}

static int stage_parse(const ValueText *v, Part p, StageList *stages)
{
        _cleanup_(name_list_done) NameList list = {};
        _cleanup_(freep) char *text = NULL;
        ValueText one;
        int good, r = part_value(v, trim(p), &text, &one);

        if (r < 0) {
                return r;
        }
        good = value_parse_names(VALUE_APPROVERS, &one, &list);
        if (good < 0) {
                return good;
        }
        if (stages->n == STAGES_MAX) {
                problems_add(
                        v->problems, &one.at, "'%s' has more than %d stages", v->key, STAGES_MAX);
                return 0;
        }
        r = list.n > 0 ? stage_add(stages, &list) : 0;
        return r < 0 ? r : good;
}

int value_parse_stages(const ValueText *v, StageList *field)
{
        _cleanup_(stage_list_done) StageList stages = {};
        bool good = true;

        for (const char *s = v->text;;) {
                size_t n = stage_length(s);
                int r = stage_parse(v, (Part){ s, n }, &stages);

                if (r < 0) {
                        return r;
                }
                good = good && r > 0;
                if (!s[n]) {
                        break;
                }
                s += n + strlen("then");
        }
        stage_list_done(field);
        *field = stages;
        stages = (StageList){};
        return good;
}

static int escalation_add(EscalationList *list, Escalation *e)
{
        Escalation *items = reallocarray(list->items, list->n + 1, sizeof(*items));

        if (!items) {
                return -ENOMEM;
        }
        list->items = items;
        list->items[list->n++] = *e;
        *e = (Escalation){};
        return 0;
}

/* "after SPAN to NAME" in its parts; false, and told, when it is something else. */
static bool escalation_cut(const ValueText *one, Part *ret_span, Part *ret_name)
{
        Part rest = { one->text, strlen(one->text) }, word = take_word(&rest);

        *ret_name = (Part){};
        if (part_is(word, "after")) {
                *ret_span = (Part){ rest.s, 0 };
                while (rest.n > 0) {
                        size_t n = (size_t) (rest.s - ret_span->s);
                        word = take_word(&rest);
                        if (part_is(word, "to") && n > 0) {
                                *ret_span = trim((Part){ ret_span->s, n });
                                *ret_name = take_word(&rest);
                                break;
                        }
                }
        }
        if (ret_name->n > 0 && rest.n == 0) {
                return true;
        }
        problems_add(one->problems, &one->at,
                "'%s' is not possible for '%s', only 'after SPAN to NAME' (such as after 5m to "
                "leads)",
                one->text, one->key);
        return false;
}

static bool escalation_is_later(const ValueText *span, const EscalationList *list, usec_t after)
{
        if (list->n > 0 && after <= list->items[list->n - 1].after) {
                problems_add(span->problems, &span->at,
                        "'%s' in '%s' is not later than the one before it", span->text, span->key);
                return false;
        }
        return true;
}

/* The span and the name of one escalation. 1, 0 when told, -ENOMEM. */
static int escalation_fill(const ValueText *one, const EscalationList *list, Escalation *e)
{
        _cleanup_(freep) char *span_text = NULL, *name_text = NULL;
        ValueText span, name;
        Part s, n;
        int r, good;

        if (!escalation_cut(one, &s, &n)) {
                return 0;
        }
        r = part_value(one, s, &span_text, &span);
        if (r >= 0) {
                r = part_value(one, n, &name_text, &name);
        }
        if (r < 0) {
                return r;
        }
        good = value_parse_span(&span, false, SPAN_MAX, &e->after) &&
               escalation_is_later(&span, list, e->after);
        r = value_parse_names(VALUE_APPROVERS, &name, &e->to);
        return r < 0 ? r : good && r > 0;
}

static int escalation_parse(const ValueText *v, Part p, EscalationList *list)
{
        _cleanup_(freep) char *text = NULL;
        Escalation e = {};
        ValueText one;
        int r = part_value(v, trim(p), &text, &one);

        if (r < 0) {
                return r;
        }
        e.place = one.at;
        r = escalation_fill(&one, list, &e);
        if (r > 0 && list->n == ESCALATIONS_MAX) {
                problems_add(v->problems, &one.at, "'%s' has more than %d of them", v->key,
                        ESCALATIONS_MAX);
                r = 0;
        }
        if (r > 0) {
                int err = escalation_add(list, &e);

                r = err < 0 ? err : 1;
        }
        name_list_done(&e.to);
        return r;
}

int value_parse_escalations(const ValueText *v, EscalationList *field)
{
        _cleanup_(escalation_list_done) EscalationList list = {};
        bool good = true;

        for (const char *s = v->text;;) {
                size_t n = strcspn(s, ",");
                int r = escalation_parse(v, (Part){ s, n }, &list);

                if (r < 0) {
                        return r;
                }
                good = good && r > 0;
                if (!s[n]) {
                        break;
                }
                s += n + 1;
        }
        escalation_list_done(field);
        *field = list;
        list = (EscalationList){};
        return good;
}

int value_copy_stages(const StageList *from, StageList *to)
{
        _cleanup_(stage_list_done) StageList stages = {};

        for (size_t i = 0; i < from->n; i++) {
                _cleanup_(name_list_done) NameList list = {};
                int r = value_copy_names(&from->items[i], &list);

                if (r >= 0) {
                        r = stage_add(&stages, &list);
                }
                if (r < 0) {
                        return r;
                }
        }
        stage_list_done(to);
        *to = stages;
        stages = (StageList){};
        return 0;
}

int value_copy_escalations(const EscalationList *from, EscalationList *to)
{
        _cleanup_(escalation_list_done) EscalationList list = {};

        for (size_t i = 0; i < from->n; i++) {
                Escalation e = { .after = from->items[i].after, .place = from->items[i].place };
                int r = value_copy_names(&from->items[i].to, &e.to);

                if (r >= 0) {
                        r = escalation_add(&list, &e);
                }
                if (r < 0) {
                        name_list_done(&e.to);
                        return r;
                }
        }
        escalation_list_done(to);
        *to = list;
        list = (EscalationList){};
        return 0;
}
