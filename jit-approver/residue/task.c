/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/residue/task.h"

#include <errno.h>
#include <stdlib.h>

#include "common/client.h"
#include "common/node.h"
#include "common/util.h"

#define CALL_TIMEOUT (8 * USEC_PER_SEC)

static void client_cleanup(Client *c)
{
        client_done(c);
}

static int call(Client *c, const char *socket, uid_t server_uid, const char *method,
        const Field *fields, const void *in, Message *ret)
{
        usec_t deadline = usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT);

        int r = client_connect(c, socket, server_uid, deadline);
        if (r >= 0) {
                r = client_send(c, method, fields, in, 0, deadline);
        }
        if (r >= 0) {
                r = client_receive(c, deadline, -1, ret);
        }
        if (r < 0 || !ret->error) {
                return r;
        }
        return streq(ret->error, PROTOCOL_INTERFACE ".NotFound") ||
                               streq(ret->error, PROTOCOL_INTERFACE ".Over")
                       ? -ENOENT
                       : -EREMOTEIO;
}

static int read_units(const JsonNode *array, char ***ret)
{
        int r = 0;

        for (const JsonNode *n = array ? json_first(array) : NULL; n && r >= 0; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        r = strv_add(ret, json_string(n));
                }
        }
        return r;
}

static int task_read(const JsonNode *p, Task *t)
{
        const char *state = node_text(p, "state"), *from = node_text(p, "from");

        if (!state || !from || time_rfc3339_parse(from, &t->from) < 0) {
                return -EBADMSG;
        }
        t->active = streq(state, "active");
        t->asker = (uid_t) node_integer(p, "asker_uid", UID_UNSET);
        t->target = (uid_t) node_integer(p, "target_uid", UID_UNSET);
        return read_units(node_array(p, "units"), &t->units);
}

int task_get(const char *socket, uid_t server_uid, const char *grant, Task *ret)
{
        _cleanup_(client_cleanup) Client c = CLIENT_NONE;
        const IdCall in = { .version = PROTOCOL_VERSION, .id = grant };
        Message reply = { 0 };
        Task t = { 0 };

        int r = call(&c, socket, server_uid, "TakeResidue", ID_FIELDS, &in, &reply);
        if (r >= 0) {
                r = task_read(reply.parameters, &t);
        }
        if (r < 0) {
                task_done(&t);
                return r;
        }
        *ret = t;
        return 0;
}

void task_done(Task *t)
{
        strv_free(t->units);
        *t = (Task){ 0 };
}

int task_deliver(const char *socket, uid_t server_uid, const char *grant, const Report *r)
{
        _cleanup_(client_cleanup) Client c = CLIENT_NONE;
        const ResidueCall in = {
                .version = PROTOCOL_VERSION,
                .id = grant,
                .lines = { (const char **) r->lines, strv_length(r->lines) },
                .found = r->found,
                .cut_short = r->cut_short,
        };
        Message reply = { 0 };

        return call(&c, socket, server_uid, "AddResidue", RESIDUE_FIELDS, &in, &reply);
}
