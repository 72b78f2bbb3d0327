/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who asks for what: one reading of the PAM items and of the host's own command line, made anew in
 * every phase (sshd forks between them, and PAM_USER changes).
 */

#include <security/pam_modules.h>

#include "common/protocol.h"
#include "pam_jit/cmdline.h"
#include "pam_jit/options.h"
#include "pam_jit/sudo_argv.h"

typedef enum Phase {
        PHASE_AUTH,
        PHASE_ACCOUNT,
        PHASE_SESSION,
} Phase;

/* How a host behaves; one row for each, the last for all others. */
typedef struct Service {
        char name[24];      /* as PAM says it */
        char canonical[24]; /* as rules say it; empty: under its own name */
        enum {
                HOST_OTHER, /* the asker is PAM_USER */
                HOST_SUDO,  /* the asker is the real uid, the target in the command line */
                HOST_SU,    /* the asker is the real uid, the target PAM_USER */
                HOST_SSHD,  /* text is held back until a prompt */
                HOST_LOGIN,
        } kind;
        usec_t wait;        /* how long it may be blocked; 0: never, whatever wait= says */
        bool never_prompts; /* nobody reads, or a lock screen would show it */
} Service;

typedef struct Who {
        Ask ask; /* without nonce; borrows from PAM and from below */
        const Service *service;
        SudoArgv sudo;     /* HOST_SUDO only */
        bool exempt;       /* real uid 0 through sudo or su */
        bool console_root; /* root at a local console: passes where no rule says otherwise */
        bool asks_nobody;  /* sudo -l, -v, -K */
        bool has_terminal;

        /* owned */
        Cmdline cmdline;
        char own_target[16]; /* "#uid" */
        char *ruser, *tty, *rhost;
} Who;

/*
 * 0, or -errno with *ret_why what the log should say: -EINVAL for items that nobody honest sends
 * (no user, an endless one). ret is released by who_done() either way.
 */
int who_read(
        pam_handle_t *pamh, Phase phase, const Options *options, Who *ret, const char **ret_why);
void who_done(Who *w);

/* The most this caller may be blocked; 0: it does not wait. */
usec_t who_wait(const Who *w, const Options *options);
/* Whether a person is there to be asked for words (not for passwords). */
bool who_can_be_asked(const Who *w, const Options *options);
/* Whether PAM_SILENT is to be obeyed: sudo sends it always, and a person made to wait must know. */
bool who_obeys_silence(const Who *w);
