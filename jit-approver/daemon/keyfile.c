/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys on the disk. MUST: take none that somebody else could have read or written; leave none half made. */

#include "jit-approver/daemon/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

static int read_key(int folder, const char *name, unsigned char key[static KEYFILE_SIZE])
{
        _cleanup_(closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        unsigned char bytes[KEYFILE_SIZE + 1];
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077)) {
                return -EPERM;
        }
        ssize_t n = read(fd, bytes, sizeof(bytes));
        int r = n < 0 ? -errno : n == KEYFILE_SIZE ? 0 : -EBADMSG;
        if (r >= 0) {
                memcpy(key, bytes, KEYFILE_SIZE);
        }
        explicit_bzero(bytes, sizeof(bytes));
        return r;
}

/* Under another name first: a key that is half there would make what dies with the next start. */
static int make_key(int folder, const char *name, unsigned char key[static KEYFILE_SIZE])
{
        char fresh[64];

        (void) snprintf(fresh, sizeof(fresh), "%s.new", name);
        _cleanup_(closep) int fd =
                openat(folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
                return -errno;
        }
        int r = random_bytes(key, KEYFILE_SIZE);
        if (r < 0) {
                return r;
        }
        ssize_t n = write(fd, key, KEYFILE_SIZE);
        if (n != KEYFILE_SIZE) {
                return n < 0 ? -errno : -ENOSPC;
        }
        if (fchmod(fd, 0600) < 0 || fsync(fd) < 0 || renameat(folder, fresh, folder, name) < 0 ||
                fsync(folder) < 0) {
                return -errno;
        }
        return 0;
}

int keyfile_open(const char *dir, const char *name, unsigned char key[static KEYFILE_SIZE])
{
        _cleanup_(closep) int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (folder < 0) {
                return -errno;
        }
        int r = read_key(folder, name, key);
        if (r == -ENOENT) {
                r = make_key(folder, name, key);
        }
        if (r < 0) {
                explicit_bzero(key, KEYFILE_SIZE);
        }
        return r;
}
