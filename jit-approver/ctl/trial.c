/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts its folder, which is root's. MUST: (1) what is needed to put a file back is durable before the
 * state says that there is a trial, and that before a file is edited; (2) a state that cannot be read
 * ends in putting back, not in leaving; (3) each step may be the last, and may be done twice.
 */

#include "jit-approver/ctl/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/pam_edit.h"
#include "jit-approver/ctl/replace.h"

#define STATE_HEAD "jit-rollback 1\n"
#define NUMBER_MAX ((uint64_t) INT64_MAX)

int trial_now(TrialNow *ret)
{
        TrialNow now = {
                .wall = clock_usec(CLOCK_REALTIME),
                .uptime = clock_usec(CLOCK_BOOTTIME),
                .session = TRIAL_SESSION_NONE,
        };
        _cleanup_(freep) char *boot = NULL, *session = NULL;
        uint64_t id;

        int r = load_file("/proc/sys/kernel/random/boot_id", &boot, NULL);
        if (r < 0) {
                return r;
        }
        (void) snprintf(now.boot, sizeof(now.boot), "%.*s", (int) strcspn(boot, "\n"), boot);
        if (load_file("/proc/self/sessionid", &session, NULL) >= 0 &&
                parse_u64(session, UINT32_MAX, &id) >= 0) {
                now.session = (uint32_t) id;
        }
        *ret = now;
        return 0;
}

/* --- the state as text --- */

