/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The strict JSON reader of the local protocol; json_writer.c writes. Trusts no byte of the text.
 * MUST: (1) one reading only: what two parsers could take differently (duplicate names, NUL, lone
 * surrogates, floats, trailing bytes) is refused; (2) bounded work: two allocations, recursion no
 * deeper than JSON_DEPTH_MAX, duplicates found by sorting and not by comparing all with all.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"
#include "common/util.h"

struct JsonNode {
        const char *name;
        JsonNode *next;  /* sibling */
        JsonNode *order; /* while names are sorted */
        union {
                JsonNode *first;
                const char *string;
                int64_t integer;
                bool boolean;
        };
        JsonType type;
};

struct Json {
        char *text; /* every name and string, each NUL-ended */
        size_t size;
        JsonNode nodes[];
};

typedef struct Parser {
        const char *at, *end;
        char *text; /* where the next decoded string goes */
        JsonNode *nodes;
        size_t n_nodes, max_nodes;
} Parser;

/* The next byte that is not space, without taking it; 0 at the end (where a NUL is as wrong). */
static char peek(Parser *p)
{
        while (p->at < p->end &&
                (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
                p->at++;
        }
        return p->at < p->end ? *p->at : '\0';
}

static int take(Parser *p, char expected)
{
        if (peek(p) != expected) {
                return -EBADMSG;
        }
        p->at++;
        return 0;
}

static int parse_hex4(Parser *p, uint32_t *ret)
{
        uint32_t value = 0;

        if (p->end - p->at < 4) {
                return -EBADMSG;
        }
        for (int i = 0; i < 4; i++) {
                char c = *p->at++;

                if (c >= '0' && c <= '9') {
                        value = value << 4 | (uint32_t) (c - '0');
                } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
                        value = value << 4 | (uint32_t) ((c | 0x20) - 'a' + 10);
                } else {
                        return -EBADMSG;
                }
        }
        *ret = value;
        return 0;
}

/* The four digits of a \u escape, and the second half of a surrogate pair. */
static int parse_codepoint(Parser *p, uint32_t *ret)
{
        uint32_t high, low;

        if (parse_hex4(p, &high) < 0 || high == 0 || (high >= 0xDC00 && high <= 0xDFFF)) {
                return -EBADMSG;
        }
        if (high < 0xD800 || high > 0xDFFF) {
                *ret = high;
                return 0;
        }
        if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u') {
                return -EBADMSG;
        }
        p->at += 2;
        if (parse_hex4(p, &low) < 0 || low < 0xDC00 || low > 0xDFFF) {
                return -EBADMSG;
        }
        *ret = 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
        return 0;
}

static char *put_utf8(char *out, uint32_t c)
{
        if (c < 0x80) {
                *out++ = (char) c;
                return out;
        }
        if (c < 0x800) {
                *out++ = (char) (0xC0 | c >> 6);
        } else {
                if (c < 0x10000) {
                        *out++ = (char) (0xE0 | c >> 12);
                } else {
                        *out++ = (char) (0xF0 | c >> 18);
                        *out++ = (char) (0x80 | (c >> 12 & 0x3F));
                }
                *out++ = (char) (0x80 | (c >> 6 & 0x3F));
        }
        *out++ = (char) (0x80 | (c & 0x3F));
        return out;
}

/* After the backslash. No escape is shorter than what it stands for, so text never runs over. */
static int parse_escape(Parser *p, char **out)
{
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        const char *letter;
        uint32_t c;

        if (p->at >= p->end) {
                return -EBADMSG;
        }
        if (*p->at == 'u') {
                p->at++;
                if (parse_codepoint(p, &c) < 0) {
                        return -EBADMSG;
                }
                *out = put_utf8(*out, c);
                return 0;
        }
        letter = memchr(letters, *p->at++, sizeof(letters) - 1);
        if (!letter) {
                return -EBADMSG;
        }
        *(*out)++ = meanings[letter - letters];
        return 0;
}

