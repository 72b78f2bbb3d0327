/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A scripted approver: a child process that plays one list of steps on a socket, well behaved or
 * not, and tells afterwards what it heard. No sleeps but those that a step asks for.
 */

#include <sys/types.h>

#include "common/protocol.h"

typedef enum FakeOp {
        FAKE_END = 0,
        FAKE_EXPECT, /* read one call of method text ("Check|OpenSession": either); connects first if need be */
        FAKE_ANSWER, /* what the caller should hear, changed by answer */
        FAKE_RAW,    /* these bytes, number of them (0: text and its NUL) */
        FAKE_ERROR,  /* the Varlink error text */
        FAKE_HALF,   /* the first half of what ANSWER would send */
        FAKE_SLOWLY, /* what ANSWER would send, a byte every number ms */
        FAKE_TWICE,  /* ANSWER's message and behind it the same again, in one write */
        FAKE_FLIP,   /* what ANSWER would send with bit (number of the run) flipped, then hang up */
        FAKE_HANG_UP,       /* close the connection */
        FAKE_AWAIT_HANG_UP, /* read until the caller closes; anything it says is noted */
        FAKE_RESTART,       /* close everything, stay away for number ms, listen again */
        FAKE_DIE,           /* close everything and do not come back until told to end */
        FAKE_PAUSE,         /* number ms */
        FAKE_NOTE,          /* text into the notes */
        FAKE_LOOP,          /* hang up and begin the script again */
} FakeOp;

/* Members that are set replace the right ones; FAKE_NONE leaves one out. */
#define FAKE_NONE "\x01"
#define FAKE_UID_NONE ((int64_t) -2)

typedef struct FakeStep {
        FakeOp op;
        const char *text;
        int64_t number;
        bool continues;
        const char *verdict, *code, *nonce, *service, *user, *target, *request, *reason_mode,
                *confirm;
        int64_t asker; /* 0: the right one */
        int64_t wait_ms;
        const char *lines[10];
} FakeStep;

typedef struct Fake {
        pid_t pid;
        int control; /* closed: end */
        int notes;
        char path[100];
} Fake;

/* dir must exist; the socket is listening when this returns. */
void fake_start(Fake *f, const char *dir, const FakeStep *steps);
/* Ends it; ret gets what it heard, a line for each call: "Check", "Request reason=x wait=5 more detached", "hang-up". */
void fake_stop(Fake *f, char *ret, size_t size);
