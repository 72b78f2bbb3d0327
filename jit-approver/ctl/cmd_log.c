/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl log: the record, and whether it is whole. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/chain.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/rowfile.h"
#include "jit-approver/ctl/when.h"

#define LOG_FILE_MAX ((size_t) 1024 * 1024 * 1024)

static const char *arg_user, *arg_request, *arg_grant, *arg_approver, *arg_since, *arg_until;
static const char *arg_anchor, *arg_file, *arg_key;
static bool arg_verify;

static const Option options[] = {
        { "user", OPTION_TEXT, &arg_user, "U", "only what this asker did" },
        { "request", OPTION_TEXT, &arg_request, "ID", "only this request" },
        { "grant", OPTION_TEXT, &arg_grant, "ID", "only this grant" },
        { "approver", OPTION_TEXT, &arg_approver, "A", "only what this approver did" },
        { "since", OPTION_TEXT, &arg_since, "T", "from T on" },
        { "until", OPTION_TEXT, &arg_until, "T", "up to T" },
        { "verify", OPTION_FLAG, &arg_verify, NULL,
                "compute the chain of hashes of all rows anew" },
        { "anchor", OPTION_TEXT, &arg_anchor, "HASH",
                "with --verify: this hash must occur, or NUMBER:HASH" },
        { "key", OPTION_TEXT, &arg_key, "KEY",
                "with --verify: what is pruned must be signed by it" },
        { "file", OPTION_TEXT, &arg_file, "FILE", "with --verify: an exported record, - is stdin" },
        { NULL },
};

typedef struct Log {
        bool json;
        Doc doc;
        Table *table;
        Chain chain;
} Log;

static void log_done(Log *l)
{
        doc_done(&l->doc);
        chain_done(&l->chain);
        l->table = table_free(l->table);
}

/* What a terminal's width has room for comes first; what only programs want, not at all. */
static const char *const facts_first[] = { "asker", "state", "approver", "decision", "by", "note",
        "service", "target", "command", "why", "reason" };
static const char *const facts_hidden[] = { "asker_uid", "login_uid", "target_uid", "digest" };

static bool fact_in(const char *name, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(name, list[i])) {
                        return true;
                }
        }
        return false;
}

static void write_fact(FILE *f, const JsonNode *n)
{
        _cleanup_(freep) char *json = node_json(n);
        bool word = json_type(n) == JSON_STRING && !strpbrk(json_string(n), " \t\"=");

        (void) fprintf(
                f, "%s%s=%s", ftell(f) > 0 ? " " : "", json_name(n), word ? json_string(n) : json);
}

/* The event's facts as words: name=value. The caller frees. */
static char *facts_text(const JsonNode *data)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = must(open_memstream(&text, &size));
        const JsonNode *first = data ? json_first(data) : NULL;

        for (size_t i = 0; i < ELEMENTSOF(facts_first); i++) {
                for (const JsonNode *n = first; n; n = json_next(n)) {
                        if (streq(json_name(n), facts_first[i])) {
                                write_fact(f, n);
                        }
                }
        }
        for (const JsonNode *n = first; n; n = json_next(n)) {
                if (!fact_in(json_name(n), facts_first, ELEMENTSOF(facts_first)) &&
                        !fact_in(json_name(n), facts_hidden, ELEMENTSOF(facts_hidden))) {
                        write_fact(f, n);
                }
        }
        (void) fclose(f);
        return must(text);
}

static void add_row(Table *table, const JsonNode *row)
{
        _cleanup_(freep) char *facts = facts_text(node_object(row, "data"));
        const char *time = node_text(row, "time");
        char local[TIME_RFC3339_MAX], seq[24];
        usec_t at;

        (void) snprintf(seq, sizeof(seq), "%lld", (long long) node_integer(row, "seq", -1));
        if (time && time_rfc3339_parse(time, &at) >= 0) {
                /* The date always: rows of many days stand below each other. */
                time_local(at, 0, local);
                time = local;
        }
        table_add(table, (const Cell[]){
                                 { seq, STYLE_DIM },
                                 { time, STYLE_PLAIN },
                                 { node_text(row, "event"), STYLE_BOLD },
                                 { node_text(row, "request"), STYLE_PLAIN },
                                 { node_text(row, "grant"), STYLE_PLAIN },
                                 { facts, STYLE_PLAIN },
                         });
}

