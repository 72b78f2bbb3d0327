/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An NSS service that hangs, as an sssd does whose server is away: for a minute, over every name that
 * begins with "hang" and every id from 770000 to 770999; while /run/jithang.all exists over whatever
 * it is asked. It knows nobody. For /etc/nsswitch.conf of a test bed: "passwd: files jithang".
 */

#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
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

enum nss_status _nss_jithang_initgroups_dyn(const char *user, gid_t gid, long *start, long *size,
        gid_t **groups, long limit, int *errnop)
{
        return answer(name_hangs(user), errnop);
}
