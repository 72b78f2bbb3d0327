/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether a browser sends a request from our own pages, by what it says about that itself (hazard H-64). */

#include "common/util.h"

/* What the request says; NULL where it says nothing, which programs do and old browsers. */
typedef struct Origin {
        const char *fetch_site; /* Sec-Fetch-Site */
        const char *origin;     /* Origin */
        const char *host;       /* Host */
} Origin;

/*
 * own: "https://host:port" as links begin, or NULL when that is not known. null_ok: "null" is as good as
 * none; our pages send it because they tell nobody where they are.
 */
bool origin_ok(const Origin *o, const char *own, bool null_ok);
/* The scheme, host and port of an URL, without what follows. -EINVAL, -ENOMEM. */
int origin_of(const char *url, char **ret);
