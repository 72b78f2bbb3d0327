/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a path means. Paths are taken as sent: nothing in ours needs an escape. */

#include "common/id.h"

#define TOKEN_LENGTH (8 + 1 + 22) /* of an id, '-', 128 bits in base64url */

typedef enum RouteKind {
        ROUTE_NONE = 0, /* no such page */
        ROUTE_PAGE,     /* /r/TOKEN */
        ROUTE_STYLE,
        ROUTE_HEALTH,
        ROUTE_METRICS,
        ROUTE_LIST, /* /api/v1/requests */
        ROUTE_SHOW, /* /api/v1/requests/ID */
        ROUTE_DECIDE,
        ROUTE_CANCEL,
        ROUTE_REVIEW, /* /api/v1/reviews/ID, which no link may */
} RouteKind;

typedef struct Route {
        RouteKind kind;
        bool api;          /* errors are JSON; so below /api whatever else follows */
        const char *token; /* of ROUTE_PAGE: what stands there, borrowed, not checked */
        char id[ID_SIZE]; /* of ROUTE_SHOW, _DECIDE, _CANCEL: an id or its beginning, canonical; "": none */
} Route;

Route route_find(const char *path, const char *style_path);
/* "GET, HEAD"; NULL when the method may be used. */
const char *route_refuses(const Route *r, const char *method);
/* Whether it looks like one of ours, so that the approver need not be asked about what cannot be. */
bool token_is_whole(const char *token);
