/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who is in Unix groups. NSS may hang for as long as it likes, so a child asks it, and is killed when
 * there is no more patience. The child says a line for each member, "GID UID", and "GID ." when it has
 * come to the end of a group, which only then counts as known.
 */

#include "jit-approver/daemon/people_members.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"

#define BUFFER_SIZE ((size_t) 1 << 20)
#define LINE_MAX_BYTES 64
#define MEMBERS_MAX 65536

typedef struct Wanted {
        Memberships *m;
        bool lost;
} Wanted;

static void want(Name *name, void *userdata)
{
        Wanted *w = userdata;
        Membership *items;

        if (name->kind != NAME_UNIX_GROUP || name->exists != TERNARY_YES ||
                membership_find(w->m, name)) {
                return;
        }
        items = reallocarray(w->m->items, w->m->n + 1, sizeof(*items));
        if (!items) {
                w->lost = true;
                return;
        }
        w->m->items = items;
        w->m->items[w->m->n++] = (Membership){ .gid = name->id };
}

/* --- the child ------------------------------------------------------------------------------------ */

static void say_primary(FILE *out, gid_t gid)
{
        const struct passwd *pw;

        setpwent();
        while ((pw = getpwent())) {
                if (pw->pw_gid == gid) {
                        (void) fprintf(out, "%u %u\n", (unsigned) gid, (unsigned) pw->pw_uid);
                }
        }
        endpwent();
}

static void say_group(FILE *out, gid_t gid)
{
        static char group_buffer[BUFFER_SIZE], passwd_buffer[BUFFER_SIZE];
        struct group gr, *found = NULL;

        if (getgrgid_r(gid, &gr, group_buffer, sizeof(group_buffer), &found) != 0 || !found) {
                return;
        }
        for (size_t i = 0; gr.gr_mem[i]; i++) {
                struct passwd pw, *member = NULL;

                if (getpwnam_r(gr.gr_mem[i], &pw, passwd_buffer, sizeof(passwd_buffer), &member) !=
                        0) {
                        return; /* no answer: the group stays unknown */
                }
                if (member) {
                        (void) fprintf(out, "%u %u\n", (unsigned) gid, (unsigned) pw.pw_uid);
                }
        }
        say_primary(out, gid);
        (void) fprintf(out, "%u .\n", (unsigned) gid);
        (void) fflush(out);
}

static void say_all(const Memberships *m, int fd)
{
        FILE *out = fdopen(fd, "w");

        for (size_t i = 0; out && i < m->n; i++) {
                say_group(out, m->items[i].gid);
        }
        _exit(0);
}

/* --- the parent ----------------------------------------------------------------------------------- */

static int member_add(Membership *group, uid_t uid)
{
        uid_t *uids;

        for (size_t i = 0; i < group->n; i++) {
                if (group->uids[i] == uid) {
                        return 0;
                }
        }
        if (group->n == MEMBERS_MAX) {
                return 0;
        }
        uids = reallocarray(group->uids, group->n + 1, sizeof(*uids));
        if (!uids) {
                return -ENOMEM;
        }
        group->uids = uids;
        group->uids[group->n++] = uid;
        return 0;
}

static int take_line(Memberships *m, char *line)
{
        char *space = strchr(line, ' ');
        uint64_t gid, uid;

        if (!space) {
                return 0;
        }
        *space = '\0';
        if (parse_u64(line, UINT32_MAX, &gid) < 0) {
                return 0;
        }
        for (size_t i = 0; i < m->n; i++) {
                if (m->items[i].gid != gid) {
                        continue;
                }
                if (streq(space + 1, ".")) {
                        m->items[i].known = m->items[i].n < MEMBERS_MAX;
                } else if (parse_u64(space + 1, UINT32_MAX, &uid) >= 0) {
                        return member_add(&m->items[i], (uid_t) uid);
                }
        }
        return 0;
}

/* Whole lines only: what the last one would have said is not known. */
static int take_bytes(
        Memberships *m, const char *bytes, size_t n, char line[LINE_MAX_BYTES], size_t *used)
{
        for (size_t i = 0; i < n; i++) {
                if (bytes[i] != '\n') {
                        line[*used] = bytes[i];
                        *used = MIN(*used + 1, (size_t) LINE_MAX_BYTES - 1);
                        continue;
                }
                line[*used] = '\0';
                *used = 0;
                int r = take_line(m, line);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int hear(Memberships *m, int fd, usec_t until)
{
        char bytes[4096], line[LINE_MAX_BYTES];
        size_t used = 0;

        for (;;) {
                usec_t now = clock_usec(CLOCK_MONOTONIC);
                struct pollfd p = { .fd = fd, .events = POLLIN };
                ssize_t n;

                if (now >= until || poll(&p, 1, (int) ((until - now) / 1000) + 1) == 0) {
                        return 0;
                }
                n = read(fd, bytes, sizeof(bytes));
                if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
                        continue;
                }
                if (n <= 0) {
                        return n < 0 ? -errno : 0;
                }
                int r = take_bytes(m, bytes, (size_t) n, line, &used);
                if (r < 0) {
                        return r;
                }
        }
}

static int ask(Memberships *m, usec_t patience)
{
        usec_t until = clock_usec(CLOCK_MONOTONIC) + patience;
        int ends[2], r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0) {
                return -errno;
        }
        pid = fork();
        if (pid == 0) {
                say_all(m, ends[1]);
        }
        r = pid < 0 ? -errno : 0;
        closep(&ends[1]);
        if (r >= 0) {
                r = hear(m, ends[0], until);
                (void) kill(pid, SIGKILL);
                while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
                }
        }
        closep(&ends[0]);
        return r;
}

int people_members(const Rules *rules, usec_t patience, Memberships *ret)
{
        Memberships m = {};
        Wanted w = { .m = &m };
        int r;

        rules_visit_names((Rules *) rules, want, &w);
        r = w.lost ? -ENOMEM : m.n > 0 ? ask(&m, patience) : 0;
        if (r < 0) {
                people_members_done(&m);
                return r;
        }
        *ret = m;
        return 0;
}

void people_members_done(Memberships *m)
{
        for (size_t i = 0; i < m->n; i++) {
                free(m->items[i].uids);
        }
        free(m->items);
        *m = (Memberships){};
}
