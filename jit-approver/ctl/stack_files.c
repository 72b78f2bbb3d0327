/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of pam.d, read for stack.c. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

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
        return true;
}

static bool is_loaded(const PamText *files, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(files[i].service, name)) {
                        return true;
                }
        }
        return false;
}

static int load_folder(int root_fd, const char *folder, PamText **files, size_t *n)
{
        _cleanup_(strv_freep) char **names = NULL;

        int r = root_list(root_fd, folder, &names);
        if (r < 0) {
                return r;
        }
        for (char **name = names; name && *name; name++) {
                _cleanup_(freep) char *path = NULL;
                char *text = NULL;

                if (!is_service(*name) || is_loaded(*files, *n, *name)) {
                        continue;
                }
                (void) must(str_printf(&path, "%s/%s", folder, *name) < 0 ? NULL : path);
                r = root_read(root_fd, path, &text);
                if (r == -ENOENT || r == -EISDIR) {
                        continue;
                }
                if (r < 0) {
                        return r;
                }
                *files = must(reallocarray(*files, *n + 1, sizeof(**files)));
                (*files)[(*n)++] = (PamText){ must(strdup(*name)), text };
        }
        return 0;
}

int stack_files_load(
        int root_fd, const char *const *folders, size_t n_folders, PamText **ret, size_t *ret_n)
{
        PamText *files = NULL;
        bool found = false;
        size_t n = 0;

        for (size_t i = 0; i < n_folders; i++) {
                int r = load_folder(root_fd, folders[i], &files, &n);

                if (r < 0 && r != -ENOENT) {
                        stack_files_free(files, n);
                        return r;
                }
                found = found || r == 0;
        }
        if (!found) {
                return -ENOENT;
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
