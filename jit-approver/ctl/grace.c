/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: what sshd does not say is not taken for granted; then we do not wait. */

#include "jit-approver/ctl/grace.h"

#include <stdio.h>
#include <strings.h>

#include "common/util.h"

#define WAIT_MOST 75
#define SPARE 30     /* for the rest of the login */
#define WAIT_LEAST 5 /* under that it is no wait */

/* What follows a keyword at the beginning of a line; "" where it is not there. */
static void value_of(const char *text, const char *key, char *out, size_t size)
{
        size_t n = strlen(key);

        out[0] = '\0';
        for (const char *s = text; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
                if (strncasecmp(s, key, n) == 0 && s[n] == ' ') {
                        (void) snprintf(
                                out, size, "%.*s", (int) strcspn(s + n + 1, " \r\n"), s + n + 1);
                        return;
                }
        }
}

static bool is_yes(const char *text, const char *key)
{
        char value[16];

        value_of(text, key, value, sizeof(value));
        return strcasecmp(value, "yes") == 0;
}

void grace_read(const char *text, Grace *ret)
{
        char value[24];
        uint64_t seconds = 0;

        value_of(text, "logingracetime", value, sizeof(value));
        *ret = (Grace){
                .known = parse_u64(value, 1000000, &seconds) == 0,
                .use_pam = is_yes(text, "usepam"),
                .keyboard = is_yes(text, "kbdinteractiveauthentication"),
        };
        ret->seconds = (int64_t) seconds;
        int64_t wait = seconds == 0 ? WAIT_MOST : MIN(ret->seconds - SPARE, (int64_t) WAIT_MOST);
        if (!ret->known || wait < WAIT_LEAST) {
                (void) snprintf(ret->argument, sizeof(ret->argument), "nowait");
        } else {
                (void) snprintf(
                        ret->argument, sizeof(ret->argument), "wait=%llds", (long long) wait);
        }
}
