/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists in a rule file, by commas: services, names of accounts and people, command patterns, channels. */

#include <errno.h>
#include <stdlib.h>

#include "common/ini.h"
#include "common/service.h"
#include "common/util.h"
#include "jit-approver/domain/rules_list.h"

/* One element of a list: not NUL-ended. */
typedef struct Item {
        const char *s;
        size_t n;
        Place at;
} Item;

/* Takes the next element from *cursor, which is NULL after the last. */
static bool next_item(const ValueText *v, const char **cursor, Item *ret)
{
        const char *s = *cursor, *end;

        if (!s) {
                return false;
        }
        end = s + strcspn(s, ",");
        *cursor = *end ? end + 1 : NULL;
        while (s < end && ini_is_space(*s)) {
                s++;
        }
        while (end > s && ini_is_space(end[-1])) {
                end--;
        }
        *ret = (Item){ .s = s, .n = (size_t) (end - s), .at = v->at };
        ret->at.column += (unsigned) (s - v->text);
        return true;
}

static bool name_check(const ValueText *v, const Item *item)
{
        if (item->n == 0) {
                problems_add(v->problems, &item->at, "an empty name in '%s'", v->key);
                return false;
        }
        if (item->n > RULES_NAME_MAX) {
                problems_add(v->problems, &item->at, "a name in '%s' is longer than %d bytes",
                        v->key, RULES_NAME_MAX);
                return false;
        }
        for (size_t i = 0; i < item->n; i++) {
                if (ini_is_space(item->s[i])) {
                        problems_add(v->problems, &item->at,
                                "'%.*s' is not one name; names in '%s' are separated by commas",
                                (int) item->n, item->s, v->key);
                        return false;
                }
        }
        return true;
}

int value_parse_services(const ValueText *v, char ***field)
{
        _cleanup_(strv_freep) char **list = NULL;
        const char *cursor = v->text;
        bool good = true;
        Item item;

        while (next_item(v, &cursor, &item)) {
                _cleanup_(freep) char *s = NULL;
                int r;

                if (!name_check(v, &item)) {
                        good = false;
                        continue;
                }
                s = strndup(item.s, item.n);
                if (!s) {
                        return -ENOMEM;
                }
                r = strv_add(&list, service_canonical(s));
                if (r < 0) {
                        return r;
                }
        }
        strv_free(*field);
        *field = TAKE_PTR(list);
        return good;
}

/* The words of a pattern, cut at white space. */
static int split_words(const Item *item, char ***ret)
{
        _cleanup_(strv_freep) char **words = NULL;
        const char *s = item->s, *end = item->s + item->n;

        while (s < end) {
                _cleanup_(freep) char *word = NULL;
                const char *start = s;
                int r;

                while (s < end && !ini_is_space(*s)) {
                        s++;
                }
                word = strndup(start, (size_t) (s - start));
                if (!word) {
                        return -ENOMEM;
                }
                r = strv_add(&words, word);
                if (r < 0) {
                        return r;
                }
                while (s < end && ini_is_space(*s)) {
                        s++;
                }
        }
        *ret = TAKE_PTR(words);
        return 0;
}

static int pattern_add(PatternList *list, char **words, const Place *at)
{
        Pattern *items = reallocarray(list->items, list->n + 1, sizeof(*items));

        if (!items) {
                return -ENOMEM;
        }
        list->items = items;
        list->items[list->n++] = (Pattern){ .words = words, .place = *at };
        return 0;
}

int value_parse_patterns(const ValueText *v, PatternList *field)
{
        _cleanup_(pattern_list_done) PatternList list = {};
        const char *cursor = v->text;
        bool good = true;
        Item item;

        while (next_item(v, &cursor, &item)) {
                _cleanup_(strv_freep) char **words = NULL;
                int r;

                if (item.n == 0) {
                        problems_add(v->problems, &item.at, "an empty pattern in '%s'", v->key);
                        good = false;
                        continue;
                }
                r = split_words(&item, &words);
                if (r < 0) {
                        return r;
                }
                r = pattern_add(&list, words, &item.at);
                if (r < 0) {
                        return r;
                }
                words = NULL;
        }
        pattern_list_done(field);
        *field = list;
        list = (PatternList){};
        return good;
}

static int name_add(NameList *list, const Name *from, const char *s, size_t n)
{
        _cleanup_(freep) char *text = strndup(s, n);
        Name *items;

        if (!text) {
                return -ENOMEM;
        }
        items = reallocarray(list->items, list->n + 1, sizeof(*items));
        if (!items) {
                return -ENOMEM;
        }
        list->items = items;
        list->items[list->n] = *from;
        list->items[list->n++].text = TAKE_PTR(text);
        return 0;
}

/* "*": who it could stand for here. */
static bool any_is_allowed(ValueKind kind, const ValueText *v, const Item *item)
{
        if (kind == VALUE_WHO) {
                return true;
        }
        problems_add(v->problems, &item->at, "'*' is not possible in '%s': name them", v->key);
        return false;
}

