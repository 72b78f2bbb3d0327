/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person is asked before people are: the reason, and to confirm what alarms others. */

#include "pam_jit/gate.h"

/* Questions in all, however often the approver wants another reason. */
#define QUESTIONS_MAX 3

typedef struct Words {
        char *reason;  /* NULL: none was given */
        char *confirm; /* as typed, never empty; NULL: nothing was to be confirmed */
} Words;

void words_done(Words *w);

/* Whether anything can be asked at all. */
bool words_can_be_asked(const Gate *g);

/*
 * Asks what the approver's ask-for-it wants. *left, at least 1, counts down with each call and each
 * question more. false: there will be no request, and that has been said and logged. a is borrowed; the
 * connection is let go if the person was asked, what a borrows stays. ret is released by words_done()
 * either way.
 */
bool words_ask(Gate *g, const Answer *a, unsigned *left, Words *ret);
