/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads a configuration file and its drop-ins. Trusts what only root can have written: every file
 * through open_trusted(), and a folder of drop-ins only if nobody else can add to it or take from it
 * (a rule that refuses is as easily lost as one that allows is gained).
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/util.h"

#define TOTAL_MAX ((size_t) 4 << 20)

/* The texts read so far. */
typedef struct Reading {
        ConfFiles *files;
        size_t size; /* of all texts */
        Problems *problems;
} Reading;

void conf_files_done(ConfFiles *files)
{
        for (size_t i = 0; i < files->n; i++) {
                free((char *) files->texts[i].name);
                free((char *) files->texts[i].text);
        }
        free(files->texts);
        *files = (ConfFiles){ 0 };
}

static const char *why_not(int r)
{
        switch (r) {
        case -EPERM:
                return "must belong to root and be writable by nobody else";
        case -ELOOP:
                return "must not be a symbolic link";
        case -EISDIR:
        case -EBADFD:
                return "is not a regular file";
        case -EBADMSG:
                return "holds a NUL byte";
        case -EFBIG:
                return "makes the configuration larger than 4 MiB";
        default:
                return NULL;
        }
}

static void problem_of_file(Problems *problems, const char *file, int r)
{
        const Place at = { .file = file };
        const char *why = why_not(r);

        if (why) {
                problems_add(problems, &at, "%s", why);
        } else if (r == -EACCES) {
                problems_add(problems, &at, "cannot be read by uid %u, which runs this: %s",
                        (unsigned) geteuid(), strerror(-r));
        } else {
                problems_add(problems, &at, "cannot be read: %s", strerror(-r));
        }
}

/* Reads path as seen from dir_fd; messages call it file. A problem is no failure. -ENOMEM. */
static int read_text(Reading *x, int dir_fd, const char *path, const char *file)
{
        _cleanup_(closep) int fd = -1;
        _cleanup_(freep) char *text = NULL, *name = NULL;
        IniText *longer;
        size_t size;
        int r;

        fd = open_trusted(dir_fd, path);
        if (fd == -ENOENT && dir_fd == AT_FDCWD) {
                const Place at = { .file = file };

                problems_add(x->problems, &at, "the file does not exist");
                return 0;
        }
        r = fd < 0 ? fd : read_file(fd, TOTAL_MAX - x->size, &text, &size);
        if (r == -ENOMEM) {
                return r;
        }
        if (r < 0) {
                problem_of_file(x->problems, file, r);
                return 0;
        }
        name = strdup(file);
        longer = reallocarray(x->files->texts, x->files->n + 1, sizeof(*longer));
        if (longer) {
                x->files->texts = longer;
        }
        if (!name || !longer) {
                return -ENOMEM;
        }
        x->files->texts[x->files->n++] = (IniText){ TAKE_PTR(name), TAKE_PTR(text), size };
        x->size += size;
        return 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool is_drop_in(const char *name)
{
        size_t n = strlen(name), n_end = strlen(".conf");

        return name[0] != '.' && n > n_end && streq(name + n - n_end, ".conf");
}

/* The drop-ins' names, sorted. */
static int list_drop_ins(int dir_fd, char ***ret)
{
        _cleanup_(strv_freep) char **names = NULL;
        struct dirent *entry;
        DIR *dir;
        int fd, r = 0;

        fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0) {
                return -errno;
        }
        dir = fdopendir(fd);
        if (!dir) {
                r = -errno;
                closep(&fd);
                return r;
        }
        while (errno = 0, r == 0 && (entry = readdir(dir))) {
                if (is_drop_in(entry->d_name)) {
                        r = strv_add(&names, entry->d_name);
                }
        }
        if (r == 0) {
                r = -errno;
        }
        (void) closedir(dir);
        if (r < 0) {
                return r;
        }
        if (names) {
                qsort(names, strv_length(names), sizeof(char *), compare_names);
        }
        *ret = TAKE_PTR(names);
        return 0;
}

/* Opens the folder of drop-ins. -ENOENT, -EPERM as open_trusted(). */
static int open_folder(const char *path)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                return -errno;
        }
        if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH))) {
                return -EPERM;
        }
        return TAKE_FD(fd);
}

static int read_drop_ins(Reading *x, const char *path)
{
        _cleanup_(freep) char *folder = NULL;
        _cleanup_(strv_freep) char **names = NULL;
        _cleanup_(closep) int fd = -1;
        int r;

        r = str_printf(&folder, "%s.d", path);
        if (r < 0) {
                return r;
        }
        fd = open_folder(folder);
        if (fd == -ENOENT) {
                return 0;
        }
        r = fd < 0 ? fd : list_drop_ins(fd, &names);
        if (r == -ENOMEM) {
                return r;
        }
        if (r < 0) {
                problem_of_file(x->problems, folder, r);
                return 0;
        }
        for (char **name = names; name && *name; name++) {
                _cleanup_(freep) char *file = NULL;

                r = str_printf(&file, "%s/%s", folder, *name);
                if (r < 0) {
                        return r;
                }
                r = read_text(x, fd, *name, file);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int conf_read(const char *path, Problems *problems, ConfFiles *ret)
{
        _cleanup_(conf_files_done) ConfFiles files = { 0 };
        Reading x = { .files = &files, .problems = problems };
        int r;

        r = read_text(&x, AT_FDCWD, path, path);
        if (r >= 0) {
                r = read_drop_ins(&x, path);
        }
        if (r < 0) {
                return r;
        }
        /* What a file that was not read would have defined is not missing elsewhere: first things first. */
        if (problems->n > 0 || problems->lost) {
                return -EINVAL;
        }
        *ret = files;
        files = (ConfFiles){ 0 };
        return 0;
}
