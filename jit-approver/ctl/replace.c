/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: whenever it is killed, the path names one whole file or the other. Linux-PAM never opens a name
 * that begins with a dot, so what is left of a try does no harm; the next one clears it away.
 */

#include "jit-approver/ctl/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/util.h"

#define FILE_MAX ((size_t) 1024 * 1024)
#define NAMES_MAX 4096
#define VALUE_MAX 65536

static int copy_attribute(int from, int to, const char *name, void *value)
{
        ssize_t n = fgetxattr(from, name, value, VALUE_MAX);

        if (n < 0) {
                return -errno;
        }
        return fsetxattr(to, name, value, (size_t) n, 0) < 0 ? -errno : 0;
}

static int copy_attributes(int from, int to)
{
        char names[NAMES_MAX];
        _cleanup_(freep) void *value = malloc(VALUE_MAX);
        ssize_t n = flistxattr(from, names, sizeof(names));

        if (!value) {
                return -ENOMEM;
        }
        if (n < 0) {
                return errno == ENOTSUP ? 0 : -errno;
        }
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                int r = copy_attribute(from, to, name, value);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int make_alike(int fd, int like)
{
        struct stat st = { .st_mode = 0644 };

        if (like >= 0 && fstat(like, &st) < 0) {
                return -errno;
        }
        if (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0) {
                return -errno;
        }
        return like >= 0 ? copy_attributes(like, fd) : 0;
}

static int write_all(int fd, const char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);
                if (n < 0 && errno != EINTR) {
                        return -errno;
                }
                text += MAX(n, (ssize_t) 0);
                left -= (size_t) MAX(n, (ssize_t) 0);
        }
        return 0;
}

/* The folder of a path, and the name in it. */
static int open_folder(const char *path, const char **ret_name, int *ret)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(freep) char *folder = slash ? strndup(path, (size_t) (slash - path)) : NULL;

        if (!slash) {
                return -EINVAL;
        }
        if (!folder) {
                return -ENOMEM;
        }
        int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                return -errno;
        }
        *ret_name = slash + 1;
        *ret = fd;
        return 0;
}

static int write_beside(int folder, const char *name, const char *text, int like)
{
        _cleanup_(closep) int fd = -1;

        if (unlinkat(folder, name, 0) < 0 && errno != ENOENT) {
                return -errno;
        }
        fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
                return -errno;
        }
        int r = write_all(fd, text);
        if (r >= 0) {
                r = make_alike(fd, like);
        }
        if (r >= 0 && fsync(fd) < 0) {
                r = -errno;
        }
        return r;
}

int replace_file(const char *path, const char *text, int like)
{
        _cleanup_(closep) int folder = -1;
        _cleanup_(freep) char *beside = NULL;
        const char *name;

        int r = open_folder(path, &name, &folder);
        if (r >= 0) {
                r = str_printf(&beside, ".%s.jit-new", name);
        }
        if (r < 0) {
                return r;
        }
        r = write_beside(folder, beside, text, like);
        if (r >= 0 && renameat(folder, beside, folder, name) < 0) {
                r = -errno;
        }
        if (r < 0) {
                (void) unlinkat(folder, beside, 0);
                return r;
        }
        return fsync(folder) < 0 ? -errno : 0;
}

void replace_clear(const char *path)
{
        _cleanup_(closep) int folder = -1;
        _cleanup_(freep) char *beside = NULL;
        const char *name;

        if (open_folder(path, &name, &folder) >= 0 &&
                str_printf(&beside, ".%s.jit-new", name) >= 0) {
                (void) unlinkat(folder, beside, 0);
        }
}

int remove_file(const char *path)
{
        _cleanup_(closep) int folder = -1;
        const char *name;

        int r = open_folder(path, &name, &folder);
        if (r < 0) {
                return r == -ENOENT ? 0 : r;
        }
        if (unlinkat(folder, name, 0) < 0 && errno != ENOENT) {
                return -errno;
        }
        return fsync(folder) < 0 ? -errno : 0;
}

int load_file(const char *path, char **ret, int *ret_fd)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        size_t size;

        if (fd < 0) {
                return -errno;
        }
        if (fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                return -EINVAL;
        }
        int r = read_file(fd, FILE_MAX, ret, &size);
        if (r >= 0 && ret_fd) {
                *ret_fd = TAKE_FD(fd);
        }
        return r;
}