static int parse_string(Parser *p, const char **ret)
{
        char *out = p->text;
        uint8_t seen = 0;

        if (take(p, '"') < 0) {
                return -EBADMSG;
        }
        while (p->at < p->end) {
                char c = *p->at++;

                if (c == '"') {
                        /* Checked decoded: an escape is a whole character, it mends no half one. */
                        if (seen >= 0x80 && !utf8_valid(p->text, (size_t) (out - p->text))) {
                                return -EBADMSG;
                        }
                        *out++ = '\0';
                        *ret = p->text;
                        p->text = out;
                        return 0;
                }
                if ((uint8_t) c < 0x20) {
                        return -EBADMSG;
                }
                if (c == '\\') {
                        if (parse_escape(p, &out) < 0) {
                                return -EBADMSG;
                        }
                        continue;
                }
                seen |= (uint8_t) c;
                *out++ = c;
        }
        return -EBADMSG;
}

/* Fraction and exponent are left standing and fail as what may not follow a value. */
static int parse_integer(Parser *p, int64_t *ret)
{
        bool negative = *p->at == '-';
        uint64_t limit = (uint64_t) INT64_MAX + negative, value = 0;
        const char *start;

        p->at += negative;
        start = p->at;
        for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
                uint64_t digit = (uint64_t) (*p->at - '0');

                if (value > (limit - digit) / 10) {
                        return -EBADMSG;
                }
                value = value * 10 + digit;
        }
        if (p->at == start || (*start == '0' && p->at - start > 1)) {
                return -EBADMSG;
        }
        *ret = negative ? (int64_t) (0 - value) : (int64_t) value;
        return 0;
}

