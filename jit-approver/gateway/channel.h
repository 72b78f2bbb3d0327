/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A kind of channel: how a delivery becomes a message, and what its receiver's answer means. One file
 * and one ChannelType for each; deliver.c does all the rest (order, limits, what is settled how).
 */

#include "common/node.h"
#include "jit-approver/gateway/config.h"
#include "jit-approver/gateway/fetch.h"

/*
 * One delivery as the approver gave it; borrowed. Of request and grant one at least is there; events, states and
 * kinds may be newer than we are.
 */
typedef struct Delivery {
        int64_t id;
        const char *channel, *key, *event, *timestamp, *head;
        const JsonNode *request, *grant, *link;
} Delivery;

typedef struct ChannelType {
        const char *name; /* type = */
        /* Fills in a request for fetch(); now is wall time, for signatures. -ENOMEM, -EINVAL. */
        int (*compose)(const ChannelConfig *c, const Delivery *d, usec_t now, FetchRequest *ret);
        /* Whether the receiver took it; fills problem (for people, without addresses or secrets) where not. */
        bool (*judge)(const FetchResult *r, char *problem, size_t size);
} ChannelType;

extern const ChannelType channel_webhook;

/* NULL without such a type. words: for the nearest one. */
const ChannelType *channel_type_find(const char *name);
const char *const *channel_type_words(size_t *ret_n);
