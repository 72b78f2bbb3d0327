/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What programs get: the approver's own objects, and errors as {"error":{"code","message"}}. */

#include "common/node.h"
#include "jit-approver/gateway/refusal.h"

/* The token of an Authorization header (may be NULL), borrowed; NULL without one. */
const char *api_bearer(const char *authorization);
/* Whether a header Content-Type (may be NULL) is this media type, whatever its parameters. */
bool api_is_type(const char *header, const char *type);
/* Whether the request of a Page is the one an id or its beginning names. */
bool api_names(const JsonNode *page, const char *id);

/* All: -ENOMEM, -EMSGSIZE, -EBADMSG (no Page). */
int api_list(const JsonNode *page, char **ret, size_t *ret_size);
/* The request, and how the holder of the token stands to it. Never `form`: that is for browsers. */
int api_object(const JsonNode *page, char **ret, size_t *ret_size);
int api_error(const Refusal *r, char **ret, size_t *ret_size);
