/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines on terminals, by way of systemd. MUST: let no text through that does more to a terminal than be
 * read; name nothing but a terminal to systemd.
 */

#include "jit-approver/daemon/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/util.h"

#define LINE_MAX_SHOWN 400
#define WRITE_TIME (2 * USEC_PER_SEC)

struct Terminals {
        Bus *bus; /* borrowed */
        unsigned count;
};

int terminals_new(Bus *bus, Terminals **ret)
{
        Terminals *t = calloc(1, sizeof(*t));

        if (!t) {
                return -ENOMEM;
        }
        t->bus = bus;
        *ret = t;
        return 0;
}

Terminals *terminals_free(Terminals *t)
{
        free(t);
        return NULL;
}

static bool is_number(const char *s)
{
        size_t n = strspn(s, "0123456789");

        return n > 0 && n < 8 && s[n] == '\0';
}

/* "/dev/pts/3", "pts/3", "tty1", "ttyS0": its path. false: that is no terminal. */
static bool terminal_path(const char *tty, char out[static 32])
{
        if (strncmp(tty, "/dev/", 5) == 0) {
                tty += 5;
        }
        bool good = (strncmp(tty, "pts/", 4) == 0 && is_number(tty + 4)) ||
                    (strncmp(tty, "ttyS", 4) == 0 && is_number(tty + 4)) ||
                    (strncmp(tty, "tty", 3) == 0 && is_number(tty + 3));
        if (good) {
                (void) snprintf(out, 32, "/dev/%s", tty);
        }
        return good;
}

typedef struct Writing {
        const char *path, *user, *text;
} Writing;

static int append_data(sd_bus_message *m, const char *text)
{
        int r = sd_bus_message_open_container(m, 'r', "sv");

        if (r >= 0) {
                r = sd_bus_message_append(m, "s", "StandardInputData");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(m, 'v', "ay");
        }
        if (r >= 0) {
                r = sd_bus_message_append_array(m, 'y', text, strlen(text));
        }
        if (r >= 0) {
                r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int writing_properties(sd_bus_message *m, void *userdata)
{
        const Writing *w = userdata;
        int r = append_data(m, w->text);

        return r < 0 ? r
                     : sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)",
                               "Description", "s", "A word of jit-approver to a terminal", "Type",
                               "s", "oneshot", "User", "s", w->user, "StandardInput", "s", "data",
                               "StandardOutput", "s", "tty", "TTYPath", "s", w->path,
                               "TimeoutStartUSec", "t", (uint64_t) WRITE_TIME, "ExecStart",
                               "a(sasb)", 1, "/bin/cat", 1, "/bin/cat", 0, "CollectMode", "s",
                               "inactive-or-failed");
}

void terminal_tell(Terminals *t, const char *tty, const char *user, const char *text)
{
        char path[32], unit[64], safe[LINE_MAX_SHOWN], all[LINE_MAX_SHOWN + 8];
        Writing w = { path, user, all };
        const TransientUnit service = { unit, writing_properties, &w };

        if (str_empty(tty) || str_empty(user) || !terminal_path(tty, path)) {
                return;
        }
        text_clean(safe, sizeof(safe), text, strlen(text));
        (void) snprintf(all, sizeof(all), "\r\n%s\r\n", safe);
        (void) snprintf(unit, sizeof(unit), "jit-tell-%u.service", ++t->count);
        (void) bus_start_transient(t->bus, &service, NULL, WRITE_TIME, NULL, NULL, NULL);
}
