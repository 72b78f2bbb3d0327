/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One-time rescue codes: made here, told once, kept as nothing but a keyed hash. A code has 98 random bits,
 * which nobody guesses or searches for; so one HMAC-SHA-256 is as good as a slow hash, and its key, a file
 * beside the store, makes the store alone (a backup of it, a page of a broken disk) worth nothing.
 */

#include "jit-approver/domain/request.h"

#define RESCUE_CODE_CHARS 20
#define RESCUE_CODE_SIZE (RESCUE_CODE_CHARS + 4 + 1) /* "K7QF-2M9D-XXXX-XXXX-XXXX" */

typedef struct RescueKey {
        unsigned char bytes[32];
        bool set;                   /* without it there are no codes, and none is right */
        char name[DIGEST_HEX_SIZE]; /* tells keys apart, and nothing of them */
} RescueKey;

/* Reads dir/rescue.key, or makes it; errors as of keyfile_open(). */
int rescue_key_open(const char *dir, RescueKey *ret);
void rescue_key_done(RescueKey *k);

/* A new code; whoever has it erases it. */
int rescue_code_new(char ret[static RESCUE_CODE_SIZE]);
/* As somebody typed it: in either case, with dashes and spaces or without. -EINVAL: it cannot be one. */
int rescue_code_parse(const char *s, char ret[static RESCUE_CODE_SIZE]);
/* -ENOKEY, -EIO when libcrypto fails. */
int rescue_hash(const RescueKey *k, const char code[static RESCUE_CODE_SIZE],
        char ret[static DIGEST_HEX_SIZE]);
