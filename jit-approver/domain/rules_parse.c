/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rule files: which section a line begins, which key it gives.
 *
 * MUST: accept nothing this version does not know and fully obey; go on after a mistake so that all
 * of them are told; hand out rules only when nothing at all was wrong.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/ini.h"
#include "common/util.h"
#include "jit-approver/domain/rules_finish.h"
#include "jit-approver/domain/rules_section.h"

#define RULES_MAX 1000
#define SECTIONS_MAX 10000

typedef struct Parser {
        Sections sections;
        Problems *problems;
        Section *current; /* borrowed from sections; NULL before the first of a file */
        bool skipping;    /* what follows belongs to nothing we know, which has been told */
        bool incomplete;  /* something was not read: what seems to be missing may be there */
} Parser;

/* What could not be referred to, or could be taken for something else. */
static const char *bad_name(const char *name)
{
        if (!*name) {
                return "needs a name";
        }
        if (strlen(name) > RULES_NAME_MAX) {
                return "has a name longer than 64 bytes";
        }
        if (name[strcspn(name, " \t")]) {
                return "has a name with white space in it";
        }
        if (name[strcspn(name, ",[")]) {
                return "has a name with ',' or '[' in it";
        }
        if (strchr("@#*", name[0])) {
                return "has a name that begins with '@', '#' or '*'";
        }
        /* What person_of() calls accounts of nobody. */
        if (strncmp(name, "uid:", 4) == 0) {
                return "has a name that begins with 'uid:'";
        }
        return NULL;
}

static void check_name(const Parser *p, SectionKind kind, const IniLine *line)
{
        const char *what;

        if (!section_is_named(kind)) {
                if (*line->rest) {
                        problems_add(p->problems, &line->rest_at, "[%s] takes no name",
                                section_words[kind]);
                }
                return;
        }
        what = bad_name(line->rest);
        if (what) {
                problems_add(p->problems, *line->rest ? &line->rest_at : &line->word_at,
                        "the section [%s] %s", section_words[kind], what);
        }
}

/* A group and an approver of one name could not be told apart where they are used. */
static bool clashes(const Section *a, SectionKind kind, const char *name)
{
        if (!section_is_named(kind)) {
                return a->kind == kind;
        }
        if (!a->name || !streq(a->name, name)) {
                return false;
        }
        return a->kind == kind || (a->kind == SECTION_GROUP && kind == SECTION_APPROVER) ||
               (a->kind == SECTION_APPROVER && kind == SECTION_GROUP);
}

static void check_repeated(const Parser *p, SectionKind kind, const IniLine *line)
{
        for (size_t i = 0; i < p->sections.n; i++) {
                const Section *s = &p->sections.items[i];

                if (!clashes(s, kind, line->rest)) {
                        continue;
                }
                problems_add(p->problems, &line->word_at, "the section [%s%s%s] %s %s:%u",
                        section_words[kind], *line->rest ? " " : "", line->rest,
                        s->kind == kind ? "is given twice, first at" : "has the name of another at",
                        s->place.file, s->place.line);
                return;
        }
}

/* The kind that word names, or might: then it is told, and what follows is read as that. */
static SectionKind section_kind(const Parser *p, const IniLine *line)
{
        char hint[HINT_MAX];
        const char *near = nearest_word(line->word, section_words, _SECTION_MAX);

        for (size_t i = 0; i < _SECTION_MAX; i++) {
                if (streq(line->word, section_words[i])) {
                        return (SectionKind) i;
                }
        }
        problems_add(p->problems, &line->word_at, "unknown section [%s]%s", line->word,
                nearest_hint(hint, line->word, section_words, _SECTION_MAX));
        for (size_t i = 0; near && i < _SECTION_MAX; i++) {
                if (near == section_words[i]) {
                        return (SectionKind) i;
                }
        }
        return _SECTION_MAX;
}

static bool within_limits(Parser *p, SectionKind kind, const IniLine *line)
{
        if (p->sections.n >= SECTIONS_MAX) {
                problems_add(p->problems, &line->word_at,
                        "more than %d sections; the rest was not read", SECTIONS_MAX);
                p->incomplete = true;
                return false;
        }
        /* Nothing refers to a rule, so without it nothing else seems to be missing. */
        if (kind == SECTION_RULE && p->sections.rules->n_rules >= RULES_MAX) {
                problems_add(p->problems, &line->word_at, "more than %d rules", RULES_MAX);
                return false;
        }
        return true;
}

static int parse_section(Parser *p, const IniLine *line)
{
        SectionKind kind = section_kind(p, line);

        p->current = NULL;
        p->skipping = true;
        if (kind == _SECTION_MAX || !within_limits(p, kind, line)) {
                return 0;
        }
        check_name(p, kind, line);
        check_repeated(p, kind, line);
        p->current = sections_add(&p->sections, kind, line->rest, &line->word_at);
        p->skipping = false;
        return p->current ? 0 : -ENOMEM;
}

