/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A message as either side reads it: the envelope, then its parameters by every table. What is read
 * can be written, and what is written reads the same.
 */

#include <stdlib.h>

#include "common/protocol.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef union Any {
        Ask ask;
        Answer answer;
        CheckCall check;
        RequestCall request;
        WaitCall wait;
        ExemptCall exempt;
        IdCall id;
        DecideCall decide;
        ListCall list;
        RevokeCall revoke;
        GrantCall grant;
        LogCall log;
        BackupCall backup;
        ReportCall report;
        ResidueCall residue;
        ExplainCall explain;
        ExtendCall extend;
} Any;

static char *write_out(const Field *fields, const void *value, size_t *ret_size)
{
        JsonWriter w = { 0 };
        char *text = NULL;

        json_open_object(&w, NULL);
        fields_write(fields, value, &w);
        json_close_object(&w);
        int r = json_writer_finish(&w, &text, ret_size);
        CHECK(r == 0 || r == -90 /* EMSGSIZE: escapes may swell */ || r == -12);
        return r == 0 ? text : NULL;
}

static void round_trip(const Field *fields, const Any *value)
{
        size_t size, again_size;
        _cleanup_(freep) char *text = write_out(fields, value, &size);
        _cleanup_(json_freep) Json *j = NULL;
        Any again;

        if (!text || json_parse(text, size, &j) < 0) {
                return; /* too large now; checked above and by fuzz_json */
        }
        CHECK(fields_read(fields, json_root(j), &again, NULL) == 0);
        _cleanup_(freep) char *again_text = write_out(fields, &again, &again_size);
        CHECK(again_text && again_size == size && memcmp(text, again_text, size) == 0);
        fields_done(fields, &again);
}

static void read_parameters(const JsonNode *parameters)
{
        static const Field *const tables[] = { ASK_FIELDS, ANSWER_FIELDS, CHECK_FIELDS,
                REQUEST_FIELDS, WAIT_FIELDS, EXEMPT_FIELDS, ID_FIELDS, DECIDE_FIELDS, LIST_FIELDS,
                REVOKE_FIELDS, GRANT_FIELDS, LOG_FIELDS, BACKUP_FIELDS, REPORT_FIELDS,
                RESIDUE_FIELDS, EXPLAIN_FIELDS, EXTEND_FIELDS };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                const char *bad = NULL;
                Any value;

                int r = fields_read(tables[i], parameters, &value, &bad);
                CHECK(r == 0 || r == -12 || bad);
                if (r == 0) {
                        round_trip(tables[i], &value);
                        fields_done(tables[i], &value);
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(json_freep) Json *j = NULL;
        Message m;

        if (json_parse((const char *) data, size, &j) < 0) {
                return 0;
        }
        if (message_read_call(j, &m) == 0) {
                CHECK(m.method && !m.error && !m.continues && !(m.more && m.oneway));
                read_parameters(m.parameters);
        }
        if (message_read_reply(j, &m) == 0) {
                CHECK(!m.method && !m.more && !m.oneway && !(m.error && m.continues));
                read_parameters(m.parameters);
        }
        return 0;
}
