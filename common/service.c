/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: whoever reads rules, judges a question or edits a stack takes the same two names for one. */

#include "common/service.h"

#include "common/util.h"

static const struct {
        const char *canonical, *sibling;
} hosts[] = {
        { "sudo", "sudo-i" },
        { "su", "su-l" },
        { "runuser", "runuser-l" },
};

const char *service_canonical(const char *service)
{
        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                if (streq(service, hosts[i].sibling)) {
                        return hosts[i].canonical;
                }
        }
        return service;
}

const char *service_sibling(const char *canonical)
{
        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                if (streq(canonical, hosts[i].canonical)) {
                        return hosts[i].sibling;
                }
        }
        return NULL;
}

bool service_changes_user(const char *canonical)
{
        return service_sibling(canonical) != NULL;
}