/* The key of that name in this kind of section; _KEY_MAX when there is none, which is told. */
static KeyId find_key(const Parser *p, SectionKind kind, const IniLine *line)
{
        const char *words[_KEY_MAX];
        char hint[HINT_MAX];
        size_t n = 0;

        for (size_t i = 0; i < _KEY_MAX; i++) {
                if (!key_is_in(&rule_keys[i], kind)) {
                        continue;
                }
                if (!streq(line->word, rule_keys[i].name)) {
                        words[n] = rule_keys[i].name;
                        n += rule_keys[i].value == VALUE_LATER ? 0 : 1;
                        continue;
                }
                if (rule_keys[i].value != VALUE_LATER) {
                        return (KeyId) i;
                }
                /* Not that he cannot spell. */
                problems_add(p->problems, &line->word_at, "'%s' is not served by this version",
                        line->word);
                return _KEY_MAX;
        }
        if (line->kind != INI_TORN) {
                problems_add(p->problems, &line->word_at, "unknown key '%s' in [%s]%s", line->word,
                        section_words[kind], nearest_hint(hint, line->word, words, n));
        }
        return _KEY_MAX;
}

static int parse_value(Parser *p, KeyId k, const IniLine *line)
{
        ValueText v = {
                .key = rule_keys[k].name,
                .text = line->rest,
                .at = line->rest_at,
                .problems = p->problems,
        };
        int r;

        if (line->damaged || line->kind == INI_TORN) {
                return 0;
        }
        if (!*line->rest) {
                problems_add(p->problems, &line->rest_at, "'%s' has no value%s", v.key,
                        line->commented ? ": a '#' after white space begins a comment" : "");
                return 0;
        }
        r = value_parse(rule_keys[k].value, &v, section_field(&p->sections, p->current, k));
        if (r < 0) {
                return r;
        }
        p->current->good[k] = r > 0;
        return 0;
}

/* Whether there is a section for this line, and a key in it. */
static bool pair_has_place(Parser *p, const IniLine *line)
{
        if (p->skipping) {
                return false;
        }
        if (!p->current && line->kind == INI_TORN) {
                return false; /* wrong wherever it stands, which has been told */
        }
        if (!p->current) {
                problems_add(p->problems, &line->word_at,
                        "'%s' stands before the first [section] of the file", line->word);
                p->skipping = true; /* one such line tells of all */
                return false;
        }
        if (!*line->word) {
                problems_add(p->problems, &line->word_at, "there is no key before the '='");
                return false;
        }
        return true;
}

static int parse_pair(Parser *p, const IniLine *line)
{
        Place *given;
        KeyId k;

        if (!pair_has_place(p, line)) {
                return 0;
        }
        k = find_key(p, p->current->kind, line);
        if (k == _KEY_MAX) {
                return 0;
        }
        given = &p->current->given[k];
        if (given->line > 0) {
                problems_add(p->problems, &line->word_at, "'%s' is given twice, first in line %u",
                        rule_keys[k].name, given->line);
        } else {
                *given = line->kind == INI_TORN ? line->word_at : line->rest_at;
        }
        return parse_value(p, k, line);
}

static int parse_text(Parser *p, const IniText *text, const char *file)
{
        IniReader reader;
        IniLine line;

        /* A drop-in does not go on where the file before it stopped. */
        p->current = NULL;
        p->skipping = false;
        if (!ini_init(&reader, text, file, p->problems)) {
                p->incomplete = true;
                return 0;
        }
        while (ini_next(&reader, &line)) {
                int r = line.kind == INI_SECTION ? parse_section(p, &line) : parse_pair(p, &line);

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int parse_texts(Parser *p, const IniText *texts, size_t n)
{
        Rules *rules = p->sections.rules;
        int r;

        for (size_t i = 0; i < n; i++) {
                r = strv_add(&rules->files, texts[i].name);
                if (r < 0) {
                        return r;
                }
        }
        for (size_t i = 0; i < n; i++) {
                r = parse_text(p, &texts[i], rules->files[i]);
                if (r < 0) {
                        return r;
                }
        }
        return p->incomplete ? 0 : rules_finish(&p->sections, p->problems);
}

static size_t file_index(const Rules *rules, const char *file)
{
        size_t i = 0;

        while (rules->files && rules->files[i] && !streq(rules->files[i], file)) {
                i++;
        }
        return i;
}

static bool problem_is_before(const Rules *rules, const Problem *a, const Problem *b)
{
        size_t file_a = file_index(rules, a->file), file_b = file_index(rules, b->file);

        if (file_a != file_b) {
                return file_a < file_b;
        }
        return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* What is found at the end belongs between what was found on the way. */
static void sort_problems(const Rules *rules, Problem *items, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                for (size_t j = i; j > 0; j--) {
                        Problem swap = items[j];

                        if (!problem_is_before(rules, &items[j], &items[j - 1])) {
                                break;
                        }
                        items[j] = items[j - 1];
                        items[j - 1] = swap;
                }
        }
}

int rules_parse_partly(const IniText *texts, size_t n, Problems *problems, Rules **ret)
{
        _cleanup_(rules_freep) Rules *rules = calloc(1, sizeof(*rules));
        Parser p = { .sections.rules = rules, .problems = problems };
        size_t before = problems->n;
        int r;

        if (!rules) {
                return -ENOMEM;
        }
        rules->keep = KEEP_DEFAULT;
        rules->max_size = MAX_SIZE_DEFAULT;
        r = parse_texts(&p, texts, n);
        sections_done(&p.sections);
        if (r < 0) {
                return r;
        }
        if (problems->n > before || problems->lost) {
                sort_problems(rules, problems->items + before, problems->n - before);
                r = -EINVAL;
        }
        *ret = TAKE_PTR(rules);
        return r;
}

int rules_parse(const IniText *texts, size_t n, Problems *problems, Rules **ret)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        int r = rules_parse_partly(texts, n, problems, &rules);

        if (r >= 0) {
                *ret = TAKE_PTR(rules);
        }
        return r;
}
