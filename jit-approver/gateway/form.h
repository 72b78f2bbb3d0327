/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A decision as somebody sent it: from the page's form or as JSON. Both are read strictly: each field
 * once, none that is unknown, UTF-8 without NUL.
 */

#include "common/util.h"

/* Owned; NULL: not sent. */
typedef struct Form {
        char *decision; /* "approve" or "deny" once checked */
        char *duration; /* a span; NULL: what was asked for */
        char *note;     /* one line */
        char *code;     /* two digits; NULL with a deny, which takes none */
        char *form;     /* the page's own value */
} Form;

/* application/x-www-form-urlencoded. -EBADMSG, -ENOMEM. */
int form_parse(const char *body, size_t size, Form *ret);
/* A JSON object without `form`, which is for browsers. -EBADMSG, -ENOMEM. */
int form_parse_json(const char *body, size_t size, Form *ret);
/*
 * Makes of it what the approver takes: the note one line, empty fields none. NULL, or what is wrong,
 * for people. A form without a decision is wrong.
 */
const char *form_check(Form *f);
void form_done(Form *f);
