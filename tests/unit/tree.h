/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A folder of its own, and files to put into it. */

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"

static char tree[64];

static _unused_ int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *at)
{
        return remove(path);
}

static _unused_ void tree_remove(void)
{
        (void) nftw(tree, tree_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static _unused_ void tree_make(void)
{
        (void) snprintf(tree, sizeof(tree), "/tmp/jit-tree-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(tree));
}

static _unused_ const char *tree_path(const char *path)
{
        static char out[9000];

        (void) snprintf(out, sizeof(out), "%s/%s", tree, path);
        return out;
}

/* With the folders above it. */
static _unused_ void tree_file(const char *path, const char *text)
{
        char copy[9000];

        (void) snprintf(copy, sizeof(copy), "%s", tree_path(path));
        for (char *slash = strchr(copy + strlen(tree) + 1, '/'); slash;
                slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                ck_assert(mkdir(copy, 0755) == 0 || errno == EEXIST);
                *slash = '/';
        }
        FILE *f = fopen(copy, "w");
        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(fputs(text, f), 0);
        ck_assert_int_eq(fclose(f), 0);
}
