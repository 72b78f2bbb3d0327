/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person sees: the request first, the decision second. Whole documents, without any script. */

#include "common/clock.h"
#include "common/node.h"
#include "jit-approver/gateway/form.h"
#include "jit-approver/gateway/refusal.h"

typedef struct PageView {
        const JsonNode *page;   /* a Page of the approver */
        const char *given;      /* "approve" or "deny", when it was taken just now */
        const Refusal *refusal; /* or why it was not */
        const Form *tried;      /* with refusal: what was sent, to be mended; or NULL */
        const char *style;      /* path of the stylesheet */
        usec_t now;             /* wall time */
} PageView;

/* -ENOMEM, -EBADMSG: what the approver sent is no Page. */
int page_request(const PageView *v, char **ret, size_t *ret_size);
/* Where there is no request to show. -ENOMEM. */
int page_refusal(const Refusal *r, const char *style, char **ret, size_t *ret_size);

/* The stylesheet, and its path, which changes with it. */
extern const char page_style_text[] __attribute__((visibility("hidden")));
size_t page_style_size(void);
const char *page_style_path(void);
