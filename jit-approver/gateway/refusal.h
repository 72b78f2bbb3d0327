/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What went wrong with a request, as HTTP says it. */

#include "common/protocol.h"

typedef struct Refusal {
        int status;
        const char *code;    /* one word for programs, mostly by the status; constant */
        const char *message; /* a sentence; constant, or borrowed from the approver's reply */
        int retry_after;     /* seconds; 0: nothing is said */
        const char *allow;   /* with 405 */
} Refusal;

/* Of every token that is not one of ours, so that all look alike. */
#define REFUSAL_UNKNOWN                                                                            \
        "It may have been altered or cut off on its way. Open it just as it was sent to you."

/* Code of an approval without the two digits on the asker's screen, or with others. */
#define REFUSAL_MATCH_CODE "match-code"

Refusal refusal_new(int status, const char *message);
/* reply and error as an UpstreamDone gets them. */
Refusal refusal_of_reply(int error, const Message *reply);
