/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An NSS service that hangs, as an sssd does whose server is away: for a minute, over every name that
 * begins with "hang" and every id from 770000 to 770999; while /run/jithang.all exists over whatever
 * it is asked. While /run/jithang.away exists it is as if nobody listened. It knows nobody, but that bob is
 * in the group 660000 while /run/jithang.bob exists. For /etc/nsswitch.conf of a test bed: "passwd: files jithang".
 */

#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static enum nss_status answer(bool hang, int *errnop)
{
        if (hang || access("/run/jithang.all", F_OK) == 0) {
                (void) sleep(60);
                *errnop = EAGAIN;
                return NSS_STATUS_UNAVAIL;
        }
        *errnop = ENOENT;
        if (access("/run/jithang.away", F_OK) == 0) {
                return NSS_STATUS_UNAVAIL;
        }
        return NSS_STATUS_NOTFOUND;
}

static bool name_hangs(const char *name)
{
        return strncmp(name, "hang", 4) == 0;
}

static bool id_hangs(unsigned id)
{
        return id >= 770000 && id <= 770999;
}

EXPORT enum nss_status _nss_jithang_getpwnam_r(
        const char *name, struct passwd *pw, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_jithang_getpwuid_r(
        uid_t uid, struct passwd *pw, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_jithang_getgrnam_r(
        const char *name, struct group *gr, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_jithang_getgrgid_r(
        gid_t gid, struct group *gr, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_jithang_initgroups_dyn(const char *user, gid_t gid, long *start,
        long *size, gid_t **groups, long limit, int *errnop);

enum nss_status _nss_jithang_getpwnam_r(
        const char *name, struct passwd *pw, char *buffer, size_t size, int *errnop)
{
        return answer(name_hangs(name), errnop);
}

enum nss_status _nss_jithang_getpwuid_r(
        uid_t uid, struct passwd *pw, char *buffer, size_t size, int *errnop)
{
        return answer(id_hangs(uid), errnop);
}

enum nss_status _nss_jithang_getgrnam_r(
        const char *name, struct group *gr, char *buffer, size_t size, int *errnop)
{
        return answer(name_hangs(name), errnop);
}

enum nss_status _nss_jithang_getgrgid_r(
        gid_t gid, struct group *gr, char *buffer, size_t size, int *errnop)
{
        return answer(id_hangs(gid), errnop);
}

/* size is what there is room for, start how many there are. */
enum nss_status _nss_jithang_initgroups_dyn(const char *user, gid_t gid, long *start, long *size,
        gid_t **groups, long limit, int *errnop)
{
        enum nss_status status = answer(name_hangs(user), errnop);

        if (status != NSS_STATUS_NOTFOUND || strcmp(user, "bob") != 0 ||
                access("/run/jithang.bob", F_OK) != 0) {
                return status;
        }
        if (*start == *size) {
                gid_t *more = reallocarray(*groups, (size_t) *size + 1, sizeof(gid_t));
                if (!more) {
                        *errnop = ENOMEM;
                        return NSS_STATUS_TRYAGAIN;
                }
                *groups = more;
                *size += 1;
        }
        (*groups)[(*start)++] = 660000;
        return NSS_STATUS_SUCCESS;
}
