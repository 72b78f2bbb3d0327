/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads secrets. MUST: no copy of one stays behind, and none is in a message. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "jit-approver/gateway/credential.h"

#define PREFIX "whsec_"

bool credential_name_ok(const char *name)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_.";

        return *name && *name != '.' && strlen(name) <= 255 &&
               strspn(name, letters) == strlen(name);
}

int credential_read(const char *folder, const char *name, char **ret)
{
        _cleanup_(erase_freep) char *text = NULL;
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;
        struct stat st;
        size_t size;
        int r;

        if (*name != '/' && !credential_name_ok(name)) {
                return -EINVAL;
        }
        if (*name != '/' && !folder) {
                return -ENOKEY;
        }
        r = *name == '/' ? str_printf(&path, "%s", name) : str_printf(&path, "%s/%s", folder, name);
        if (r < 0) {
                return r;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                return -EBADFD;
        }
        r = read_file(fd, CREDENTIAL_MAX, &text, &size);
        if (r < 0) {
                return r;
        }
        while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) {
                text[--size] = '\0';
        }
        *ret = TAKE_PTR(text);
        return 0;
}

static int base64_value(char c)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* Padding may be left out, but is not anything else. -EINVAL. */
static int base64_decode(const char *s, char *out, size_t max, size_t *ret_size)
{
        unsigned bits = 0, n_bits = 0;
        size_t n = strlen(s), size = 0;

        if (n % 4 == 0) {
                for (int padding = 0; padding < 2 && n > 0 && s[n - 1] == '='; padding++) {
                        n--;
                }
        }
        for (size_t i = 0; i < n; i++) {
                int value = base64_value(s[i]);

                if (value < 0) {
                        return -EINVAL;
                }
                bits = bits << 6 | (unsigned) value;
                n_bits += 6;
                if (n_bits >= 8) {
                        if (size == max) {
                                return -EINVAL;
                        }
                        n_bits -= 8;
                        out[size++] = (char) (bits >> n_bits);
                        bits &= (1U << n_bits) - 1;
                }
        }
        if (n_bits >= 6 || bits != 0) {
                return -EINVAL;
        }
        *ret_size = size;
        return 0;
}

int credential_secret(const char *text, char **ret, size_t *ret_size)
{
        char *bytes;
        size_t size;
        int r;

        if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) {
                return -EINVAL;
        }
        bytes = calloc(1, SECRET_MAX);
        if (!bytes) {
                return -ENOMEM;
        }
        r = base64_decode(text + strlen(PREFIX), bytes, SECRET_MAX, &size);
        if (r < 0 || size < SECRET_MIN) {
                erase_free_bytes(bytes, SECRET_MAX);
                return -EINVAL;
        }
        *ret = bytes;
        *ret_size = size;
        return 0;
}
