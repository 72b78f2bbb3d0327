/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/ctl/root.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define FILE_MAX ((size_t) 1024 * 1024)

int root_open(int root_fd, const char *path, int flags)
{
        struct open_how how = {
                .flags = (uint64_t) (flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        if (root_fd == ROOT_HERE) {
                fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        } else {
                if (flags & O_PATH) { /* openat2 is strict: it takes nothing beside it */
                        how.flags = O_PATH | O_CLOEXEC;
                }
                fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        }
        return fd < 0 ? -errno : (int) fd;
}

int root_stat(int root_fd, const char *path, struct stat *ret)
{
        _cleanup_(closep) int fd = root_open(root_fd, path, O_PATH);

        if (fd < 0) {
                return fd;
        }
        return fstat(fd, ret) < 0 ? -errno : 0;
}

uint64_t root_capabilities(int root_fd, const char *path)
{
        _cleanup_(closep) int fd = root_open(root_fd, path, O_PATH);
        struct vfs_ns_cap_data data = { 0 };
        char link[64];

        if (fd < 0) {
                return 0;
        }
        (void) snprintf(
                link, sizeof(link), "/proc/self/fd/%d", fd); /* O_PATH reads no attributes */
        if (getxattr(link, "security.capability", &data, sizeof(data)) <
                (ssize_t) XATTR_CAPS_SZ_2) {
                return 0;
        }
        return le32toh(data.data[0].permitted) | (uint64_t) le32toh(data.data[1].permitted) << 32;
}

int root_read(int root_fd, const char *path, char **ret)
{
        _cleanup_(closep) int fd = root_open(root_fd, path, O_RDONLY);
        struct stat st;
        size_t size;

        if (fd < 0) {
                return fd;
        }
        if (fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                if (S_ISCHR(st.st_mode)) { /* a link to /dev/null */
                        *ret = must(strdup(""));
                        return 0;
                }
                return -EISDIR;
        }
        return read_file(fd, FILE_MAX, ret, &size);
}

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int root_list(int root_fd, const char *path, char ***ret)
{
        _cleanup_(closedirp) DIR *d = NULL;
        char **names = NULL;
        int fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY);

        if (fd < 0) {
                return fd;
        }
        d = fdopendir(fd);
        if (!d) {
                int r = -errno;
                (void) close(fd);
                return r;
        }
        for (struct dirent *e = readdir(d); e; e = readdir(d)) {
                if (e->d_name[0] != '.' && strv_add(&names, e->d_name) < 0) {
                        (void) must(NULL);
                }
        }
        if (names) {
                qsort(names, strv_length(names), sizeof(*names), compare);
        }
        *ret = names;
        return 0;
}
