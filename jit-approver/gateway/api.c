/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Objects go out as the approver made them. MUST: of a Page, no member that is not named here. */

#include "jit-approver/gateway/api.h"
#include "jit-approver/gateway/inert.h"

#include <errno.h>
#include <strings.h>

#include "common/util.h"

const char *api_bearer(const char *authorization)
{
        static const char scheme[] = "Bearer ";
        size_t n = strlen(scheme);

        if (!authorization || strncasecmp(authorization, scheme, n) != 0) {
                return NULL;
        }
        return authorization + n + strspn(authorization + n, " ");
}

bool api_is_type(const char *header, const char *type)
{
        size_t n = strlen(type);

        if (!header || strncasecmp(header, type, n) != 0) {
                return false;
        }
        header += n + strspn(header + n, " \t");
        return *header == '\0' || *header == ';';
}

bool api_names(const JsonNode *page, const char *id)
{
        const char *whole = node_text(node_object(page, "request"), "id");

        return whole && *id && strncmp(whole, id, strlen(id)) == 0;
}

int api_list(const JsonNode *page, char **ret, size_t *ret_size)
{
        const JsonNode *request = node_object(page, "request");
        JsonWriter w = { 0 };

        if (!request) {
                return -EBADMSG;
        }
        json_open_object(&w, NULL);
        json_open_array(&w, "requests");
        inert_put(&w, NULL, request);
        json_close_array(&w);
        json_close_object(&w);
        return json_writer_finish(&w, ret, ret_size);
}

int api_object(const JsonNode *page, char **ret, size_t *ret_size)
{
        static const char *const members[] = { "request", "approver", "standing", "match_code",
                "vote", "durations" };
        JsonWriter w = { 0 };

        if (!node_object(page, "request")) {
                return -EBADMSG;
        }
        json_open_object(&w, NULL);
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const JsonNode *n = json_get(page, members[i]);

                if (n) {
                        inert_put(&w, members[i], n);
                }
        }
        json_close_object(&w);
        return json_writer_finish(&w, ret, ret_size);
}

int api_error(const Refusal *r, char **ret, size_t *ret_size)
{
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_open_object(&w, "error");
        json_put_string(&w, "code", r->code);
        json_put_string(&w, "message", r->message);
        json_close_object(&w);
        json_close_object(&w);
        return json_writer_finish(&w, ret, ret_size);
}
