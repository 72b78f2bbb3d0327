/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The trial of an edit of /etc/pam.d: what was there before, until when the edit is to be confirmed, and by
 * whom it was made. It is a folder of the approver's state, so that it outlives a loss of power:
 *
 *     state            the trial under way; without it there is none
 *     SERVICE.before   the file as it was, with mode, owner and attributes
 *     SERVICE.after    as it was written, as long as it is on trial
 *
 *     keep ──▶ begin ──▶ (systemd is told) ──▶ files are edited ──confirmed──▶ over
 *                                                        └──time over──▶ restored ──▶ over
 */

#include <sys/types.h>

#include "common/clock.h"

#define TRIAL_FOLDER "/var/lib/jit-approver/rollback"
#define TRIAL_FILES_MAX 2
#define TRIAL_SESSION_NONE UINT32_MAX /* no audit session, or none is known */

typedef struct TrialFile {
        char path[128];
        bool made; /* there was no such file before */
} TrialFile;

typedef struct Trial {
        char service[64];
        char boot[40];
        uint32_t session; /* the audit session that began it */
        usec_t began;     /* wall clock */
        usec_t until;     /* the same */
        usec_t uptime;    /* CLOCK_BOOTTIME of the end, while boot is this one */
        TrialFile files[TRIAL_FILES_MAX];
        size_t n_files;
} Trial;

/* What counts as now; by trial_now(), or by a test. */
typedef struct TrialNow {
        char boot[40];
        usec_t wall, uptime;
        uint32_t session;
} TrialNow;
int trial_now(TrialNow *ret);

/* The state as text, and back. -EBADMSG, -ENOMEM. */
int trial_write(const Trial *t, char **ret);
int trial_read(const char *text, Trial *ret);

/*
 * How long it still lasts; 0: it is over. After a reboot the wall clock counts: one that is behind the
 * beginning, or says more than the whole span, ends it.
 */
usec_t trial_left(const Trial *t, const TrialNow *now);
/* Whether now is another login than the one that began it; false where that cannot be told. */
bool trial_is_new_session(const Trial *t, const TrialNow *now);

/* The lock that keeps two of us apart; makes the folder. An fd to be closed, -EBUSY, -errno. */
int trial_lock(const char *folder);
/* The trial under way. -ENOENT: none. */
int trial_load(const char *folder, Trial *ret);
/* Keeps a file as it is, and as it shall be, before the trial begins. */
int trial_keep(const char *folder, const char *path, const char *after);
/* The state, durable when this returns. */
int trial_begin(const char *folder, const Trial *t);
int trial_over(const char *folder, const Trial *t);

typedef enum TrialFileState {
        TRIAL_FILE_OTHER, /* somebody else has changed it since */
        TRIAL_FILE_BEFORE,
        TRIAL_FILE_AFTER,
} TrialFileState;
int trial_file_state(const char *folder, const TrialFile *f, TrialFileState *ret);
/* One that was begun and never came to edit anything is none. */
bool trial_has_edited(const char *folder, const Trial *t);

/*
 * Puts one file back: as it was, or, where somebody else has changed it since, without our lines. One that
 * is as it was is left alone.
 */
int trial_restore(const char *folder, const TrialFile *f);
