/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests and grants as people read them: one line that says what became of it, a page with all of
 * it, a row of a table. The objects are the approver's and stay borrowed.
 */

#include "jit-approver/ctl/ctl.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"

/* "root", "root, group adm", "?" where the command line was not understood. Not made safe. */
#define VIEW_TARGET_MAX 512
void view_target(char out[static VIEW_TARGET_MAX], const JsonNode *o);

/* "sudo", "sudo, once, with code"; for how long, of an extension that it is more. Not made safe. */
#define VIEW_WHAT_MAX 256
void view_what(char out[static VIEW_WHAT_MAX], const JsonNode *o);
void view_for(char out[static VIEW_WHAT_MAX], const JsonNode *request);

/* "Review of K7QF-2M9D: signed by carol 2 min ago"; nothing for what has none. */
void view_review_line(FILE *f, const JsonNode *request);
void view_request_line(FILE *f, const JsonNode *request);
void view_request(FILE *f, const JsonNode *request);
void view_grant_line(FILE *f, const JsonNode *grant);
void view_grant(FILE *f, const JsonNode *grant);

/* Parts of the page: how a line of it begins, and lines that are left out where there is nothing to say. */
void view_label(FILE *f, const char *label);
void view_chain(FILE *f, const JsonNode *request);
void view_terms(FILE *f, const JsonNode *o);
void view_code(FILE *f, const JsonNode *request);
/* Without anybody's yes: by breaking the glass, or by a rescue code. */
bool view_was_opened(const JsonNode *o);
/* " (30 min more for grant G7QF-2M9D)"; nothing for what is asked for as ever. */
void view_kind(FILE *f, const JsonNode *o);
/* How many stages there are, and which one is open: from 1, 0 none. */
size_t view_stages(const JsonNode *request, size_t *ret_open);

Table *view_requests_new(void);
void view_requests_add(Table *t, const JsonNode *request);
/* The same of what was opened without approval: CLOSES is OPENED. */
Table *view_reviews_new(void);
void view_reviews_add(Table *t, const JsonNode *request);
Table *view_grants_new(void);
void view_grants_add(Table *t, const JsonNode *grant);

/* A list on its way out, as a document and as a table. */
typedef struct Listing {
        Doc doc;
        Table *table; /* owned */
        void (*add)(Table *t, const JsonNode *object);
} Listing;

Listing listing_of_requests(void);
Listing listing_of_reviews(void);
Listing listing_of_grants(void);
/* A CallVisit. */
void listing_take(const JsonNode *object, void *listing);
/* On stdout; none is said on stderr when there is nothing to list. tail as of doc_print(). EXIT_DONE. */
int listing_print(
        Listing *l, const Ctl *ctl, const char *member, const char *tail, const char *none);
void listing_done(Listing *l);
