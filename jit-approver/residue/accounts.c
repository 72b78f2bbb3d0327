/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trusts no line: whoever was root wrote it. */

#include "jit-approver/residue/accounts.h"

#include <stdio.h>

#include "common/util.h"

#define FIELD_ID 2
#define FIELD_HOME 5

/* Field i of the line, between its colons; false: it has none. */
static bool field(const Account *a, size_t i, const char **ret, size_t *ret_n)
{
        const char *p = a->line, *end = a->line + a->n;

        for (; i > 0; i--) {
                p = memchr(p, ':', (size_t) (end - p));
                if (!p) {
                        return false;
                }
                p++;
        }
        const char *colon = memchr(p, ':', (size_t) (end - p));
        *ret = p;
        *ret_n = (size_t) ((colon ? colon : end) - p);
        return true;
}

static bool field_copy(const Account *a, size_t i, char *out, size_t size)
{
        const char *p;
        size_t n;

        if (!field(a, i, &p, &n) || n >= size) {
                return false;
        }
        memcpy(out, p, n);
        out[n] = '\0';
        return true;
}

bool account_next(const char **at, Account *ret)
{
        while (**at) {
                Account a = { .line = *at, .n = strcspn(*at, "\n") };
                char id[16];

                *at += a.n + ((*at)[a.n] == '\n');
                a.n_name = strcspn(a.line, ":\n");
                if (a.n_name > 0 && a.n_name < a.n && field_copy(&a, FIELD_ID, id, sizeof(id))) {
                        uint64_t value = UID_UNSET;
                        (void) parse_u64(id, UINT32_MAX, &value);
                        a.id = (uid_t) value;
                        *ret = a;
                        return true;
                }
        }
        return false;
}

bool account_home(const Account *a, char *out, size_t size)
{
        return field_copy(a, FIELD_HOME, out, size) && out[0] == '/' && out[1] != '\0';
}

void account_name(const char *passwd, uid_t uid, char out[static ACCOUNT_NAME_MAX])
{
        Account a;

        while (passwd && account_next(&passwd, &a)) {
                if (a.id == uid && field_copy(&a, 0, out, ACCOUNT_NAME_MAX)) {
                        return;
                }
        }
        (void) snprintf(out, ACCOUNT_NAME_MAX, "#%u", (unsigned) uid);
}
