/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* proc_pid_mountinfo(5). MUST: take a kind of file system that is not known for a foreign one. */

#include "jit-approver/residue/mounts.h"

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"

/* The fields we want, and where the optional ones begin. */
enum { FIELD_DEVICE = 2, FIELD_ROOT, FIELD_POINT, FIELD_OPTIONAL = 6, FIELDS_MAX = 64 };

static const char *const local_types[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs",
        "bcachefs", "jfs", "reiserfs", "nilfs2", "overlay", "tmpfs", "ramfs", "devtmpfs",
        "squashfs", "erofs", "iso9660", "udf", "ubifs", "jffs2", "vfat", "exfat", "ntfs3",
        "hfsplus" };

/* "\040" is a space. */
static void unescape(char *s)
{
        char *out = s;

        for (; *s; s++) {
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
                        s[3] >= '0' && s[3] <= '7') {
                        *out++ = (char) ((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
                        s += 3;
                } else {
                        *out++ = *s;
                }
        }
        *out = '\0';
}

static void mount_done(Mount *m)
{
        free(m->point);
        free(m->root);
        free(m->type);
        free(m->device);
        *m = (Mount){ 0 };
}

static bool line_parse(char *line, Mount *ret)
{
        char *fields[FIELDS_MAX], *rest;
        size_t n = 0, dash = FIELD_OPTIONAL;

        for (char *w = strtok_r(line, " ", &rest); w && n < FIELDS_MAX;
                w = strtok_r(NULL, " ", &rest)) {
                fields[n++] = w;
        }
        while (dash < n && !streq(fields[dash], "-")) {
                dash++;
        }
        if (dash + 1 >= n) {
                return false;
        }
        unescape(fields[FIELD_POINT]);
        unescape(fields[FIELD_ROOT]);
        *ret = (Mount){ strdup(fields[FIELD_POINT]), strdup(fields[FIELD_ROOT]),
                strdup(fields[dash + 1]), strdup(fields[FIELD_DEVICE]) };
        return true;
}

static int mounts_add(Mounts *m, Mount *x)
{
        Mount *more = NULL;

        if (x->point && x->root && x->type && x->device) {
                more = reallocarray(m->items, m->n + 1, sizeof(*more));
        }
        if (!more) {
                mount_done(x);
                return -ENOMEM;
        }
        m->items = more;
        more[m->n++] = *x;
        return 0;
}

int mounts_parse(const char *text, Mounts *ret)
{
        _cleanup_(freep) char *copy = strdup(text);
        Mounts m = { 0 };
        char *rest;

        if (!copy) {
                return -ENOMEM;
        }
        for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                Mount x;

                if (line_parse(line, &x) && mounts_add(&m, &x) < 0) {
                        mounts_done(&m);
                        return -ENOMEM;
                }
        }
        *ret = m;
        return 0;
}

void mounts_done(Mounts *m)
{
        for (size_t i = 0; i < m->n; i++) {
                mount_done(&m->items[i]);
        }
        free(m->items);
        *m = (Mounts){ 0 };
}

const Mount *mounts_at(const Mounts *m, const char *path)
{
        for (size_t i = m->n; i > 0; i--) {
                if (streq(m->items[i - 1].point, path)) {
                        return &m->items[i - 1];
                }
        }
        return NULL;
}

bool mount_is_local(const Mount *mount)
{
        for (size_t i = 0; i < ELEMENTSOF(local_types); i++) {
                if (streq(mount->type, local_types[i])) {
                        return true;
                }
        }
        return false;
}

/* Whether path is folder, or below it. */
static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        if (n > 0 && folder[n - 1] == '/') {
                n--; /* the root */
        }
        return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool mounts_is_foreign(const Mounts *m, const char *path)
{
        for (size_t i = 0; i < m->n; i++) {
                const Mount *x = &m->items[i];

                if (is_below(path, x->point) && !mount_is_local(mounts_at(m, x->point))) {
                        return true;
                }
        }
        return false;
}

/* Whether the mount's root is seen in another mount of the same file system; *ret_same: at this very place. */
static bool is_seen_by(const Mount *mount, const Mount *other, bool *ret_same)
{
        const char *below;

        if (other == mount || !streq(other->device, mount->device) ||
                !is_below(mount->root, other->root)) {
                return false;
        }
        below = mount->root + (streq(other->root, "/") ? 0 : strlen(other->root));
        if (streq(below, "/")) {
                below = "";
        }
        size_t n = streq(other->point, "/") ? 0 : strlen(other->point);
        *ret_same = strncmp(mount->point, other->point, n) == 0 && streq(mount->point + n, below);
        /* Of two whole ones the first counts. */
        return *ret_same || !streq(mount->root, other->root) || other < mount;
}

bool mount_is_repeated(const Mounts *m, const Mount *mount)
{
        bool repeated = false, same = false;

        for (size_t i = 0; i < m->n; i++) {
                const Mount *other = &m->items[i];

                if (mounts_at(m, other->point) == other && is_seen_by(mount, other, &same)) {
                        if (same) {
                                return false; /* a folder that was mounted upon itself */
                        }
                        repeated = true;
                }
        }
        return repeated;
}
