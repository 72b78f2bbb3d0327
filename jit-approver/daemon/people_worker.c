/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The worker's side of people: one question in, NSS asked, one answer out. It may hang for as long as
 * an NSS module likes; the daemon kills it then. It trusts its questions, which come from the daemon.
 *
 * MUST: say no only where NSS said "no such entry". glibc returns 0 and no result for that; any other
 * number means that the last service asked did not answer, ENOENT and ESRCH included (so an sssd whose
 * socket is gone reads ENOENT), although getpwnam(3) counts those among the "not found" of other systems.
 * getgrouplist(3) leaves out a service that is down and does not say so: a group that nobody has is asked
 * after beside it, of which the last service listed must have answered. One that is listed before it and is
 * down stays unseen.
 */

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jit-approver/daemon/people_internal.h"

/* A group with tens of thousands of members fits into the last of these. */
#define BUFFER_MIN ((size_t) 4096)
#define BUFFER_MAX ((size_t) 16 << 20)
#define GROUPS_MAX 65536 /* NGROUPS_MAX: more than that no process can have */

bool people_name_valid(const char *name, size_t n)
{
        if (n == 0 || n > PEOPLE_NAME_MAX) {
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                if ((unsigned char) name[i] < 0x20 || name[i] == 0x7f) {
                        return false;
                }
        }
        return true;
}

/* Makes *buffer size bytes; what was in it is not kept. */
static bool buffer_set(char **buffer, size_t size)
{
        free(*buffer);
        *buffer = malloc(size);
        return *buffer != NULL;
}

/* name NULL: by uid. What ret points to lives in *ret_buffer, which the caller frees. */
static Ternary find_passwd(uid_t uid, const char *name, struct passwd *ret, char **ret_buffer)
{
        _cleanup_(freep) char *buffer = NULL;
        struct passwd pw, *found = NULL;
        int r = ERANGE;

        for (size_t size = BUFFER_MIN; r == ERANGE && size <= BUFFER_MAX; size *= 4) {
                if (!buffer_set(&buffer, size)) {
                        return TERNARY_UNKNOWN;
                }
                r = name ? getpwnam_r(name, &pw, buffer, size, &found)
                         : getpwuid_r(uid, &pw, buffer, size, &found);
        }
        if (r != 0) {
                return TERNARY_UNKNOWN;
        }
        if (!found) {
                return TERNARY_NO;
        }
        /* An answer to another question, or one that could not be a caller, is no answer. */
        if (pw.pw_uid == UID_UNSET || (!name && pw.pw_uid != uid) || !pw.pw_name ||
                !people_name_valid(pw.pw_name, strlen(pw.pw_name))) {
                return TERNARY_UNKNOWN;
        }
        *ret = pw;
        *ret_buffer = TAKE_PTR(buffer);
        return TERNARY_YES;
}

/* As find_passwd(). */
static Ternary find_group(const char *name, struct group *ret, char **ret_buffer)
{
        _cleanup_(freep) char *buffer = NULL;
        struct group gr, *found = NULL;
        int r = ERANGE;

        for (size_t size = BUFFER_MIN; r == ERANGE && size <= BUFFER_MAX; size *= 4) {
                if (!buffer_set(&buffer, size)) {
                        return TERNARY_UNKNOWN;
                }
                r = getgrnam_r(name, &gr, buffer, size, &found);
        }
        if (r != 0) {
                return TERNARY_UNKNOWN;
        }
        if (!found) {
                return TERNARY_NO;
        }
        if (gr.gr_gid == GID_UNSET || !gr.gr_name ||
                !people_name_valid(gr.gr_name, strlen(gr.gr_name))) {
                return TERNARY_UNKNOWN;
        }
        *ret = gr;
        *ret_buffer = TAKE_PTR(buffer);
        return TERNARY_YES;
}

