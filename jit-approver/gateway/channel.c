/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kinds of channels this version serves. */

#include "jit-approver/gateway/channel.h"

static const ChannelType *const types[] = { &channel_webhook };

const ChannelType *channel_type_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                if (streq(types[i]->name, name)) {
                        return types[i];
                }
        }
        return NULL;
}

const char *const *channel_type_words(size_t *ret_n)
{
        static const char *words[ELEMENTSOF(types)];

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                words[i] = types[i]->name;
        }
        *ret_n = ELEMENTSOF(types);
        return words;
}