static int parse_word(Parser *p, JsonNode *node)
{
        static const struct {
                const char *text;
                JsonType type;
                bool boolean;
        } words[] = {
                { "null", JSON_NULL, false },
                { "true", JSON_BOOLEAN, true },
                { "false", JSON_BOOLEAN, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                size_t n = strlen(words[i].text);

                if ((size_t) (p->end - p->at) >= n && memcmp(p->at, words[i].text, n) == 0) {
                        node->type = words[i].type;
                        node->boolean = words[i].boolean;
                        p->at += n;
                        return 0;
                }
        }
        return -EBADMSG;
}

/*
 * Merge sort by name of the n members from *at on, which finds any two that are the same: both are
 * at the head of their halves at the same moment. Needs no memory, recurses log2(JSON_NODES_MAX).
 */
static int sort_members(JsonNode **at, size_t n, JsonNode **ret)
{
        JsonNode *a, *b, **tail = ret;

        if (n == 1) {
                *ret = *at;
                *at = (*at)->next;
                (*ret)->order = NULL;
                return 0;
        }
        if (sort_members(at, n / 2, &a) < 0 || sort_members(at, n - n / 2, &b) < 0) {
                return -EBADMSG;
        }
        while (a && b) {
                int order = strcmp(a->name, b->name);
                JsonNode **lesser = order < 0 ? &a : &b;

                if (order == 0) {
                        return -EBADMSG;
                }
                *tail = *lesser;
                tail = &(*lesser)->order;
                *lesser = *tail;
        }
        *tail = a ? a : b;
        return 0;
}

static int parse_value(Parser *p, unsigned depth, const char *name, JsonNode **ret);

static int parse_container(Parser *p, unsigned depth, JsonNode *node)
{
        bool object = node->type == JSON_OBJECT;
        char close = object ? '}' : ']';
        JsonNode **link = &node->first, *sorted;
        int r;

        if (depth >= JSON_DEPTH_MAX) {
                return -EMSGSIZE;
        }
        p->at++;
        node->first = NULL;
        if (take(p, close) == 0) {
                return 0;
        }
        for (size_t n = 1;; n++) {
                const char *name = NULL;

                if (object && (parse_string(p, &name) < 0 || take(p, ':') < 0)) {
                        return -EBADMSG;
                }
                r = parse_value(p, depth + 1, name, link);
                if (r < 0) {
                        return r;
                }
                link = &(*link)->next;
                if (take(p, close) == 0) {
                        JsonNode *first = node->first;

                        return object ? sort_members(&first, n, &sorted) : 0;
                }
                if (take(p, ',') < 0) {
                        return -EBADMSG;
                }
        }
}

static int parse_value(Parser *p, unsigned depth, const char *name, JsonNode **ret)
{
        char c = peek(p);
        JsonNode *node;
        int r;

        if (p->n_nodes >= p->max_nodes) {
                return -EMSGSIZE;
        }
        node = &p->nodes[p->n_nodes++];
        *node = (JsonNode){ .name = name };
        if (c == '{' || c == '[') {
                node->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
                r = parse_container(p, depth, node);
        } else if (c == '"') {
                node->type = JSON_STRING;
                r = parse_string(p, &node->string);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
                node->type = JSON_INTEGER;
                r = parse_integer(p, &node->integer);
        } else {
                r = parse_word(p, node);
        }
        if (r < 0) {
                return r;
        }
        *ret = node;
        return 0;
}

/* But for the root, a comma or an opening bracket stands before each value. Text may add to it. */
static size_t guess_nodes(const char *text, size_t size)
{
        size_t n = 1;

        for (size_t i = 0; i < size; i++) {
                n += text[i] == ',' || (text[i] & ~0x20) == '[';
        }
        return n;
}

int json_parse(const char *text, size_t size, Json **ret)
{
        _cleanup_(json_freep) Json *j = NULL;
        Parser p = { .at = text };
        JsonNode *root;
        int r;

        if (size > JSON_SIZE_MAX) {
                return -EMSGSIZE;
        }
        if (size == 0) {
                return -EBADMSG;
        }
        p.max_nodes = MIN(guess_nodes(text, size), (size_t) JSON_NODES_MAX);
        j = malloc(sizeof(Json) + p.max_nodes * sizeof(JsonNode));
        if (!j) {
                return -ENOMEM;
        }
        j->text = malloc(size + 1);
        j->size = size + 1;
        if (!j->text) {
                return -ENOMEM;
        }
        p.end = text + size;
        p.nodes = j->nodes;
        p.text = j->text;
        r = parse_value(&p, 0, NULL, &root);
        if (r < 0) {
                return r;
        }
        (void) peek(&p);
        if (p.at != p.end) {
                return -EBADMSG;
        }
        *ret = TAKE_PTR(j);
        return 0;
}

Json *json_free(Json *j)
{
        if (j) {
                erase_free_bytes(j->text, j->size); /* there are secrets among them */
                free(j);
        }
        return NULL;
}

const JsonNode *json_root(const Json *j)
{
        return j->nodes;
}

JsonType json_type(const JsonNode *n)
{
        return n->type;
}

const JsonNode *json_first(const JsonNode *container)
{
        return container->type == JSON_ARRAY || container->type == JSON_OBJECT ? container->first
                                                                               : NULL;
}

const JsonNode *json_next(const JsonNode *n)
{
        return n->next;
}

const char *json_name(const JsonNode *n)
{
        return n->name;
}

const JsonNode *json_get(const JsonNode *object, const char *name)
{
        if (object->type != JSON_OBJECT) {
                return NULL;
        }
        for (const JsonNode *n = object->first; n; n = n->next) {
                if (streq(n->name, name)) {
                        return n;
                }
        }
        return NULL;
}

const char *json_string(const JsonNode *n)
{
        assert(n->type == JSON_STRING);
        return n->string;
}

int64_t json_integer(const JsonNode *n)
{
        assert(n->type == JSON_INTEGER);
        return n->integer;
}

bool json_boolean(const JsonNode *n)
{
        assert(n->type == JSON_BOOLEAN);
        return n->boolean;
}
