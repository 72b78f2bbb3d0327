/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: the page's own `form` value is the proof; this only turns away what a browser itself calls foreign. */

#include "jit-approver/gateway/origin.h"

#include <errno.h>
#include <strings.h>

int origin_of(const char *url, char **ret)
{
        const char *host = strstr(url, "://");

        if (!host || host == url) {
                return -EINVAL;
        }
        host += strlen("://");
        size_t n = strcspn(host, "/?#");
        if (n == 0) {
                return -EINVAL;
        }
        char *origin = strndup(url, (size_t) (host - url) + n);
        if (!origin) {
                return -ENOMEM;
        }
        *ret = origin;
        return 0;
}

bool origin_ok(const Origin *o, const char *own, bool null_ok)
{
        if (o->fetch_site && !streq(o->fetch_site, "same-origin") &&
                !streq(o->fetch_site, "none")) {
                return false;
        }
        if (!o->origin) {
                return true;
        }
        if (streq(o->origin, "null")) {
                return null_ok;
        }
        if (own && strcasecmp(o->origin, own) == 0) {
                return true;
        }
        /* Behind a proxy that passes Host on, or without one. */
        const char *host = strstr(o->origin, "://");
        return host && o->host && strcasecmp(host + strlen("://"), o->host) == 0;
}
