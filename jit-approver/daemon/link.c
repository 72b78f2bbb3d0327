/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Links and their key. MUST: bind the request's digest, so that what was shown is what is granted
 * (hazard H-69); keep apart what the key is used for, so that no MAC passes for another's.
 */

#include "jit-approver/daemon/link.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "common/util.h"
#include "jit-approver/daemon/keyfile.h"

#define KEY_FILE "link.key"
#define MAC_SIZE 16 /* bytes that are shown of the 32 */

int link_key_open(const char *dir, LinkKey *ret)
{
        *ret = (LinkKey){ 0 };
        int r = keyfile_open(dir, KEY_FILE, ret->bytes);

        ret->set = r >= 0;
        return r;
}

void link_key_done(LinkKey *k)
{
        explicit_bzero(k, sizeof(*k));
}

static void base64url(const unsigned char *bytes, size_t n, char *out)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint32_t held = 0;
        unsigned bits = 0;

        for (size_t i = 0; i < n; i++) {
                held = held << 8 | bytes[i];
                for (bits += 8; bits >= 6; bits -= 6) {
                        *out++ = digits[held >> (bits - 6) & 63];
                }
        }
        if (bits > 0) {
                *out++ = digits[held << (6 - bits) & 63];
        }
        *out = '\0';
}

/* HMAC-SHA256 (RFC 2104) of words that each end with a NUL, so that no two lists share their bytes. */
static int mac(
        const LinkKey *k, const char *const *words, size_t n, char ret[static LINK_MAC_LENGTH + 1])
{
        unsigned char message[1024], whole[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        size_t used = 0;

        if (!k->set) {
                return -ENOKEY;
        }
        for (size_t i = 0; i < n; i++) {
                size_t length = strlen(words[i]) + 1;
                if (length > sizeof(message) - used) {
                        return -EMSGSIZE;
                }
                memcpy(message + used, words[i], length);
                used += length;
        }
        if (!HMAC(EVP_sha256(), k->bytes, sizeof(k->bytes), message, used, whole, &size) ||
                size < MAC_SIZE) {
                return -EIO;
        }
        base64url(whole, MAC_SIZE, ret);
        explicit_bzero(whole, sizeof(whole));
        return 0;
}

int link_token(const LinkKey *k, const Request *r, const char *approver, const char *channel,
        char ret[static LINK_TOKEN_SIZE])
{
        const char *words[] = { "link-v1", r->id.text, r->digest, approver ? "personal" : "shared",
                str_or(approver, ""), channel };

        (void) snprintf(ret, LINK_TOKEN_SIZE, "%.4s%.4s-", r->id.text, r->id.text + 5);
        return mac(k, words, ELEMENTSOF(words), ret + 9);
}

int link_request(const char *token, Id *ret)
{
        char id[9];

        if (strlen(token) != LINK_TOKEN_LENGTH || token[8] != '-') {
                return -EINVAL;
        }
        (void) snprintf(id, sizeof(id), "%.8s", token);
        return id_parse(id, ret);
}

bool link_equal(const char *a, const char *b)
{
        size_t n = strlen(b);

        return strlen(a) == n && bytes_equal_secret(a, b, n);
}

int link_form(const LinkKey *k, const char *token, char ret[static LINK_MAC_LENGTH + 1])
{
        const char *words[] = { "form-v1", token };

        return mac(k, words, ELEMENTSOF(words), ret);
}

int link_delivery(const LinkKey *k, int64_t id, char ret[static LINK_MAC_LENGTH + 1])
{
        char number[24];
        const char *words[] = { "delivery-v1", number };

        (void) snprintf(number, sizeof(number), "%" PRId64, id);
        return mac(k, words, ELEMENTSOF(words), ret);
}
