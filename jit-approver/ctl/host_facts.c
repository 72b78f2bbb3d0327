/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of a file that was not read nothing is said here: who must tell that from its silence asks host_unseen(). */

#include "jit-approver/ctl/host_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/stack.h"

bool host_gates(const Host *h, const char *service)
{
        return stack_gates(h->pam, h->n_pam, service);
}

bool host_gates_any(const Host *h)
{
        for (size_t i = 0; i < h->n_pam; i++) {
                if (host_gates(h, h->pam[i].service)) {
                        return true;
                }
        }
        return false;
}

/* The n-th word of a line that ':' parts, into out. False: there are fewer, or it is too long. */
static bool take_field(const char *line, size_t n, char *out, size_t size)
{
        size_t length;

        for (; n > 0; n--) {
                line += strcspn(line, ":\n");
                if (*line != ':') {
                        return false;
                }
                line++;
        }
        length = strcspn(line, ":\n");
        if (length >= size) {
                return false;
        }
        memcpy(out, line, length);
        out[length] = '\0';
        return true;
}

const char *host_next_line(const char *s)
{
        s += strcspn(s, "\n");
        return *s ? s + 1 : NULL;
}

Ternary host_root_password(const Host *h)
{
        char name[8], hash[512];
        size_t at = 0;

        for (const char *s = host_text(h, HOST_SHADOW, &at); s; s = host_next_line(s)) {
                if (take_field(s, 0, name, sizeof(name)) && streq(name, "root") &&
                        take_field(s, 1, hash, sizeof(hash))) {
                        return *hash == '!' || *hash == '*' ? TERNARY_NO : TERNARY_YES;
                }
        }
        return TERNARY_UNKNOWN;
}

void host_sshd(const Host *h, const char *key, const char *otherwise, char *out, size_t size)
{
        size_t at = 0, n = strlen(key);

        (void) snprintf(out, size, "%s", otherwise);
        for (const char *s = host_text(h, HOST_SSHD, &at); s; s = host_next_line(s)) {
                if (strncasecmp(s, key, n) == 0 && strchr(" \t=", s[n])) {
                        s += n + strspn(s + n, " \t=\"");
                        (void) snprintf(out, size, "%.*s", (int) strcspn(s, " \t\"\r\n#"), s);
                        return;
                }
        }
}

bool host_ssh_root(const Host *h)
{
        char permit[32];
        size_t at = 0;
        const char *keys;

        host_sshd(h, "PermitRootLogin", "prohibit-password", permit, sizeof(permit));
        if (!host_program(h, "sshd") || strcasecmp(permit, "no") == 0) {
                return false;
        }
        if (strcasecmp(permit, "yes") == 0 && host_root_password(h) == TERNARY_YES) {
                return true;
        }
        keys = host_text(h, HOST_KEYS, &at);
        for (; keys; keys = host_next_line(keys)) {
                keys += strspn(keys, " \t");
                if (*keys && *keys != '#' && *keys != '\n') {
                        return true;
                }
        }
        return false;
}

bool host_doas_permits(const Host *h)
{
        size_t at = 0;

        for (const char *s = host_text(h, HOST_DOAS, &at); s; s = host_next_line(s)) {
                if (strncmp(s + strspn(s, " \t"), "permit", 6) == 0) {
                        return true;
                }
        }
        return false;
}

void list_add(char **list, const char *name, size_t n)
{
        char *more = NULL;

        for (const char *s = *list; s && *s; s += strspn(s, ", ")) {
                size_t length = strcspn(s, ",");

                if (length == n && strncmp(s, name, n) == 0) {
                        return;
                }
                s += length;
        }
        (void) must(str_printf(&more, "%s%s%.*s", str_or(*list, ""), *list ? ", " : "", (int) n,
                            name) < 0
                            ? NULL
                            : more);
        free(*list);
        *list = more;
}

char *host_members(const Host *h, const char *group, const char *gid)
{
        char name[256], number[32], users[4096], id[32];
        _cleanup_(freep) char *found = NULL;
        size_t at = 0;

        for (const char *s = host_text(h, HOST_GROUP, &at); s; s = host_next_line(s)) {
                if (!take_field(s, 0, name, sizeof(name)) || !take_field(s, 2, id, sizeof(id)) ||
                        !(group ? streq(name, group) : streq(id, gid))) {
                        continue;
                }
                (void) snprintf(number, sizeof(number), "%s", id);
                gid = number;
                if (!take_field(s, 3, users, sizeof(users))) { /* more than are worth a list */
                        return must(strdup("many"));
                }
                for (const char *u = users; *u; u += strspn(u, ",")) {
                        size_t n = strcspn(u, ",");

                        if (!(n == 4 && strncmp(u, "root", 4) == 0)) {
                                list_add(&found, u, n);
                        }
                        u += n;
                }
        }
        at = 0;
        for (const char *s = gid ? host_text(h, HOST_PASSWD, &at) : NULL; s;
                s = host_next_line(s)) {
                if (take_field(s, 3, id, sizeof(id)) && streq(id, gid) &&
                        take_field(s, 2, id, sizeof(id)) && !streq(id, "0") &&
                        take_field(s, 0, name, sizeof(name))) {
                        list_add(&found, name, strlen(name));
                }
        }
        return TAKE_PTR(found);
}
