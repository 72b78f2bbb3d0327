/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the methods for people share: finding what they name, and lists in pages. */

#include "jit-approver/daemon/methods.h"
#include "jit-approver/daemon/reply.h"

#define PAGE_BYTES (40 * 1024) /* of a list's reply; one object more must still fit the message */

/* Answers with what err (of the functions below, or of the store) means, and ends the turn. */
void method_not_found(Turn *t, int err, const char *what);

int method_find_request(Turn *t, const char *text, Request *ret);
int method_find_grant(Turn *t, const char *text, Grant *ret);
/* What the caller names and may act on; else answered, and false. */
bool method_take_request(Turn *t, const char *text, Act act, Request *ret);
bool method_take_grant(Turn *t, const char *text, Act act, Grant *ret);

/* These end the turn. */
void method_reply_request(Turn *t, const Request *r);
void method_reply_grant(Turn *t, const Id *id);

/* What somebody says of a request; else answered, and false. */
bool method_read_ballot(Turn *t, const char *decision, const char *duration, const char *note,
        const char *code, Ballot *ret);

/* An account the caller named (at < 0: he did not, and means root); else answered, and false. */
bool method_account(Turn *t, int at, const char *what, Who *ret);

/* A page of a list; the array of its reply is open in w. */
typedef struct Page {
        Turn *turn;
        JsonWriter w;
        const char *which;
        int64_t next; /* the last row looked at, when there are more */
        size_t rows, looked_at;
} Page;

/* Whether the page is full with this row; then it says where the next begins. */
bool page_is_full(Page *p, int64_t row);
/* Ends a page that went well; answers with the failure otherwise. */
void page_reply(Page *p, int err);
/* Whether word is one of those; answers with the failure otherwise. */
bool list_word(Turn *t, const char *word, const char *const *words, size_t n);
