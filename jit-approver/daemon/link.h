/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Links: what stands behind /r/ in one. A link names its request and proves, by a MAC under a key that
 * nobody but the approver holds, for whom and for which channel it was made. It is reckoned anew
 * whenever one comes back, and kept nowhere: neither here nor in a log (hazards H-62, H-63).
 */

#include "jit-approver/domain/request.h"

/* "K7QF2M9D-" and 128 bits of the MAC in base64url (RFC 4648, section 5, no padding). */
#define LINK_MAC_LENGTH 22
#define LINK_TOKEN_LENGTH (8 + 1 + LINK_MAC_LENGTH)
#define LINK_TOKEN_SIZE (LINK_TOKEN_LENGTH + 1)

typedef struct LinkKey {
        unsigned char bytes[32];
        bool set; /* without it there are no links, and none is genuine */
} LinkKey;

/*
 * Reads dir/link.key, or makes it (0600, getrandom(2)) when it is not there: whoever deletes it makes
 * all links void. -EPERM: it is another's or others may read it; -EBADMSG: not 32 bytes.
 */
int link_key_open(const char *dir, LinkKey *ret);
void link_key_done(LinkKey *k);

/*
 * The token for an approver by a channel. approver NULL: for a shared audience; it identifies the
 * request and confers nothing. -EIO when libcrypto fails, -ENOKEY without a key.
 */
int link_token(const LinkKey *k, const Request *r, const char *approver, const char *channel,
        char ret[static LINK_TOKEN_SIZE]);
/* The request that a token names, whether it is genuine or not. -EINVAL: it is no token. */
int link_request(const char *token, Id *ret);
/* Whether two tokens are the same, in time that does not tell how far. */
bool link_equal(const char *a, const char *b);

/* The anti-forgery value of the page that such a token shows: likewise a MAC. */
int link_form(const LinkKey *k, const char *token, char ret[static LINK_MAC_LENGTH + 1]);
/* What a delivery is called to its receiver: the same on every try, and no other's. */
int link_delivery(const LinkKey *k, int64_t id, char ret[static LINK_MAC_LENGTH + 1]);
