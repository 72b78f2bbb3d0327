/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Small strict helpers over libc. Everything here returns 0 or a negative errno, leaves its output
 * untouched on failure, and keeps no state.
 */

#include <string.h>
#include <sys/types.h>

#include "common/macro.h"

#define UID_UNSET ((uid_t) -1)
#define GID_UNSET ((gid_t) -1)

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}
static inline bool str_empty(const char *s)
{
        return !s || !*s;
}
static inline const char *str_or(const char *s, const char *fallback)
{
        return s ? s : fallback;
}

/* Decimal digits only: no sign, no space, no leading zero but "0" itself. -EINVAL, -ERANGE. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);
/* A uid or gid as digits; refuses the two reserved values 2^32-1 and 65535 (see uid_t in systemd's UIDS-GIDS). */
int parse_uid(const char *s, uid_t *ret);
/* Whether a peer's uid can be a real account: not -1 and not the overflow uid 65534 (user_namespaces(7)). */
bool uid_is_mapped(uid_t uid);

/* Cleanup functions for locals. */
void freep(void *p);  /* of any pointer */
void closep(int *fd); /* of an fd, -1 is nothing; saves errno */
void strv_freep(char ***strv);

/* Overwrites a string so that the compiler cannot leave it out, frees it, returns NULL. */
char *erase_free(char *s);
/* The same of n bytes that are no string. */
void *erase_free_bytes(void *p, size_t n);
/* realloc(3) of n bytes to size, of which nothing stays behind. NULL: out of memory, p is as it was. */
void *erase_realloc(void *p, size_t n, size_t size);
void erase_freep(char **s);

/* Frees every string of a NULL-ended list and the list; returns NULL. */
char **strv_free(char **strv);
size_t strv_length(char *const *strv);
/* Appends a copy of s. -ENOMEM. */
int strv_add(char ***strv, const char *s);

/* printf into memory that the caller frees. -ENOMEM. */
int str_printf(char **ret, const char *format, ...) _printf_(2, 3);

/* Lower-case hex of n bytes into out[2*n+1]. */
void hex_encode(const void *data, size_t n, char *out);
/* Exactly 2*n hex digits of either case. -EINVAL. */
int hex_decode(const char *hex, void *out, size_t n);

/* n bytes from getrandom(2), never short. */
int random_bytes(void *out, size_t n);

/* memcmp in time that depends on n alone. */
bool bytes_equal_secret(const void *a, const void *b, size_t n);

/*
 * Opens a configuration file as its guardian must: regular, not a symlink, owned by root (or by the
 * caller's own euid, for tests), writable by nobody else. -EPERM says the mode or owner is wrong.
 */
int open_trusted(int dir_fd, const char *path);

/* Reads at most max bytes of fd, NUL-terminated. -EFBIG when there is more, -EBADMSG for a NUL inside. */
int read_file(int fd, size_t max, char **ret, size_t *ret_size);
