/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: what a header says is read from its end, where our own proxies wrote, and no further than one of them. */

#include "jit-approver/gateway/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static Address address_v4(const void *four)
{
        Address a = { .known = true };

        memcpy(a.bytes, v4_prefix, sizeof(v4_prefix));
        memcpy(a.bytes + sizeof(v4_prefix), four, 4);
        return a;
}

static Address address_v6(const void *sixteen)
{
        Address a = { .known = true };

        memcpy(a.bytes, sixteen, sizeof(a.bytes));
        return a;
}

Address address_of(const struct sockaddr *sa)
{
        struct sockaddr_in in;
        struct sockaddr_in6 in6;

        if (sa && sa->sa_family == AF_INET) {
                memcpy(&in, sa, sizeof(in));
                return address_v4(&in.sin_addr);
        }
        if (sa && sa->sa_family == AF_INET6) {
                memcpy(&in6, sa, sizeof(in6));
                return address_v6(&in6.sin6_addr);
        }
        return (Address){ 0 };
}

/* "[::1]:80" and "10.0.0.1:80" without what is not the address. */
static void strip_port(const char **s, size_t *n)
{
        const char *colon = memchr(*s, ':', *n);

        if (*n > 0 && **s == '[') {
                const char *end = memchr(*s, ']', *n);

                *n = end ? (size_t) (end - *s) - 1 : 0;
                *s += 1;
        } else if (colon && !memchr(colon + 1, ':', *n - (size_t) (colon + 1 - *s))) {
                *n = (size_t) (colon - *s);
        }
}

int address_parse(const char *s, size_t n, Address *ret)
{
        char text[INET6_ADDRSTRLEN];
        uint8_t bytes[16];

        strip_port(&s, &n);
        if (n == 0 || n >= sizeof(text)) {
                return -EINVAL;
        }
        memcpy(text, s, n);
        text[n] = '\0';
        if (inet_pton(AF_INET, text, bytes) == 1) {
                *ret = address_v4(bytes);
                return 0;
        }
        if (inet_pton(AF_INET6, text, bytes) == 1) {
                *ret = address_v6(bytes);
                return 0;
        }
        return -EINVAL;
}

static bool is_v4(const Address *a)
{
        return memcmp(a->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool address_same(const Address *a, const Address *b)
{
        size_t n = is_v4(a) || is_v4(b) ? sizeof(a->bytes) : 8;

        if (!a->known || !b->known) {
                return a->known == b->known;
        }
        return memcmp(a->bytes, b->bytes, n) == 0;
}

bool address_is_loopback(const Address *a)
{
        static const uint8_t one[16] = { [15] = 1 };

        return a->known &&
               (is_v4(a) ? a->bytes[12] == 127 : memcmp(a->bytes, one, sizeof(one)) == 0);
}

bool address_in(const Address *a, char *const *list)
{
        Address other;

        for (; a->known && list && *list; list++) {
                if (address_parse(*list, strlen(*list), &other) >= 0 &&
                        memcmp(a->bytes, other.bytes, sizeof(a->bytes)) == 0) {
                        return true;
                }
        }
        return false;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

Address address_forwarded(const Address *peer, const char *forwarded, char *const *trusted)
{
        const char *end = forwarded ? forwarded + strlen(forwarded) : NULL;
        Address client = *peer;

        while (forwarded && end > forwarded) {
                const char *from = end;

                while (from > forwarded && from[-1] != ',') {
                        from--;
                }
                const char *word = from;
                while (word < end && is_blank(*word)) {
                        word++;
                }
                while (end > word && is_blank(end[-1])) {
                        end--;
                }
                if (address_parse(word, (size_t) (end - word), &client) < 0 ||
                        !address_in(&client, trusted)) {
                        break;
                }
                end = from > forwarded ? from - 1 : from;
        }
        return client;
}
