/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: let no value break out of its line; a number that was not answered is left out, not zero. */

#include "jit-approver/gateway/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/node.h"
#include "common/util.h"

typedef struct Metric {
        const char *member, *name, *help;
} Metric;

static const Metric gauges[] = {
        { "rules_loaded", "jit_rules_loaded", "Whether there are rules in force." },
        { "rules_problems", "jit_rules_problems",
                "What was wrong with the rules when they were read last; the old ones are in force." },
        { "record_works", "jit_record_works", "Whether the record can be read and written." },
        { "bus_works", "jit_bus_works", "Whether systemd answers." },
        { "clock_works", "jit_clock_works", "Whether the clock can be right." },
        { "pending", "jit_requests_pending", "Requests that wait for a decision." },
        { "waiting", "jit_waiting", "Commands and logins that wait." },
        { "grants", "jit_grants_active", "Grants in force." },
        { "reviews", "jit_reviews_open", "Opened without approval and not reviewed yet." },
        { "owed", "jit_messages_owed", "Messages that are yet to be delivered." },
        { "connections", "jit_connections", "Connections to the approver." },
        { "record_bytes", "jit_record_bytes", "How much of the record's file is in use." },
};

static const Metric of_channels[] = {
        { "works", "jit_channel_works",
                "Whether somebody sends on it, and the last try succeeded." },
        { "owed", "jit_channel_messages_owed", "Messages that are yet to be delivered on it." },
};

static void head(FILE *f, const char *name, const char *type, const char *help)
{
        (void) fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* false: it is no number. */
static bool value_of(const JsonNode *object, const char *member, int64_t *ret)
{
        const JsonNode *n = object ? json_get(object, member) : NULL;

        if (n && json_type(n) == JSON_BOOLEAN) {
                *ret = json_boolean(n);
                return true;
        }
        *ret = n && json_type(n) == JSON_INTEGER ? json_integer(n) : -1;
        return *ret >= 0;
}

/* As the format wants it within quotes; what does not print is left out. */
static void put_label(FILE *f, const char *text)
{
        for (const char *c = str_or(text, ""); *c; c++) {
                if (*c == '\\' || *c == '"') {
                        (void) fputc('\\', f);
                }
                if ((unsigned char) *c >= ' ' && *c != 0x7f) {
                        (void) fputc(*c, f);
                }
        }
}

static void put_one(FILE *f, const JsonNode *reply, const Metric *m)
{
        int64_t value;

        if (value_of(reply, m->member, &value)) {
                head(f, m->name, "gauge", m->help);
                (void) fprintf(f, "%s %" PRId64 "\n", m->name, value);
        }
}

/* One line for each object of an array, by the text that names it. */
static void put_each(FILE *f, const JsonNode *first, const Metric *m, const char *type,
        const char *label, const char *named_by)
{
        head(f, m->name, type, m->help);
        for (const JsonNode *n = first; n; n = json_next(n)) {
                int64_t value;

                if (node_text(n, named_by) && value_of(n, m->member, &value)) {
                        (void) fprintf(f, "%s{%s=\"", m->name, label);
                        put_label(f, node_text(n, named_by));
                        (void) fprintf(f, "\"} %" PRId64 "\n", value);
                }
        }
}

static void put_all(FILE *f, const JsonNode *reply)
{
        static const Metric events = { "count", "jit_events_total",
                "How often that happened since the approver started, as the record has it." };
        int64_t uptime = node_integer(reply, "uptime_usec", 0);

        head(f, "jit_build_info", "gauge", "The approver's version.");
        (void) fprintf(f, "jit_build_info{version=\"");
        put_label(f, node_text(reply, "version"));
        (void) fprintf(f, "\"} 1\n");
        head(f, "jit_uptime_seconds", "gauge", "How long the approver has run.");
        (void) fprintf(f, "jit_uptime_seconds %" PRId64 "\n", uptime / USEC_PER_SEC);
        for (size_t i = 0; i < ELEMENTSOF(gauges); i++) {
                put_one(f, reply, &gauges[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(of_channels); i++) {
                put_each(f, node_first(reply, "channels"), &of_channels[i], "gauge", "channel",
                        "name");
        }
        put_each(f, node_first(reply, "events"), &events, "counter", "event", "event");
}

int metrics_text(const JsonNode *reply, char **ret, size_t *ret_size)
{
        char *text = NULL;
        size_t size = 0;

        if (!node_text(reply, "version")) {
                return -EBADMSG;
        }
        FILE *f = open_memstream(&text, &size);
        if (!f) {
                return -ENOMEM;
        }
        put_all(f, reply);
        bool bad = ferror(f);
        if (fclose(f) != 0 || bad) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_size = size;
        return 0;
}