/* All groups of an account, gid among them. -E2BIG for more than an answer holds: never a cut list. */
static int find_groups(const char *name, gid_t gid, uint32_t gids[static PEOPLE_GIDS_MAX])
{
        _cleanup_(freep) gid_t *list = NULL;

        for (int room = 64; room <= GROUPS_MAX; room *= 2) {
                int n = room;
                gid_t *bigger = reallocarray(list, (size_t) room, sizeof(gid_t));

                if (!bigger) {
                        return -ENOMEM;
                }
                list = bigger;
                if (getgrouplist(name, gid, list, &n) < 0) {
                        continue;
                }
                if (n > PEOPLE_GIDS_MAX) {
                        return -E2BIG;
                }
                memcpy(gids, list, (size_t) n * sizeof(gid_t));
                return n;
        }
        return -E2BIG;
}

#define NOBODYS_GID ((gid_t) -3) /* above what anything gives out; -1 is none, -2 a nobody's */

static bool groups_are_silent(void)
{
        char buffer[BUFFER_MIN];
        struct group gr, *found = NULL;

        int r = getgrgid_r(NOBODYS_GID, &gr, buffer, sizeof(buffer), &found);
        return r != 0 && r != ERANGE; /* too long to be read is an answer */
}

/* Whether asking for the uid would lead to this very account; two names may share one uid. */
static bool is_canonical(const struct passwd *pw)
{
        _cleanup_(freep) char *buffer = NULL;
        struct passwd back;

        return find_passwd(pw->pw_uid, NULL, &back, &buffer) == TERNARY_YES &&
               streq(back.pw_name, pw->pw_name);
}

static void answer_account(uid_t uid, const char *name, PeopleAnswer *a)
{
        _cleanup_(freep) char *buffer = NULL;
        struct passwd pw;
        int n;

        a->found = find_passwd(uid, name, &pw, &buffer);
        if (a->found != TERNARY_YES) {
                return;
        }
        n = find_groups(pw.pw_name, pw.pw_gid, a->rest);
        if (n < 0) {
                a->found = TERNARY_UNKNOWN;
                return;
        }
        a->canonical = !name || is_canonical(&pw);
        a->partial = groups_are_silent();
        a->uid = pw.pw_uid;
        a->gid = pw.pw_gid;
        a->n_gids = (uint32_t) n;
        a->n_name = (uint32_t) strlen(pw.pw_name);
        memcpy(a->rest + n, pw.pw_name, a->n_name);
}

static void answer_group(const char *name, PeopleAnswer *a)
{
        _cleanup_(freep) char *buffer = NULL;
        struct group gr;

        a->found = find_group(name, &gr, &buffer);
        if (a->found == TERNARY_YES) {
                a->gid = gr.gr_gid;
                a->n_name = (uint32_t) strlen(gr.gr_name);
                memcpy(a->rest, gr.gr_name, a->n_name);
        }
}

size_t people_answer(const PeopleQuestion *q, PeopleAnswer *ret)
{
        memset(ret, 0, PEOPLE_ANSWER_HEAD);
        ret->magic = PEOPLE_MAGIC;
        ret->serial = q->serial;
        switch ((KeyKind) q->kind) {
        case KEY_UID:
                answer_account(q->uid, NULL, ret);
                break;
        case KEY_USER:
                answer_account(UID_UNSET, q->name, ret);
                break;
        case KEY_GROUP:
                answer_group(q->name, ret);
                break;
        }
        return PEOPLE_ANSWER_HEAD + ret->n_gids * sizeof(uint32_t) + ret->n_name;
}

/* NSS modules are other people's code: whatever the daemon may, a worker may not. */
static void drop_capabilities(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

        (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        (void) syscall(SYS_capset, &head, none);
}

int people_worker_main(int fd)
{
        static PeopleAnswer answer;
        PeopleQuestion q;

        /* The other end's closing ends us too, but not while a module hangs. */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        drop_capabilities();
        for (;;) {
                ssize_t n = recv(fd, &q, sizeof(q), 0);
                size_t size;

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n == 0) {
                        return EXIT_SUCCESS;
                }
                if (n != sizeof(q) || q.magic != PEOPLE_MAGIC || q.name[PEOPLE_NAME_MAX] != '\0') {
                        return EXIT_FAILURE;
                }
                size = people_answer(&q, &answer);
                if (send(fd, &answer, size, MSG_NOSIGNAL) != (ssize_t) size) {
                        return EXIT_FAILURE;
                }
        }
}
