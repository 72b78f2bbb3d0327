/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a client is, as far as limits go: an IPv4 address, or the first half of an IPv6 one, because
 * one subscriber has all of the rest. Zeroed memory is "not known": all of these count as one.
 */

#include <sys/socket.h>

#include "common/util.h"

typedef struct Address {
        uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
        bool known;
} Address;

/* NULL and other families than IP: not known. */
Address address_of(const struct sockaddr *sa);
/* Numeric, alone; brackets and a port behind it are taken off, as some proxies write them. -EINVAL. */
int address_parse(const char *s, size_t n, Address *ret);
/* The same client, for limits. */
bool address_same(const Address *a, const Address *b);
bool address_is_loopback(const Address *a);
/* Whether it is one of a NULL-ended list of numeric addresses; all of it counts here. */
bool address_in(const Address *a, char *const *list);
/*
 * Who is behind the proxies: the last address of an X-Forwarded-For (may be NULL) that is not itself a
 * trusted one, or the last that could be read. peer is whom we talk to, and trusted already.
 */
Address address_forwarded(const Address *peer, const char *forwarded, char *const *trusted);
