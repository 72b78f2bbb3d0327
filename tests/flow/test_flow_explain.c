/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What Explain tells is what happens. */

#include "tests/flow/world.h"

static const char more[] =
        "[access]\nadmins = root, adm\nauditors = aud\n"
        "[approver bob]\nuser = bob\n[approver carol]\nuser = carol\n"
        "[group oncall]\nmembers = bob, carol\n"
        "[channel room]\naudience = shared\n[web]\nurl = https://x\n"
        "[rule free]\nservices = cron\nusers = *\naction = allow\n"
        "[rule ls]\nservices = sudo\nusers = *\ntargets = root\ncommands = /bin/ls *\n"
        "action = allow\n"
        "[rule no]\nservices = sudo\nusers = eve\naction = refuse\n"
        "[rule ask]\nservices = sudo\nusers = dev, bob\ntargets = root\naction = ask\n"
        "approvers = oncall then @sre\nescalate = after 2m to carol\nreason-pattern = OPS-[0-9]+\n"
        "scope = command\nmatch-code = on\nassurance = local\nwarn-before = 3m\nrate = 5/h\n"
        "notify = room\nextend = no\nduration = 10m\n";

static const JsonNode *explain(
        uid_t by, const char *user, const char *service, const char *target, const char *command)
{
        const char *words[] = { command };
        ExplainCall call = { PROTOCOL_VERSION, user, service, target, { words, command ? 1 : 0 } };
        Client *c = client_new(by, by);

        say(c, "Explain", EXPLAIN_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        return object(c, "explanation");
}

/* "a b c" of an array of texts, or of the approvers of an array of stages. */
static const char *joined(const JsonNode *o, const char *name, char out[static 128])
{
        const JsonNode *list = json_get(o, name);

        out[0] = '\0';
        for (const JsonNode *n = list ? json_first(list) : NULL; n; n = json_next(n)) {
                char inner[128];
                const char *word = json_type(n) == JSON_STRING ? json_string(n)
                                                               : joined(n, "approvers", inner);

                (void) snprintf(
                        out + strlen(out), 128 - strlen(out), "%s%s", *out ? " " : "", word);
        }
        return out;
}

START_TEST(of_one_who_asks)
{
        const JsonNode *e = explain(AUD, "dev", "sudo", "root", "id");
        char out[128];

        ck_assert_str_eq(text_of(e, "verdict"), "ask");
        ck_assert_str_eq(text_of(e, "user"), "dev");
        ck_assert_str_eq(text_of(e, "target"), "root");
        ck_assert_str_eq(text_of(e, "rule"), "ask");
        ck_assert_ptr_nonnull(strstr(text_of(e, "place"), ":"));
        ck_assert_str_eq(joined(e, "stages", out), "bob carol @sre");
        ck_assert_str_eq(joined(e, "escalations", out), "carol");
        ck_assert_str_eq(text_of(json_first(json_get(e, "escalations")), "after"), "2m");
        ck_assert_str_eq(joined(e, "warn_before", out), "3m");
        ck_assert_str_eq(joined(e, "notify", out), "room");
        ck_assert_str_eq(text_of(e, "duration"), "10m");
        ck_assert_str_eq(text_of(e, "max_duration"), "4h");
        ck_assert_str_eq(text_of(e, "reason_pattern"), "OPS-[0-9]+");
        ck_assert_str_eq(text_of(e, "scope"), "command");
        ck_assert_str_eq(text_of(e, "assurance"), "local");
        ck_assert_str_eq(text_of(e, "rate"), "5/1h");
        ck_assert_str_eq(text_of(e, "extend"), "no");
        const JsonNode *n = json_first(json_get(e, "passed"));
        static const char *const passed[][2] = { { "free", "service" }, { "ls", "command" },
                { "no", "user" } };
        for (size_t i = 0; i < ELEMENTSOF(passed); i++, n = json_next(n)) {
                ck_assert_str_eq(text_of(n, "rule"), passed[i][0]);
                ck_assert_str_eq(text_of(n, "why"), passed[i][1]);
        }
        ck_assert_ptr_null(n);
}
END_TEST

/* The asker is no approver, and where the rules stand is not for everybody. */
START_TEST(of_oneself)
{
        const JsonNode *e = explain(BOB, NULL, NULL, NULL, NULL);
        char out[128];

        ck_assert_str_eq(text_of(e, "user"), "bob");
        ck_assert_str_eq(text_of(e, "service"), "sudo");
        ck_assert_str_eq(joined(e, "stages", out), "carol @sre");
        ck_assert_str_eq(text_of(e, "place"), "");
        e = explain(BOB, "bob", "sudo-i", "root", "id");
        ck_assert_str_eq(text_of(e, "rule"), "ask");
        ck_assert_str_eq(text_of(e, "service"), "sudo");
}
END_TEST

/* Every question, asked and explained. */
START_TEST(is_what_happens)
{
        static const uid_t askers[] = { DEV, BOB, EVE, DAVE };
        static const char *const services[] = { "sudo", "su", "cron", "sshd" };
        static const char *const targets[] = { "root", "carol" };
        static const char *const commands[] = { "id", "/bin/ls", "ls" };
        static const char *const verdicts[][2] = { { "ask", VERDICT_ASK },
                { "allow", VERDICT_PASS }, { "refuse", VERDICT_DENY } };
        int seen[ELEMENTSOF(verdicts)] = { 0 };

        for (int i = 0; i < 4 * 4 * 2 * 3; i++) {
                uid_t asker = askers[i % 4];
                const char *service = services[i / 4 % 4], *target = targets[i / 16 % 2];
                const char *command = commands[i / 32];
                const char *verdict = check_ask(ROOT, ask_of(asker, service, target, command));
                const JsonNode *e = explain(ADM, name_of(asker), service, target, command);
                bool found = false;

                for (size_t k = 0; k < ELEMENTSOF(verdicts); k++) {
                        if (streq(verdict, verdicts[k][1])) {
                                ck_assert_msg(streq(text_of(e, "verdict"), verdicts[k][0]),
                                        "%s by %s to %s, %s: %s", service, name_of(asker), target,
                                        command, text_of(e, "verdict"));
                                seen[k]++;
                                found = true;
                        }
                }
                ck_assert(found);
                clients_close();
        }
        ck_assert(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}
END_TEST

START_TEST(of_root)
{
        ck_assert_str_eq(text_of(explain(ADM, "root", "sudo", "root", "id"), "verdict"), "exempt");
        ck_assert_str_eq(text_of(explain(ADM, "root", "cron", NULL, NULL), "verdict"), "allow");
        ck_assert_str_eq(text_of(explain(ADM, "root", "sshd", NULL, NULL), "verdict"), "refuse");
}
END_TEST

START_TEST(without_rules)
{
        ExplainCall call = { .version = PROTOCOL_VERSION };

        world_close();
        world_open_with("[rule x]\n");
        Client *c = client_new(ROOT, UID_UNSET);
        say(c, "Explain", EXPLAIN_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "Refused");
        ck_assert_str_eq(text(c, "code"), "rules");
}
END_TEST

static void open_world(void)
{
        world_open_with(more);
}

static Suite *suite(void)
{
        Suite *s = suite_create("explain");
        TCase *t = tcase_create("explain");

        tcase_add_checked_fixture(t, open_world, world_close);
        tcase_set_timeout(t, 30);
        tcase_add_test(t, of_one_who_asks);
        tcase_add_test(t, of_oneself);
        tcase_add_test(t, is_what_happens);
        tcase_add_test(t, of_root);
        tcase_add_test(t, without_rules);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}
