/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The key that signs the checkpoints behind which the record is pruned: Ed25519 (RFC 8032). Nobody but
 * the approver holds it; whoever noted its public half once can tell its checkpoints from another's.
 */

#include "common/macro.h"

#define RECORD_KEY_HEX_SIZE 65        /* the public half, 64 lower-case hex digits */
#define RECORD_SIGNATURE_HEX_SIZE 129 /* 128 of them */

typedef struct RecordKey {
        unsigned char bytes[32]; /* the private half */
        char public_hex[RECORD_KEY_HEX_SIZE];
        bool set; /* without it nothing is signed, and so nothing is pruned */
} RecordKey;

/*
 * Reads dir/record.key, or makes it (0600, getrandom(2)) when it is not there: whoever deletes it has a
 * new key made, which nobody noted. -EPERM: it is another's or others may read it; -EBADMSG: not 32 bytes.
 */
int record_key_open(const char *dir, RecordKey *ret);
void record_key_done(RecordKey *k);

/* -ENOKEY without a key, -EIO when libcrypto fails. */
int record_key_sign(
        const RecordKey *k, const char *message, char ret[static RECORD_SIGNATURE_HEX_SIZE]);
/* Whether this very key signed the message. */
bool record_key_signed(const RecordKey *k, const char *message, const char *signature);
