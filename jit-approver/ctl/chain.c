/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts nobody: the rows come from the approver that is being verified, or from a file. SHA-256 is
 * libcrypto's, not the daemon's: an auditor's tool shares as little as it can with what it audits.
 */

#include "jit-approver/ctl/chain.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"

#define SIGNATURE_HEX 128

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

void chain_done(Chain *c)
{
        free(TAKE_PTR(c->first_canonical));
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

/* --- checkpoints ------------------------------------------------------------------------------------ */

/* Ed25519 (RFC 8032). */
static bool is_signed(const char *message, const char *key_hex, const char *signature_hex)
{
        unsigned char key[32], signature[SIGNATURE_HEX / 2];

        if (strlen(key_hex) != 2 * sizeof(key) || strlen(signature_hex) != SIGNATURE_HEX ||
                hex_decode(key_hex, key, sizeof(key)) < 0 ||
                hex_decode(signature_hex, signature, sizeof(signature)) < 0) {
                return false;
        }
        EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof(key));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good = pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
                    EVP_DigestVerify(context, signature, sizeof(signature),
                            (const unsigned char *) message, strlen(message)) == 1;
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(pkey);
        return good;
}

/* The bytes that a checkpoint signs; see jitctl(1). The caller frees. */
static char *signed_message(const JsonNode *data)
{
        char *text = NULL;

        return must(str_printf(&text,
                            "pam-jit checkpoint 1\n"
                            "upto %lld\nhash %s\ncount %lld\nfirst %s\nlast %s\n",
                            (long long) node_integer(data, "upto", 0),
                            str_or(node_text(data, "hash"), ""),
                            (long long) node_integer(data, "count", 0),
                            str_or(node_text(data, "first"), ""),
                            str_or(node_text(data, "last"), "")) < 0
                            ? NULL
                            : text);
}

/* Whether the first row follows from what the checkpoint says was before it. */
static void chain_attest(Chain *c, const JsonNode *row, const JsonNode *data)
{
        const char *before = node_text(data, "hash"), *key = node_text(data, "key");
        char expected[CHAIN_HASH_SIZE];

        if (!chain_digest(before, c->first_canonical, expected) ||
                !streq(expected, c->first_hash)) {
                chain_fail(c, "row %lld does not follow from what the checkpoint in row %lld signs",
                        (long long) c->first, (long long) node_integer(row, "seq", -1));
                return;
        }
        free(TAKE_PTR(c->first_canonical));
        c->attested = node_integer(data, "upto", 0);
        memcpy(c->attested_key, key, CHAIN_HASH_SIZE);
        (void) snprintf(c->attested_time, sizeof(c->attested_time), "%s",
                str_or(node_text(row, "time"), "?"));
        c->anchor_seen = c->anchor_seen || (c->anchor && streq(before, c->anchor));
}

/* Each that there is must be genuine, also one that a later one made pointless. */
static void chain_checkpoint(Chain *c, const JsonNode *row)
{
        const JsonNode *data = node_object(row, "data");
        const char *key = data ? node_text(data, "key") : NULL;
        const char *before = data ? node_text(data, "hash") : NULL;
        const char *signature = data ? node_text(data, "signature") : NULL;
        int64_t upto = data ? node_integer(data, "upto", 0) : 0;

        if (!key || !signature || !before || !chain_is_hash(before) || !chain_is_hash(key) ||
                upto < 1 || upto >= node_integer(row, "seq", -1)) {
                chain_fail(c, "row %lld is no checkpoint, though it says so",
                        (long long) node_integer(row, "seq", -1));
                return;
        }
        _cleanup_(freep) char *message = signed_message(data);
        if (!is_signed(message, key, signature)) {
                chain_fail(c, "the signature of the checkpoint in row %lld is wrong",
                        (long long) node_integer(row, "seq", -1));
        } else if (c->key && !streq(key, c->key)) {
                chain_fail(c, "the checkpoint in row %lld was signed by another key, %s",
                        (long long) node_integer(row, "seq", -1), key);
        } else if (c->first_canonical && upto == c->first - 1) {
                chain_attest(c, row, data);
        }
}

/* --- rows ------------------------------------------------------------------------------------------- */

/* The first row of all, or of what is left; then its hash is believed until a checkpoint attests it. */
static void chain_begin(Chain *c, int64_t seq, const char *hash, const char *canonical)
{
        c->first = seq;
        if (seq > 1 && hash && canonical && chain_is_hash(hash)) {
                c->first_canonical = must(strdup(canonical));
                memcpy(c->first_hash, hash, sizeof(c->first_hash));
                c->seq = seq - 1;
        }
}

/* The hash that the row should have. */
static bool chain_expect(const Chain *c, const char *canonical, char ret[static CHAIN_HASH_SIZE])
{
        if (c->seq > 0 && c->seq == c->first - 1) {
                memcpy(ret, c->first_hash, CHAIN_HASH_SIZE);
                return true;
        }
        return chain_digest(c->hash, canonical, ret);
}

void chain_add(Chain *c, const JsonNode *row)
{
        const char *hash = node_text(row, "hash"), *canonical = node_text(row, "canonical");
        const char *event = node_text(row, "event");
        int64_t seq = node_integer(row, "seq", -1);
        char expected[CHAIN_HASH_SIZE];

        if (*c->problem) {
                return;
        }
        if (c->first == 0) {
                chain_begin(c, seq, hash, canonical);
        }
        if (seq != c->seq + 1) {
                chain_fail(c, "row %lld is missing", (long long) c->seq + 1);
        } else if (!hash || !canonical) {
                chain_fail(c, "row %lld has no hash or no canonical bytes", (long long) seq);
        } else if (!chain_expect(c, canonical, expected)) {
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
                if (event && streq(event, "audit.checkpoint")) {
                        chain_checkpoint(c, row);
                }
        }
}

/* An anchor that did not occur: pruned, as somebody signs, or gone. */
static void chain_miss_anchor(Chain *c)
{
        if (c->anchor_seq > 0 && c->anchor_seq <= c->attested) {
                c->anchor_pruned = true;
        } else if (c->anchor_seq == 0 && c->attested > 0) {
                chain_fail(c,
                        "the anchor is not in it: it is of a row up to %lld, which were pruned "
                        "(the checkpoint of %s covers them), or the end was cut off, or all was "
                        "written anew; an anchor with its row's number, NUMBER:HASH, tells",
                        (long long) c->attested, c->attested_time);
        } else {
                chain_fail(c,
                        "the anchor is not in the record: its end was cut off, or all of it was "
                        "written anew");
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
        } else if (c->first_canonical) {
                chain_fail(c,
                        "row %lld is missing, and no checkpoint says that the rows up to %lld were "
                        "pruned",
                        (long long) c->first - 1, (long long) c->first - 1);
        } else if (c->anchor && !c->anchor_seen) {
                chain_miss_anchor(c);
        }
}
