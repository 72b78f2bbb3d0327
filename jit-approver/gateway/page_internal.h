/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of page share: each writes its part of the document. */

#include "jit-approver/gateway/html.h"
#include "jit-approver/gateway/page.h"

/* page_words.c. Member of an object as text; "" when it is not there. */
const char *page_text(const JsonNode *object, const char *name);
bool page_is(const JsonNode *object, const char *name, const char *value);
/* "root", "root, group adm", "group adm", or the service where nothing is known. */
void page_target(Html *h, const JsonNode *o);
/* A span for people: "30 min". */
const char *page_span(const char *text, char *buffer, size_t size);
/* Those who voted so: "bob, carol"; returns how many. With h NULL they are only counted. */
int page_voters(Html *h, const JsonNode *request, const char *decision);
/* Whether it was opened without a yes: by breaking the glass, or by a rescue code. */
bool page_was_opened(const JsonNode *request);
/* Approvers and groups of a member: "oncall, group sre", without the one named but (or NULL); returns how many. */
int page_names(Html *h, const JsonNode *object, const char *member, const char *but);

/* page_facts.c */
void page_facts(Html *h, const JsonNode *page, usec_t now);
void page_background(Html *h, const JsonNode *page, usec_t now);
/* page_chain.c: how far it has come along its stages, who voted, who is asked next; rows of a list of facts. */
void page_chain(Html *h, const JsonNode *request, usec_t now);
/* The stage that is open; NULL when none is. */
const JsonNode *page_stage_open(const JsonNode *request);
bool page_has_stages(const JsonNode *request);
/* page_outcome.c: what happened, in a box above the request; nothing while there is nothing to say. */
void page_outcome(Html *h, const PageView *v);
/* page_form.c: the form, or why there is none. */
void page_form(Html *h, const PageView *v);