int trial_write(const Trial *t, char **ret)
{
        _cleanup_(freep) char *text = NULL;

        int r = str_printf(&text,
                STATE_HEAD "service %s\nboot %s\nsession %u\nbegan %llu\nuntil %llu\nuptime %llu\n",
                t->service, t->boot, (unsigned) t->session, (unsigned long long) t->began,
                (unsigned long long) t->until, (unsigned long long) t->uptime);
        for (size_t i = 0; r >= 0 && i < t->n_files; i++) {
                _cleanup_(freep) char *before = TAKE_PTR(text);

                r = str_printf(&text, "%s%s %s\n", before, t->files[i].made ? "made" : "edited",
                        t->files[i].path);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

/* "KEY VALUE\n" at *s, which goes behind it. */
static int take_value(const char **s, const char *key, char *out, size_t size)
{
        size_t k = strlen(key);

        if (strncmp(*s, key, k) != 0 || (*s)[k] != ' ') {
                return -EBADMSG;
        }
        const char *value = *s + k + 1;
        size_t n = strcspn(value, "\n");
        if (n == 0 || n >= size || value[n] != '\n') {
                return -EBADMSG;
        }
        memcpy(out, value, n);
        out[n] = '\0';
        *s = value + n + 1;
        return 0;
}

static int take_number(const char **s, const char *key, uint64_t max, uint64_t *ret)
{
        char digits[24];
        int r = take_value(s, key, digits, sizeof(digits));

        return r >= 0 && parse_u64(digits, max, ret) < 0 ? -EBADMSG : r;
}

static int take_files(const char **s, Trial *t)
{
        while (**s) {
                TrialFile *f = &t->files[t->n_files];

                if (t->n_files == TRIAL_FILES_MAX) {
                        return -EBADMSG;
                }
                f->made = strncmp(*s, "made ", 5) == 0;
                int r = take_value(s, f->made ? "made" : "edited", f->path, sizeof(f->path));
                if (r < 0 || f->path[0] != '/') {
                        return -EBADMSG;
                }
                t->n_files++;
        }
        return t->n_files > 0 ? 0 : -EBADMSG;
}

int trial_read(const char *text, Trial *ret)
{
        uint64_t session = 0, began = 0, until = 0, uptime = 0;
        Trial t = { 0 };

        if (strncmp(text, STATE_HEAD, strlen(STATE_HEAD)) != 0) {
                return -EBADMSG;
        }
        text += strlen(STATE_HEAD);
        if (take_value(&text, "service", t.service, sizeof(t.service)) < 0 ||
                take_value(&text, "boot", t.boot, sizeof(t.boot)) < 0 ||
                take_number(&text, "session", UINT32_MAX, &session) < 0 ||
                take_number(&text, "began", NUMBER_MAX, &began) < 0 ||
                take_number(&text, "until", NUMBER_MAX, &until) < 0 ||
                take_number(&text, "uptime", NUMBER_MAX, &uptime) < 0 ||
                take_files(&text, &t) < 0) {
                return -EBADMSG;
        }
        t.session = (uint32_t) session;
        t.began = (usec_t) began;
        t.until = (usec_t) until;
        t.uptime = (usec_t) uptime;
        *ret = t;
        return 0;
}

usec_t trial_left(const Trial *t, const TrialNow *now)
{
        if (streq(t->boot, now->boot)) {
                return t->uptime > now->uptime ? t->uptime - now->uptime : 0;
        }
        if (now->wall < t->began || now->wall >= t->until) {
                return 0;
        }
        return t->until - now->wall;
}

bool trial_is_new_session(const Trial *t, const TrialNow *now)
{
        if (now->session == TRIAL_SESSION_NONE) {
                return false;
        }
        return now->session != t->session || !streq(now->boot, t->boot);
}

/* --- the folder --- */

static int state_path(const char *folder, char **ret)
{
        return str_printf(ret, "%s/state", folder);
}

static int kept_path(const char *folder, const char *path, const char *which, char **ret)
{
        const char *slash = strrchr(path, '/');

        return slash ? str_printf(ret, "%s/%s.%s", folder, slash + 1, which) : -EINVAL;
}

int trial_lock(const char *folder)
{
        _cleanup_(freep) char *above = strndup(folder, (size_t) (strrchr(folder, '/') - folder));
        _cleanup_(closep) int fd = -1;

        if (!above) {
                return -ENOMEM;
        }
        if ((mkdir(above, 0700) < 0 && errno != EEXIST) ||
                (mkdir(folder, 0700) < 0 && errno != EEXIST)) {
                return -errno;
        }
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                return -errno;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        }
        return TAKE_FD(fd);
}

int trial_load(const char *folder, Trial *ret)
{
        _cleanup_(freep) char *path = NULL, *text = NULL;

        int r = state_path(folder, &path);
        if (r >= 0) {
                r = load_file(path, &text, NULL);
        }
        return r < 0 ? r : trial_read(text, ret);
}

int trial_keep(const char *folder, const char *path, const char *after)
{
        _cleanup_(freep) char *kept = NULL, *made = NULL, *text = NULL;
        _cleanup_(closep) int like = -1;

        int r = kept_path(folder, path, "before", &kept);
        if (r >= 0) {
                r = kept_path(folder, path, "after", &made);
        }
        if (r < 0) {
                return r;
        }
        r = load_file(path, &text, &like);
        if (r >= 0) {
                r = replace_file(kept, text, like);
        } else if (r == -ENOENT) {
                r = remove_file(kept);
        }
        return r < 0 ? r : replace_file(made, after, -1);
}

int trial_begin(const char *folder, const Trial *t)
{
        _cleanup_(freep) char *path = NULL, *text = NULL;

        int r = state_path(folder, &path);
        if (r >= 0) {
                r = trial_write(t, &text);
        }
        return r < 0 ? r : replace_file(path, text, -1);
}

int trial_over(const char *folder, const Trial *t)
{
        _cleanup_(freep) char *path = NULL;

        int r = state_path(folder, &path);
        if (r >= 0) {
                r = remove_file(path);
        }
        for (size_t i = 0; r >= 0 && i < t->n_files; i++) {
                _cleanup_(freep) char *kept = NULL;

                if (kept_path(folder, t->files[i].path, "after", &kept) >= 0) {
                        (void) remove_file(kept); /* without a state it means nothing */
                }
        }
        return r;
}

/* --- its files --- */

/* text NULL: there is no such file. */
static int load_kept(
        const char *folder, const char *path, const char *which, char **ret, int *ret_fd)
{
        _cleanup_(freep) char *kept = NULL;

        int r = kept_path(folder, path, which, &kept);
        if (r < 0) {
                return r;
        }
        r = load_file(kept, ret, ret_fd);
        return r == -ENOENT ? 0 : r;
}

int trial_file_state(const char *folder, const TrialFile *f, TrialFileState *ret)
{
        _cleanup_(freep) char *now = NULL, *before = NULL, *after = NULL;

        int r = load_file(f->path, &now, NULL);
        if (r < 0 && r != -ENOENT) {
                return r;
        }
        r = load_kept(folder, f->path, "before", &before, NULL);
        if (r >= 0) {
                r = load_kept(folder, f->path, "after", &after, NULL);
        }
        if (r < 0) {
                return r;
        }
        if (now && after && streq(now, after)) {
                *ret = TRIAL_FILE_AFTER;
        } else if (now ? !f->made && before && streq(now, before) : f->made) {
                *ret = TRIAL_FILE_BEFORE;
        } else {
                *ret = TRIAL_FILE_OTHER;
        }
        return 0;
}

bool trial_has_edited(const char *folder, const Trial *t)
{
        for (size_t i = 0; i < t->n_files; i++) {
                TrialFileState state = TRIAL_FILE_OTHER;

                (void) trial_file_state(folder, &t->files[i], &state);
                if (state != TRIAL_FILE_BEFORE) {
                        return true;
                }
        }
        return false;
}

/* Somebody else has changed it since: his changes stay. */
static int take_ours_out(const char *path)
{
        _cleanup_(freep) char *text = NULL, *without = NULL;
        _cleanup_(closep) int like = -1;

        int r = load_file(path, &text, &like);
        if (r >= 0) {
                r = pam_edit_remove(text, &without);
        }
        return r <= 0 ? r : replace_file(path, without, like);
}

int trial_restore(const char *folder, const TrialFile *f)
{
        _cleanup_(freep) char *before = NULL;
        _cleanup_(closep) int like = -1;
        TrialFileState state;

        int r = trial_file_state(folder, f, &state);
        if (r < 0) {
                return r;
        }
        replace_clear(f->path);
        if (state == TRIAL_FILE_BEFORE) {
                return 0;
        }
        if (state == TRIAL_FILE_AFTER && f->made) {
                return remove_file(f->path);
        }
        if (state == TRIAL_FILE_OTHER && access(f->path, F_OK) == 0) {
                return take_ours_out(f->path);
        }
        r = load_kept(folder, f->path, "before", &before, &like);
        if (r >= 0 && !before) {
                r = -ENOENT;
        }
        return r < 0 ? r : replace_file(f->path, before, like);
}
