/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lines of a PAM service in the order Linux-PAM runs them: includes opened, controls spelled
 * out per return code (pam.conf(5)). Pure: texts in, entries out.
 */

#include <stddef.h>

#include "common/macro.h"

typedef struct PamText {
        const char *service; /* the file's name in pam.d */
        const char *text;
} PamText;

typedef enum PamType {
        PAM_TYPE_AUTH,
        PAM_TYPE_ACCOUNT,
        PAM_TYPE_SESSION,
        PAM_TYPE_PASSWORD,
        _PAM_TYPE_MAX,
} PamType;

/* The return codes that matter by name; the rest of the 32 is between. See pam_codes. */
enum {
        PAM_CODE_SUCCESS = 0,
        PAM_CODE_PERM_DENIED = 6,
        PAM_CODE_AUTH_ERR = 7,
        PAM_CODE_CRED_INSUFFICIENT = 8,
        PAM_CODE_NEW_AUTHTOK_REQD = 12,
        PAM_CODE_IGNORE = 25,
        PAM_CODE_MODULE_UNKNOWN = 28,
        PAM_CODE_INCOMPLETE = 31,
        _PAM_CODE_MAX = 32,
};
extern const char *const pam_codes[_PAM_CODE_MAX];

/* What a line does on a return code; a positive number skips so many lines. */
enum {
        PAM_ACT_IGNORE = 0,
        PAM_ACT_OK = -1,
        PAM_ACT_DONE = -2,
        PAM_ACT_BAD = -3,
        PAM_ACT_DIE = -4,
        PAM_ACT_RESET = -5,
};

typedef struct PamEntry {
        char *module;     /* without its folder, or ""; NULL for the head of a substack */
        char **arguments; /* of the module */
        char where[96];   /* "common-account:17" */
        unsigned level;   /* of the substack it stands in */
        int act[_PAM_CODE_MAX];
        bool unknown_control; /* Linux-PAM then takes every outcome for a failure */
        bool unknown_type;    /* "acount": Linux-PAM fails it among the lines of another type */
        bool has_path;        /* the module is named with its folder */
        bool must_fail;       /* Linux-PAM has nothing to call there and answers perm_denied */
} PamEntry;

typedef struct PamStack {
        PamEntry *entries;
        size_t n;
        char missing[96];   /* an included file that is not there; Linux-PAM then refuses always */
        char elsewhere[96]; /* an included file outside pam.d, which is not followed */
        bool from_other;    /* the service has no line of this type: those of "other" are run */
} PamStack;

/* Where Linux-PAM looks for a service's file, in this order. */
extern const char *const pam_folders[3];

/*
 * The lines of one type of a service; none at all, where neither it nor "other" has one. -ELOOP,
 * -E2BIG. Release *ret with pam_stack_done().
 */
int pam_stack_read(
        const PamText *files, size_t n, const char *service, PamType type, PamStack *ret);
void pam_stack_done(PamStack *s);
const char *pam_type_to_string(PamType t);
