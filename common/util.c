/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The small strict helpers. What libc offers for these jobs (strtoul, isdigit, rand) takes signs,
 * spaces, locales or hidden state; these do not. Trusts nothing it is given but the pointers.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

/* Not in any header: the 16-bit uid_t's -1, which old interfaces take for "unset". */
#define UID_UNSET_16 ((uid_t) 0xFFFF)
#define UID_OVERFLOW ((uid_t) 65534)

int parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
        uint64_t value = 0;

        if (str_empty(s) || (s[0] == '0' && s[1] != '\0') || s[strspn(s, "0123456789")] != '\0') {
                return -EINVAL;
        }
        for (; *s; s++) {
                if (__builtin_mul_overflow(value, (uint64_t) 10, &value) ||
                        __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value)) {
                        return -ERANGE;
                }
        }
        if (value > max) {
                return -ERANGE;
        }
        *ret = value;
        return 0;
}

int parse_uid(const char *s, uid_t *ret)
{
        uint64_t value;
        int r;

        r = parse_u64(s, UID_UNSET, &value);
        if (r < 0) {
                return r;
        }
        if (value == UID_UNSET || value == UID_UNSET_16) {
                return -EINVAL;
        }
        *ret = (uid_t) value;
        return 0;
}

bool uid_is_mapped(uid_t uid)
{
        return uid != UID_UNSET && uid != UID_OVERFLOW;
}

void freep(void *p)
{
        free(*(void **) p);
}

void closep(int *fd)
{
        if (*fd >= 0) {
                int saved = errno;

                (void) close(*fd);
                errno = saved;
        }
}

void strv_freep(char ***strv)
{
        strv_free(*strv);
}

char *erase_free(char *s)
{
        if (s) {
                explicit_bzero(s, strlen(s));
                free(s);
        }
        return NULL;
}

void *erase_free_bytes(void *p, size_t n)
{
        if (p) {
                explicit_bzero(p, n);
                free(p);
        }
        return NULL;
}

void *erase_realloc(void *p, size_t n, size_t size)
{
        void *other = malloc(size);

        if (other && p) {
                memcpy(other, p, MIN(n, size));
                erase_free_bytes(p, n);
        }
        return other;
}

void erase_freep(char **s)
{
        erase_free(*s);
}

char **strv_free(char **strv)
{
        for (char **s = strv; s && *s; s++) {
                free(*s);
        }
        free(strv);
        return NULL;
}

size_t strv_length(char *const *strv)
{
        size_t n = 0;

        while (strv && strv[n]) {
                n++;
        }
        return n;
}

int strv_add(char ***strv, const char *s)
{
        _cleanup_(freep) char *copy = strdup(s);
        size_t n = strv_length(*strv);
        char **longer;

        if (!copy) {
                return -ENOMEM;
        }
        longer = reallocarray(*strv, n + 2, sizeof(char *));
        if (!longer) {
                return -ENOMEM;
        }
        longer[n] = TAKE_PTR(copy);
        longer[n + 1] = NULL;
        *strv = longer;
        return 0;
}

int str_printf(char **ret, const char *format, ...)
{
        char *text = NULL;
        va_list args;
        int r;

        va_start(args, format);
        r = vasprintf(&text, format, args);
        va_end(args);
        if (r < 0) {
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}

void hex_encode(const void *data, size_t n, char *out)
{
        const uint8_t *bytes = data;

        for (size_t i = 0; i < n; i++) {
                *out++ = "0123456789abcdef"[bytes[i] >> 4];
                *out++ = "0123456789abcdef"[bytes[i] & 15];
        }
        *out = '\0';
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9') {
                return c - '0';
        }
        if (c >= 'a' && c <= 'f') {
                return c - 'a' + 10;
        }
        if (c >= 'A' && c <= 'F') {
                return c - 'A' + 10;
        }
        return -EINVAL;
}

int hex_decode(const char *hex, void *out, size_t n)
{
        uint8_t *bytes = out;

        /* Looked at whole before the first byte is written: an output is untouched on failure. */
        for (size_t i = 0; i < 2 * n; i++) {
                if (hex_digit(hex[i]) < 0) {
                        return -EINVAL;
                }
        }
        if (hex[2 * n] != '\0') {
                return -EINVAL;
        }
        for (size_t i = 0; i < n; i++) {
                bytes[i] = (uint8_t) (hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
        }
        return 0;
}

int random_bytes(void *out, size_t n)
{
        uint8_t *at = out;

        while (n > 0) {
                ssize_t got = getrandom(at, n, 0);

                if (got < 0 && errno == EINTR) {
                        continue;
                }
                if (got <= 0) {
                        return got < 0 ? -errno : -EIO;
                }
                at += got;
                n -= (size_t) got;
        }
        return 0;
}

bool bytes_equal_secret(const void *a, const void *b, size_t n)
{
        const volatile uint8_t *x = a, *y = b;
        uint8_t differ = 0;

        for (size_t i = 0; i < n; i++) {
                differ |= x[i] ^ y[i];
        }
        return differ == 0;
}

int open_trusted(int dir_fd, const char *path)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;

        /* O_NONBLOCK: a FIFO put in the file's place must not hang us before fstat sees it. */
        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (fd < 0) {
                return -errno;
        }
        if (fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                return S_ISDIR(st.st_mode) ? -EISDIR : -EBADFD;
        }
        /* A POSIX ACL that lets others write shows in the group bits, which then are its mask. */
        if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH))) {
                return -EPERM;
        }
        return TAKE_FD(fd);
}

/* Fills buf with up to size bytes; fewer only at the end of the file. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
        size_t done = 0;

        while (done < size) {
                ssize_t n = read(fd, buf + done, size - done);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                if (n == 0) {
                        break;
                }
                done += (size_t) n;
        }
        return (ssize_t) done;
}

int read_file(int fd, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_(erase_freep) char *text = NULL;
        size_t size = 0, allocated = 4096;
        struct stat st;

        /* The size is a hint only: files grow, pipes have none. One more byte shows the end. */
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0) {
                allocated = MIN((uint64_t) st.st_size, (uint64_t) max) + 2;
        }
        for (;;) {
                char *bigger = realloc(text, allocated);
                ssize_t n;

                if (!bigger) {
                        return -ENOMEM;
                }
                text = bigger;
                text[size] = '\0';
                n = read_full(fd, text + size, allocated - size - 1);
                if (n < 0) {
                        return (int) n;
                }
                size += (size_t) n;
                text[size] = '\0';
                if (size > max) {
                        return -EFBIG;
                }
                if (size < allocated - 1) {
                        break;
                }
                allocated *= 2;
        }
        if (memchr(text, '\0', size)) {
                return -EBADMSG;
        }
        *ret = TAKE_PTR(text);
        if (ret_size) {
                *ret_size = size;
        }
        return 0;
}
