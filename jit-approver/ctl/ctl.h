/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What every verb shares: the global options, the exit codes, and the shape of a verb, which is a
 * constant that main.c lists. jitctl holds no authority of its own: the approver judges the caller.
 */

#include "common/macro.h"

/* What scripts build on; see jitctl(1). */
typedef enum Exit {
        EXIT_DONE = 0, /* also: approved, active */
        EXIT_ERROR = 1,
        EXIT_USAGE = 2,
        EXIT_NO = 3,      /* denied, not active, not found, decided already, over */
        EXIT_PENDING = 4, /* not decided yet, or the wait is over */
        EXIT_NOT_PERMITTED = 5,
        EXIT_UNREACHABLE = 6,
} Exit;

typedef struct Ctl {
        const char *socket; /* NULL: the installed one, whose server must be root */
        const char *config; /* the approver's, for check and doctor; NULL: the installed one */
        bool json;
        char **args; /* what is left after the options */
        size_t n_args;
} Ctl;

typedef enum OptionType {
        OPTION_FLAG, /* bool */
        OPTION_TEXT, /* const char *: UTF-8 without control characters is not demanded, UTF-8 is */
        OPTION_SPAN, /* const char *, of which span_parse() can make something */
} OptionType;

typedef struct Option {
        const char *name; /* without dashes; NULL ends a list */
        OptionType type;
        void *value;
        const char *argument; /* what --help calls it */
        const char *help;
} Option;

typedef struct Verb {
        const char *name;
        const char *synopsis; /* what follows the name */
        const char *summary;
        const char *notes; /* more for --help, whole lines, or NULL */
        const Option *options;
        size_t min_args, max_args;
        bool takes_command; /* the first word that is no option ends them */
        bool takes_config;  /* --config means something */
        bool internal;      /* not for people */
        int (*run)(const Ctl *ctl);
} Verb;

#define ARGS_ANY SIZE_MAX

extern const Verb verb_approve, verb_backup, verb_break_glass, verb_cancel, verb_check,
        verb_confirm, verb_deny, verb_disable, verb_doctor, verb_enable, verb_end, verb_expire,
        verb_explain, verb_extend, verb_grant, verb_grants, verb_log, verb_nudge, verb_pending,
        verb_recover, verb_reload, verb_report, verb_request, verb_rescue, verb_rescue_codes,
        verb_review, verb_revoke, verb_rollback, verb_run, verb_show, verb_status, verb_wait;