static bool unix_group_is_allowed(ValueKind kind, const ValueText *v, const Item *item)
{
        if (kind == VALUE_ACCOUNTS) {
                problems_add(v->problems, &item->at,
                        "'%.*s': '%s' takes accounts, not groups of them", (int) item->n, item->s,
                        v->key);
                return false;
        }
        if (item->n == 1) {
                problems_add(v->problems, &item->at, "'@' is not followed by a group's name");
                return false;
        }
        return true;
}

/* What an element of a list of names is; false when told. */
static bool classify_name(ValueKind kind, const ValueText *v, const Item *item, NameKind *ret)
{
        if (!name_check(v, item)) {
                return false;
        }
        if (item->n == 1 && item->s[0] == '*') {
                *ret = NAME_ANY;
                return any_is_allowed(kind, v, item);
        }
        if (item->s[0] == '@') {
                *ret = NAME_UNIX_GROUP;
                return unix_group_is_allowed(kind, v, item);
        }
        if (item->s[0] == '#') {
                problems_add(v->problems, &item->at,
                        "'%.*s': accounts go by their names, never by number", (int) item->n,
                        item->s);
                return false;
        }
        *ret = kind == VALUE_APPROVERS ? NAME_GROUP : NAME_USER;
        return true;
}

int value_parse_names(ValueKind kind, const ValueText *v, NameList *field)
{
        _cleanup_(name_list_done) NameList list = {};
        const char *cursor = v->text;
        bool good = true;
        Item item;

        while (next_item(v, &cursor, &item)) {
                Name name = { .place = item.at };
                size_t skip;
                int r;

                if (!classify_name(kind, v, &item, &name.kind)) {
                        good = false;
                        continue;
                }
                skip = name.kind == NAME_UNIX_GROUP ? 1 : 0;
                r = name_add(&list, &name, item.s + skip, item.n - skip);
                if (r < 0) {
                        return r;
                }
        }
        name_list_done(field);
        *field = list;
        list = (NameList){};
        return good;
}

static int channel_add(ChannelList *list, const ChannelRef *from, const char *s, size_t n)
{
        _cleanup_(freep) char *name = strndup(s, n);
        ChannelRef *items;

        if (!name) {
                return -ENOMEM;
        }
        items = reallocarray(list->items, list->n + 1, sizeof(*items));
        if (!items) {
                return -ENOMEM;
        }
        list->items = items;
        list->items[list->n] = *from;
        list->items[list->n++].name = TAKE_PTR(name);
        return 0;
}

/* Twice would be told twice. */
static bool is_new_channel(const ValueText *v, const ChannelList *list, const Item *item)
{
        for (size_t i = 0; i < list->n; i++) {
                const char *name = list->items[i].name;

                if (strlen(name) == item->n && memcmp(name, item->s, item->n) == 0) {
                        problems_add(
                                v->problems, &item->at, "'%s' stands twice in '%s'", name, v->key);
                        return false;
                }
        }
        return true;
}

int value_parse_channels(const ValueText *v, ChannelList *field)
{
        _cleanup_(channel_list_done) ChannelList list = {};
        const char *cursor = v->text;
        bool good = true;
        Item item;

        while (next_item(v, &cursor, &item)) {
                ChannelRef ref = { .place = item.at };
                int r;

                if (!name_check(v, &item) || !is_new_channel(v, &list, &item)) {
                        good = false;
                        continue;
                }
                r = channel_add(&list, &ref, item.s, item.n);
                if (r < 0) {
                        return r;
                }
        }
        channel_list_done(field);
        *field = list;
        list = (ChannelList){};
        return good;
}

int value_copy_services(char *const *from, char ***to)
{
        _cleanup_(strv_freep) char **list = NULL;

        for (size_t i = 0; from && from[i]; i++) {
                int r = strv_add(&list, from[i]);

                if (r < 0) {
                        return r;
                }
        }
        strv_free(*to);
        *to = TAKE_PTR(list);
        return 0;
}

int value_copy_names(const NameList *from, NameList *to)
{
        _cleanup_(name_list_done) NameList list = {};

        for (size_t i = 0; i < from->n; i++) {
                const Name *name = &from->items[i];
                int r = name_add(&list, name, name->text, strlen(name->text));

                if (r < 0) {
                        return r;
                }
        }
        name_list_done(to);
        *to = list;
        list = (NameList){};
        return 0;
}

int value_copy_patterns(const PatternList *from, PatternList *to)
{
        _cleanup_(pattern_list_done) PatternList list = {};

        for (size_t i = 0; i < from->n; i++) {
                _cleanup_(strv_freep) char **words = NULL;
                int r = value_copy_services(from->items[i].words, &words);

                if (r < 0) {
                        return r;
                }
                r = pattern_add(&list, words, &from->items[i].place);
                if (r < 0) {
                        return r;
                }
                words = NULL;
        }
        pattern_list_done(to);
        *to = list;
        list = (PatternList){};
        return 0;
}

int value_copy_channels(const ChannelList *from, ChannelList *to)
{
        _cleanup_(channel_list_done) ChannelList list = {};

        for (size_t i = 0; i < from->n; i++) {
                const ChannelRef *ref = &from->items[i];
                int r = channel_add(&list, ref, ref->name, strlen(ref->name));

                if (r < 0) {
                        return r;
                }
        }
        channel_list_done(to);
        *to = list;
        list = (ChannelList){};
        return 0;
}
