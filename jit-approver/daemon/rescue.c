/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rescue codes. MUST: leave no code in memory behind but where the caller wanted it. */

#include "jit-approver/daemon/rescue.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "common/util.h"
#include "jit-approver/daemon/keyfile.h"

#define KEY_FILE "rescue.key"
#define GROUP 4

/* What ids are made of: nothing that is mistaken for another, on paper or over a telephone. */
static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

/* What the key is used for stands before it, so that no MAC passes for another's. */
static int mac_hex(
        const RescueKey *k, const char *use, const char *text, char ret[static DIGEST_HEX_SIZE])
{
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        char whole[64];

        size_t size = (size_t) snprintf(whole, sizeof(whole), "%s\n%s", use, text);
        bool ok = HMAC(EVP_sha256(), k->bytes, sizeof(k->bytes), (unsigned char *) whole, size, mac,
                          &n) &&
                  n == DIGEST_SIZE;
        if (ok) {
                hex_encode(mac, DIGEST_SIZE, ret);
        }
        explicit_bzero(whole, sizeof(whole));
        explicit_bzero(mac, sizeof(mac));
        return ok ? 0 : -EIO;
}

int rescue_key_open(const char *dir, RescueKey *ret)
{
        *ret = (RescueKey){ 0 };
        int r = keyfile_open(dir, KEY_FILE, ret->bytes);
        if (r >= 0) {
                r = mac_hex(ret, "pam-jit rescue key", "", ret->name);
        }
        ret->set = r >= 0;
        return r;
}

void rescue_key_done(RescueKey *k)
{
        explicit_bzero(k, sizeof(*k));
}

/* Places the i-th character, with the dash before each group but the first. */
static void code_put(char *code, size_t i, char c)
{
        if (i > 0 && i % GROUP == 0) {
                code[i + i / GROUP - 1] = '-';
        }
        code[i + i / GROUP] = c;
}

int rescue_code_new(char ret[static RESCUE_CODE_SIZE])
{
        unsigned char bytes[2 * RESCUE_CODE_CHARS];
        size_t n = 0;
        int r = 0;

        memset(ret, 0, RESCUE_CODE_SIZE);
        while (r >= 0 && n < RESCUE_CODE_CHARS) {
                r = random_bytes(bytes, sizeof(bytes));
                /* As of ids: what is over thirty times eight is thrown away. */
                for (size_t i = 0; r >= 0 && i < sizeof(bytes) && n < RESCUE_CODE_CHARS; i++) {
                        if (bytes[i] < 240) {
                                code_put(ret, n++, alphabet[bytes[i] % 30]);
                        }
                }
        }
        explicit_bzero(bytes, sizeof(bytes));
        return r < 0 ? r : 0;
}

int rescue_code_parse(const char *s, char ret[static RESCUE_CODE_SIZE])
{
        size_t n = 0;

        memset(ret, 0, RESCUE_CODE_SIZE);
        for (; *s; s++) {
                char c = *s >= 'a' && *s <= 'z' ? (char) (*s - 'a' + 'A') : *s;

                if (c == '-' || c == ' ') {
                        continue;
                }
                if (n >= RESCUE_CODE_CHARS || !strchr(alphabet, c)) {
                        explicit_bzero(ret, RESCUE_CODE_SIZE);
                        return -EINVAL;
                }
                code_put(ret, n++, c);
        }
        if (n != RESCUE_CODE_CHARS) {
                explicit_bzero(ret, RESCUE_CODE_SIZE);
                return -EINVAL;
        }
        return 0;
}

int rescue_hash(const RescueKey *k, const char code[static RESCUE_CODE_SIZE],
        char ret[static DIGEST_HEX_SIZE])
{
        return k->set ? mac_hex(k, "pam-jit rescue code", code, ret) : -ENOKEY;
}
