/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Talking to the person through the host's conversation. Everything shown is made safe; whatever
 * comes back is wiped. Only ECHO_ON prompts: to a hidden one sshd hands over the login password, and
 * people type it (hazard H-20).
 */

#include <security/pam_modules.h>

#include "common/field.h"

#define CONVERSE_REASON_MAX 512

typedef enum Tell {
        TELL_WAIT, /* to somebody who is made to wait, or was */
        TELL_END,  /* why it ended, to somebody who was not; quiet leaves it out */
} Tell;

typedef struct Converse {
        const struct pam_conv *conv; /* NULL: nobody is there */
        int style;                   /* PAM_TEXT_INFO or PAM_ERROR_MSG */
        bool held;                   /* the host holds text back until a prompt (sshd) */
        bool quiet;
        unsigned room; /* lines that may still be shown */
} Converse;

/* silent: nothing at all is shown or asked. on_stderr: the host writes information to stdout. */
void converse_init(
        Converse *c, pam_handle_t *pamh, bool silent, bool quiet, bool held, bool on_stderr);

/* Shows lines in one transaction; what cannot be shown is dropped. */
void converse_tell(Converse *c, Tell why, const Strings *lines);
void converse_say(Converse *c, Tell why, const char *format, ...) _printf_(3, 4);

/*
 * Lines and one prompt in one transaction. *ret is to be released with erase_free(). -ENOTTY where
 * nobody can be asked.
 */
int converse_ask(Converse *c, const Strings *lines, const char *prompt, char **ret);
