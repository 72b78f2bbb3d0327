/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What faces approvers' browsers and programs: pages behind links, and a small API. Every answer about a
 * request is the approver's own; nothing is decided, kept or remembered here but how often a client
 * came with tokens that nobody knows, and hashes of those that are genuine.
 */

#include "jit-approver/gateway/config.h"
#include "jit-approver/gateway/upstream.h"

typedef struct Web Web;

/* Listens. config and upstream are borrowed for good. Errors as of http_new(). */
int web_new(sd_event *event, const WebConfig *config, Upstream *upstream, Web **ret);
/* To be freed before its Upstream. */
Web *web_free(Web *w);
DEFINE_FREE(Web, web_free)

/* Where links begin (the approver's [web] url), or NULL when that is not known; copied. */
void web_set_origin(Web *w, const char *url);
/* A link that the approver made: whoever opens it does not wait for others' tries. Not kept. */
void web_know_link(Web *w, const char *url);
/* The TCP port listened on; 0: a Unix socket. */
uint16_t web_port(const Web *w);
