/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * HTTP out: libcurl's multi interface in sd-event. Nothing blocks, nothing is followed or believed:
 * no redirects, no proxy from the environment, no netrc, https only (http to loopback only), an end to
 * every step and to every body (hazard H-100). The program must ignore SIGPIPE.
 */

#include <systemd/sd-event.h>

#include "common/clock.h"
#include "common/util.h"

#define FETCH_TIME (10 * USEC_PER_SEC) /* for all of one request */
#define FETCH_CONNECT_TIME (5 * USEC_PER_SEC)
#define FETCH_BODY_MAX 4096 /* of an answer; the rest is not read */
#define FETCH_RETRY_MAX USEC_PER_HOUR
#define FETCH_AT_ONCE 16 /* more wait for their turn; their time begins with it */
#define FETCH_URL_MAX 2048

/* What to send; all owned (fetch_request_done, which erases it), but given to fetch() it is its. */
typedef struct FetchRequest {
        char *url;
        char **headers; /* "Name: value"; no CR or LF in them (checked) */
        char *body;
        size_t body_size;
        char *ca_certificate; /* path of the PEM file to believe instead of the system's; NULL: those */
} FetchRequest;

void fetch_request_done(FetchRequest *r);

/* What came back; borrowed for the call. */
typedef struct FetchResult {
        int status;         /* 0: none; else the body may have been cut */
        const char *error;  /* why there is none, for people: no address, no secret; "" otherwise */
        usec_t retry_after; /* what the receiver asked for, at most FETCH_RETRY_MAX; 0: nothing */
        const char *body;
        size_t body_size;
} FetchResult;

typedef void (*FetchDone)(const FetchResult *r, void *userdata);

typedef struct Fetcher Fetcher;

int fetcher_new(sd_event *event, Fetcher **ret);
/* Ends what is under way, without calling done. */
Fetcher *fetcher_free(Fetcher *f);
DEFINE_FREE(Fetcher, fetcher_free)

/*
 * POST. done comes once, from the loop; it must not free the fetcher. Takes the contents of *r in any
 * case. -EINVAL: no URL or header to be sent; -ENOMEM.
 */
int fetch(Fetcher *f, FetchRequest *r, FetchDone done, void *userdata);
/* Whether a URL may be sent to: https, or http to a loopback address; without a user or password. */
bool fetch_url_ok(const char *url);
