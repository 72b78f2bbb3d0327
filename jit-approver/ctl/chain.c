/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts nobody: the rows come from the approver that is being verified, or from a file. SHA-256 is
 * libcrypto's, not the daemon's: an auditor's tool shares as little as it can with what it audits.
 */

#include "jit-approver/ctl/chain.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/doc.h"

/* In the order in which the canonical bytes have them. */
static const char *const members[] = { "seq", "time", "event", "request", "grant", "data" };

static void chain_fail(Chain *c, const char *format, ...) _printf_(2, 3);
static void chain_fail(Chain *c, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(c->problem, sizeof(c->problem), format, ap);
        va_end(ap);
}

bool chain_is_hash(const char *s)
{
        return strlen(s) == CHAIN_HASH_SIZE - 1 &&
               strspn(s, "0123456789abcdef") == CHAIN_HASH_SIZE - 1;
}

void chain_init(Chain *c, const char *anchor)
{
        *c = (Chain){ .anchor = anchor };
        memset(c->hash, '0', CHAIN_HASH_SIZE - 1);
}

static bool chain_digest(
        const char *before, const char *canonical, char ret[static CHAIN_HASH_SIZE])
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                    EVP_DigestUpdate(context, before, strlen(before)) == 1 &&
                    EVP_DigestUpdate(context, canonical, strlen(canonical)) == 1 &&
                    EVP_DigestFinal_ex(context, digest, &n) == 1;

        EVP_MD_CTX_free(context);
        if (good && n == (CHAIN_HASH_SIZE - 1) / 2) {
                hex_encode(digest, n, ret);
                return true;
        }
        return false;
}

static const JsonNode *member_get(const JsonNode *object, const char *name)
{
        const JsonNode *n = json_get(object, name);

        return n && json_type(n) != JSON_NULL ? n : NULL;
}

static bool member_equal(const JsonNode *a, const JsonNode *b, const char *name)
{
        const JsonNode *x = member_get(a, name), *y = member_get(b, name);

        if (!x || !y) {
                return x == y;
        }
        _cleanup_(freep) char *left = node_json(x);
        _cleanup_(freep) char *right = node_json(y);
        return streq(left, right);
}

/* Whether the members stand in their order, nothing else between, and the text is compact. */
static bool canonical_is_strict(const char *canonical, const JsonNode *object)
{
        size_t at = 0;

        for (const JsonNode *n = json_first(object); n; n = json_next(n)) {
                while (at < ELEMENTSOF(members) && !streq(json_name(n), members[at])) {
                        at++;
                }
                if (at++ >= ELEMENTSOF(members)) {
                        return false;
                }
        }
        _cleanup_(freep) char *compact = node_json(object);
        return streq(compact, canonical);
}

/* What was hashed must be what is shown, or a row could show one thing and prove another. */
static bool canonical_agrees(const char *canonical, const JsonNode *row)
{
        _cleanup_(json_freep) Json *j = NULL;

        if (json_parse(canonical, strlen(canonical), &j) < 0 ||
                json_type(json_root(j)) != JSON_OBJECT ||
                !canonical_is_strict(canonical, json_root(j))) {
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                if (!member_equal(json_root(j), row, members[i])) {
                        return false;
                }
        }
        return true;
}

void chain_add(Chain *c, const JsonNode *row)
{
        const char *hash = node_text(row, "hash"), *canonical = node_text(row, "canonical");
        int64_t seq = node_integer(row, "seq", -1);
        char expected[CHAIN_HASH_SIZE];

        if (*c->problem) {
                return;
        }
        if (seq != c->seq + 1) {
                chain_fail(c, "row %lld is missing", (long long) c->seq + 1);
        } else if (!hash || !canonical) {
                chain_fail(c, "row %lld has no hash or no canonical bytes", (long long) seq);
        } else if (!chain_digest(c->hash, canonical, expected)) {
                chain_fail(c, "SHA-256 does not work here");
        } else if (!streq(hash, expected)) {
                chain_fail(c,
                        "row %lld was altered: its hash does not follow from it and the row "
                        "before",
                        (long long) seq);
        } else if (!canonical_agrees(canonical, row)) {
                chain_fail(c, "row %lld shows other facts than were hashed", (long long) seq);
        } else {
                memcpy(c->hash, expected, sizeof(c->hash));
                c->seq = seq;
                c->anchor_seen = c->anchor_seen || (c->anchor && streq(hash, c->anchor));
        }
}

void chain_finish(Chain *c, const char *head)
{
        if (*c->problem) {
                return;
        }
        if (head && !streq(head, c->hash)) {
                chain_fail(c, "the record should end with another row than row %lld",
                        (long long) c->seq);
        } else if (c->anchor && !c->anchor_seen) {
                chain_fail(c,
                        "the anchor is not in the record: its end was cut off, or all of it was "
                        "written anew");
        }
}
