/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of pam.d, read for stack.c. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/stack.h"

#define FILE_MAX ((size_t) 256 * 1024)

static int compare(const void *a, const void *b)
{
        return strcmp(((const PamText *) a)->service, ((const PamText *) b)->service);
}

/* Not what editors and package managers leave behind. */
static bool is_service(const char *name)
{
        static const char *const leftovers[] = { ".dpkg-", ".rpm", ".ucf-", ".pac", ".bak", ".orig",
                ".old", ".save", "~" };

        for (size_t i = 0; i < ELEMENTSOF(leftovers); i++) {
                if (strstr(name, leftovers[i])) {
                        return false;
                }
        }
        return name[0] != '.';
}

/* 1 when *ret was filled, 0 when the name is no service's file. */
static int load_one(int folder, const char *name, PamText *ret)
{
        _cleanup_(closep) int fd = -1;
        char *text = NULL;
        struct stat st;
        size_t size;

        if (!is_service(name)) {
                return 0;
        }
        fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0) {
                return errno == ENOENT ? 0 : -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                return 0;
        }
        int r = read_file(fd, FILE_MAX, &text, &size);
        if (r < 0) {
                return r;
        }
        *ret = (PamText){ must(strdup(name)), text };
        return 1;
}

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

int stack_files_load(const char *folder, PamText **ret, size_t *ret_n)
{
        _cleanup_(closedirp) DIR *d = opendir(folder);
        PamText *files = NULL;
        size_t n = 0;

        if (!d) {
                return -errno;
        }
        for (struct dirent *e = readdir(d); e; e = readdir(d)) {
                files = must(reallocarray(files, n + 1, sizeof(*files)));
                int r = load_one(dirfd(d), e->d_name, &files[n]);
                if (r < 0) {
                        stack_files_free(files, n);
                        return r;
                }
                n += (size_t) r;
        }
        if (n > 0) {
                qsort(files, n, sizeof(*files), compare);
        }
        *ret = files;
        *ret_n = n;
        return 0;
}

void stack_files_free(PamText *files, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free((char *) files[i].service);
                free((char *) files[i].text);
        }
        free(files);
}