/* Only what will be printed is kept: a record may be large. */
static void take_row(const JsonNode *row, void *userdata)
{
        Log *l = userdata;

        if (arg_verify) {
                chain_add(&l->chain, row);
        }
        if (l->json) {
                doc_add(&l->doc, row);
        } else if (!arg_verify) {
                add_row(l->table, row);
        }
}

/* The rows out of the approver. */
static int log_fetch(const Ctl *ctl, Log *l, LogCall *call, char ret_head[static 65])
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_list(&c, "ReadLog", LOG_FIELDS, call, &call->after, "rows", take_row, l);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const char *head = node_text(c.reply.parameters, "head");
        if (!head || !chain_is_hash(head)) {
                return call_garbled(&c, "a head of the record");
        }
        memcpy(ret_head, head, 65);
        return EXIT_DONE;
}

static int log_read_file(Log *l, char ret_head[static 65])
{
        _cleanup_(closep) int fd = -1;
        _cleanup_(freep) char *text = NULL;
        size_t size;

        fd = streq(arg_file, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(arg_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        int r = fd < 0 ? -errno : read_file(fd, LOG_FILE_MAX, &text, &size);
        if (r < 0) {
                say("Failed to read '%s': %s.", safe(arg_file), strerror(-r));
                return EXIT_ERROR;
        }
        r = rowfile_read(text, take_row, l, ret_head);
        if (r < 0) {
                say("'%s' is not what 'jitctl log --verify --json' writes.", safe(arg_file));
                return EXIT_ERROR;
        }
        return EXIT_DONE;
}

static int log_verdict(Log *l, const char *head)
{
        chain_finish(&l->chain, *head ? head : NULL);
        if (*l->chain.problem) {
                say("The record is NOT whole: %s.", l->chain.problem);
                return EXIT_ERROR;
        }
        if (l->chain.attested == 0) {
                say("The record is whole: %lld rows, head %s%s.", (long long) l->chain.seq,
                        l->chain.hash, l->chain.anchor ? ", the anchor is in it" : "");
                return EXIT_DONE;
        }
        say("The record is whole: rows %lld to %lld, head %s%s.", (long long) l->chain.first,
                (long long) l->chain.seq, l->chain.hash,
                l->chain.anchor_seen ? ", the anchor is in it" : "");
        say("What was before was pruned; the checkpoint of %s covers it, signed by key %s.",
                safe(l->chain.attested_time), l->chain.attested_key);
        if (l->chain.anchor_pruned) {
                say("Row %lld, the anchor, was pruned; the checkpoint of %s covers it.",
                        (long long) l->chain.anchor_seq, safe(l->chain.attested_time));
        }
        return EXIT_DONE;
}

/* HASH, or as the journal has it (JIT_SEQ and JIT_HEAD), NUMBER:HASH. */
static int log_anchor(Chain *c)
{
        const char *colon = arg_anchor ? strchr(arg_anchor, ':') : NULL;
        const char *hash = colon ? colon + 1 : arg_anchor;
        char number[20] = "";
        uint64_t seq = 0;

        if (colon && (size_t) (colon - arg_anchor) < sizeof(number)) {
                memcpy(number, arg_anchor, (size_t) (colon - arg_anchor));
        }
        if (arg_anchor &&
                (!chain_is_hash(hash) ||
                        (colon && (parse_u64(number, INT64_MAX, &seq) < 0 || seq == 0)))) {
                return usage(
                        "--anchor '%s' is not 64 lower-case hex digits, nor those behind a row's "
                        "number and a colon.",
                        safe(arg_anchor));
        }
        chain_init(c, hash);
        c->anchor_seq = (int64_t) seq;
        c->key = arg_key;
        return EXIT_DONE;
}

static int log_time(const char *option, const char *typed, char out[static TIME_RFC3339_MAX])
{
        usec_t at;

        if (when_parse(typed, clock_usec(CLOCK_REALTIME), &at) < 0) {
                return usage("--%s '%s' is no time; 2026-11-21, '2026-11-21 15:04', yesterday "
                             "and '2h ago' are.",
                        option, safe(typed));
        }
        time_rfc3339(at, out);
        return EXIT_DONE;
}

static int log_check_options(void)
{
        bool filter =
                arg_user || arg_request || arg_grant || arg_approver || arg_since || arg_until;

        if (arg_verify && filter) {
                return usage("--verify needs every row: leave the filters out.");
        }
        if (!arg_verify && (arg_anchor || arg_file || arg_key)) {
                return usage("--anchor, --key and --file go with --verify.");
        }
        if (arg_key && !chain_is_hash(arg_key)) {
                return usage("--key '%s' is not 64 lower-case hex digits.", safe(arg_key));
        }
        return EXIT_DONE;
}

static int log_fill_call(
        LogCall *call, char since[static TIME_RFC3339_MAX], char until[static TIME_RFC3339_MAX])
{
        int r = EXIT_DONE;

        *call = (LogCall){
                .version = PROTOCOL_VERSION,
                .user = arg_user,
                .request = arg_request,
                .grant = arg_grant,
                .approver = arg_approver,
                .since = arg_since ? since : NULL,
                .until = arg_until ? until : NULL,
                .verify = arg_verify,
        };
        if (arg_since) {
                r = log_time("since", arg_since, since);
        }
        if (r == EXIT_DONE && arg_until) {
                r = log_time("until", arg_until, until);
        }
        return r;
}

static void log_print(const Ctl *ctl, Log *l, const char *head)
{
        char tail[80];

        if (ctl->json) {
                (void) snprintf(tail, sizeof(tail), "\"head\":\"%.64s\"", head);
                doc_print(&l->doc, "rows", tail);
        } else if (table_rows(l->table) > 0) {
                table_print(l->table);
        } else {
                say("The record has no such row that you may read.");
        }
}

static int run(const Ctl *ctl)
{
        static const char *const heads[] = { "ROW", "TIME", "EVENT", "REQUEST", "GRANT", "FACTS",
                NULL };
        _cleanup_(log_done) Log l = { .json = ctl->json, .table = table_new(heads) };
        char since[TIME_RFC3339_MAX], until[TIME_RFC3339_MAX], head[65] = "";
        LogCall call;

        int r = log_check_options();
        if (r == EXIT_DONE) {
                r = log_anchor(&l.chain);
        }
        if (r == EXIT_DONE) {
                r = log_fill_call(&call, since, until);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        r = arg_file ? log_read_file(&l, head) : log_fetch(ctl, &l, &call, head);
        if (r != EXIT_DONE) {
                return r;
        }
        /* Who verifies wants the verdict; the rows only as a document to hand on. */
        if (!arg_verify || ctl->json) {
                log_print(ctl, &l, *head ? head : l.chain.hash);
        }
        return arg_verify ? log_verdict(&l, head) : EXIT_DONE;
}

const Verb verb_log = {
        .name = "log",
        .synopsis = "[--user U] [--request ID] [--grant ID] [--approver A] [--since T] "
                    "[--until T]\n"
                    "jitctl log --verify [--anchor [NUMBER:]HASH] [--key KEY] [--file FILE]",
        .summary = "Read the record, or verify that it is whole",
        .notes = "T is RFC 3339, 2026-11-21, '2026-11-21 15:04', today, yesterday, -2h, '2h ago'.\n"
                 "An anchor is a head that was told earlier, in a message or the journal: only\n"
                 "with one does a record whose end was cut off show.\n",
        .options = options,
        .run = run,
};
