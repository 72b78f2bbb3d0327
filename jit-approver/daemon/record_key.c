/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record's key. MUST: never leave the state folder, never be half written. */

#include "jit-approver/daemon/record_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

#define KEY_FILE "record.key"
#define SIGNATURE_SIZE 64

static int read_key(int folder, RecordKey *ret)
{
        _cleanup_(closep) int fd = openat(folder, KEY_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        unsigned char bytes[sizeof(ret->bytes) + 1];
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077)) {
                return -EPERM;
        }
        ssize_t n = read(fd, bytes, sizeof(bytes));
        bool good = n == (ssize_t) sizeof(ret->bytes);
        if (good) {
                memcpy(ret->bytes, bytes, sizeof(ret->bytes));
        }
        explicit_bzero(bytes, sizeof(bytes));
        return good ? 0 : n < 0 ? -errno : -EBADMSG;
}

/* Under another name first: half a key would be one that signed nothing. */
static int make_key(int folder, RecordKey *ret)
{
        _cleanup_(closep) int fd = openat(folder, KEY_FILE ".new",
                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0) {
                return -errno;
        }
        int r = random_bytes(ret->bytes, sizeof(ret->bytes));
        if (r < 0) {
                return r;
        }
        ssize_t n = write(fd, ret->bytes, sizeof(ret->bytes));
        if (n != (ssize_t) sizeof(ret->bytes)) {
                return n < 0 ? -errno : -ENOSPC;
        }
        if (fchmod(fd, 0600) < 0 || fsync(fd) < 0 ||
                renameat(folder, KEY_FILE ".new", folder, KEY_FILE) < 0 || fsync(folder) < 0) {
                return -errno;
        }
        return 0;
}

static void pkey_freep(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

static void context_freep(EVP_MD_CTX **context)
{
        EVP_MD_CTX_free(*context);
}

static EVP_PKEY *private_key(const RecordKey *k)
{
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->bytes, sizeof(k->bytes));
}

/* The public half, which is reckoned from the private one. */
static int reckon_public(RecordKey *k)
{
        _cleanup_(pkey_freep) EVP_PKEY *key = private_key(k);
        unsigned char bytes[32];
        size_t n = sizeof(bytes);

        if (!key || EVP_PKEY_get_raw_public_key(key, bytes, &n) != 1 || n != sizeof(bytes)) {
                return -EIO;
        }
        hex_encode(bytes, n, k->public_hex);
        k->set = true;
        return 0;
}

int record_key_open(const char *dir, RecordKey *ret)
{
        _cleanup_(closep) int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        *ret = (RecordKey){ 0 };
        if (folder < 0) {
                return -errno;
        }
        int r = read_key(folder, ret);
        if (r == -ENOENT) {
                r = make_key(folder, ret);
        }
        if (r >= 0) {
                r = reckon_public(ret);
        }
        if (r < 0) {
                record_key_done(ret);
        }
        return r;
}

void record_key_done(RecordKey *k)
{
        explicit_bzero(k, sizeof(*k));
}

int record_key_sign(
        const RecordKey *k, const char *message, char ret[static RECORD_SIGNATURE_HEX_SIZE])
{
        _cleanup_(pkey_freep) EVP_PKEY *key = k->set ? private_key(k) : NULL;
        _cleanup_(context_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
        unsigned char signature[SIGNATURE_SIZE];
        size_t n = sizeof(signature);

        if (!k->set) {
                return -ENOKEY;
        }
        if (!key || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
                EVP_DigestSign(context, signature, &n, (const unsigned char *) message,
                        strlen(message)) != 1 ||
                n != sizeof(signature)) {
                return -EIO;
        }
        hex_encode(signature, n, ret);
        return 0;
}

/* Ed25519 is deterministic: the same key signs the same message in one way only. */
bool record_key_signed(const RecordKey *k, const char *message, const char *signature)
{
        char right[RECORD_SIGNATURE_HEX_SIZE];

        return record_key_sign(k, message, right) >= 0 && streq(signature, right);
}
