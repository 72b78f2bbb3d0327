/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/mask.h"
#include "jit-approver/domain/rules_expression.h"
#include "tests/unit/rules_fixture.h"

/* "ghp_" and so on apart from what follows, so that nobody takes these for real ones. */
#define LETTERS "abcdefghijklmnop0123456789ABCDEFGH"
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
#define PEM                                                                                        \
        "-----BEGIN RSA "                                                                          \
        "PRIVATE KEY-----\nMIIE\nabc\n-----END RSA "                                               \
        "PRIVATE KEY-----\n"

/* Words are parted by "|" here. */
typedef struct Case {
        const char *words, *masked; /* NULL: as they were */
} Case;

static char **cut(const char *words)
{
        char **list = NULL;
        _cleanup_(freep) char *copy = strdup(words);

        for (char *s = copy, *end; s; s = end) {
                end = strchr(s, '|');
                if (end) {
                        *end++ = '\0';
                }
                ck_assert_int_eq(strv_add(&list, s), 0);
        }
        return list;
}

static char *mask(const char *words, const ExpressionList *own)
{
        _cleanup_(strv_freep) char **list = cut(words), **out = NULL;
        char *all = strdup("");

        ck_assert_int_eq(mask_words((const char *const *) list, strv_length(list), own, &out), 0);
        ck_assert_uint_eq(strv_length(out), strv_length(list));
        for (size_t i = 0; out[i]; i++) {
                _cleanup_(freep) char *old = all;

                ck_assert_int_eq(str_printf(&all, "%s%s%s", old, i > 0 ? "|" : "", out[i]), 0);
        }
        return all;
}

static void check_own(const Case *cases, size_t n, const ExpressionList *own)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *all = mask(cases[i].words, own);

                ck_assert_str_eq(all, cases[i].masked ? cases[i].masked : cases[i].words);
        }
}

static void check_all(const Case *cases, size_t n)
{
        check_own(cases, n, NULL);
}

#define RULES_WITH(patterns)                                                                       \
        "[rule r]\nservices = s\nusers = *\naction = refuse\nsecret-patterns = " patterns "\n"

START_TEST(options)
{
        static const Case cases[] = {
                { "x|--password=hunter2", "x|--password=MASKED" },
                { "x|--password|hunter2|y", "x|--password|MASKED|y" },
                { "x|--password=a b c", "x|--password=MASKED" },
                { "x|--PassWord|hunter2", "x|--PassWord|MASKED" },
                { "x|-password|hunter2", "x|-password|MASKED" },
                { "x|--db_password=hunter2", "x|--db_password=MASKED" },
                { "x|--admin-passwd|hunter2", "x|--admin-passwd|MASKED" },
                { "x|--passphrase|hunter2", "x|--passphrase|MASKED" },
                { "x|--client-secret|hunter2", "x|--client-secret|MASKED" },
                { "x|--token|hunter2", "x|--token|MASKED" },
                { "x|--api-key=hunter2", "x|--api-key=MASKED" },
                { "x|--api_key=hunter2", "x|--api_key=MASKED" },
                { "x|--apikey|hunter2", "x|--apikey|MASKED" },
                { "x|--apiKey=hunter2", "x|--apiKey=MASKED" },
                { "x|--secret-access-key|hunter2", "x|--secret-access-key|MASKED" },
                { "x|--private-key=hunter2", "x|--private-key=MASKED" },
                { "x|--credentials|hunter2", "x|--credentials|MASKED" },
                { "x|--auth|bob:hunter2", "x|--auth|MASKED" },
                { "x|--authorization=hunter2", "x|--authorization=MASKED" },
                { "x|--oauth2-bearer|hunter2", "x|--oauth2-bearer|MASKED" },
                { "openssl|rsa|-passin|pass:hunter2", "openssl|rsa|-passin|MASKED" },
                { "x|--pass|hunter2", "x|--pass|MASKED" },
                { "x|--password|", "x|--password|MASKED" },
                { "x|--password", NULL },
                { "x|--password=", NULL },
                { "x|--from-literal=password=hunter2", "x|--from-literal=password=MASKED" },
                /* what follows is an option, so the secret is asked for */
                { "x|--password|--force", NULL },
                { "x|--password|--token|hunter2", "x|--password|--token|MASKED" },
                /* where a secret is, what kind it is, that there is none */
                { "x|--password-file=/etc/x", NULL },
                { "x|--password-file|/etc/x", NULL },
                { "docker|login|--password-stdin|registry", NULL },
                { "x|--auth-type|basic", NULL },
                { "x|--no-auth|y", NULL },
                { "git|commit|--author|Bob", NULL },
                { "ssh|-o|PasswordAuthentication=no|h", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(programs)
{
        static const Case cases[] = {
                { "mysql|-uroot|-phunter2|db", "mysql|-uroot|-pMASKED|db" },
                { "/usr/bin/mysqldump|-phunter2", "/usr/bin/mysqldump|-pMASKED" },
                { "mariadb-admin|-phunter2", "mariadb-admin|-pMASKED" },
                { "env|A=b|mysqladmin|-phunter2", "env|A=b|mysqladmin|-pMASKED" },
                { "mysql|-p|db", NULL },
                { "mysql|-P|3306", NULL },
                { "curl|-u|bob:hunter2|h", "curl|-u|bob:MASKED|h" },
                { "curl|-ubob:hunter2|h", "curl|-ubob:MASKED|h" },
                { "curl|-sSu|bob:hunter2|h", "curl|-sSu|bob:MASKED|h" },
                { "curl|--user|bob:hunter2", "curl|--user|bob:MASKED" },
                { "curl|-u|bob|h", NULL },
                { "curl|-ubob|h", NULL },
                { "curl|-u|bob:|h", NULL },
                { "curl|-ux --password=hunter2", "curl|-ux --password=MASKED" },
                { "curl|-u|Bob B:hunter2|h", "curl|-u|MASKED|h" },
                { "curl|-u|x --password=hunter2", "curl|-u|x --password=MASKED" },
                { "curl|--cookie|a=b", "curl|--cookie|MASKED" },
                { "wget|--user|bob|--password|hunter2", "wget|--user|bob|--password|MASKED" },
                { "sshpass|-p|hunter2|ssh|-p|22|h", "sshpass|-p|MASKED|ssh|-p|22|h" },
                { "sshpass|-phunter2|ssh|h", "sshpass|-pMASKED|ssh|h" },
                { "sshpass|-p|-hunter2|ssh|h", "sshpass|-p|MASKED|ssh|h" },
                { "redis-cli|-a|hunter2|ping", "redis-cli|-a|MASKED|ping" },
                { "docker|login|-u|bob|-p|hunter2", "docker|login|-u|bob|-p|MASKED" },
                { "smbclient|-U|bob%hunter2", "smbclient|-U|bob%MASKED" },
                { "usermod|-p|$6$abc|bob", "usermod|-p|MASKED|bob" },
                { "7z|x|-phunter2", "7z|x|-pMASKED" },
                /* the same letters elsewhere */
                { "docker|run|-p|8080:80|nginx", NULL },
                { "docker|run|-u|1000:1000|nginx", NULL },
                { "ssh|-p|22|h", NULL },
                { "mkdir|-p|/srv/www", NULL },
                { "cp|-prv|/a|/b", NULL },
                { "tar|-xpf|a.tar", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(assignments)
{
        static const Case cases[] = {
                { "PGPASSWORD=hunter2|psql", "PGPASSWORD=MASKED|psql" },
                { "env|DB_PASS=hunter2|x", "env|DB_PASS=MASKED|x" },
                { "MYSQL_PWD=hunter2", "MYSQL_PWD=MASKED" },
                { "DBPASS=hunter2", "DBPASS=MASKED" },
                { "SSHPASS=hunter2", "SSHPASS=MASKED" },
                { "KEY=hunter2", "KEY=MASKED" },
                { "SSH_KEY=hunter2", "SSH_KEY=MASKED" },
                { "app.key=hunter2", "app.key=MASKED" },
                { "AWS_SECRET_ACCESS_KEY=hunter2", "AWS_SECRET_ACCESS_KEY=MASKED" },
                { "docker|run|-e|API_TOKEN=hunter2|x", "docker|run|-e|API_TOKEN=MASKED|x" },
                { "docker|run|-eAPI_TOKEN=hunter2|x", "docker|run|-eAPI_TOKEN=MASKED|x" },
                { "TOKEN=a b", "TOKEN=MASKED" },
                { "TOKEN+=hunter2", "TOKEN+=MASKED" },
                { "x|{\"password\":\"hunter2\"}", "x|{\"password\":MASKED" },
                { "x|{\"user\": \"bob\", \"password\": \"hunter 2\"}",
                        "x|{\"user\": \"bob\", \"password\": MASKED" },
                { "x|{\"password\" : \"hunter2\"}", NULL }, /* a guess, no parser */
                { "x|user=bob&password=hunter2", "x|user=bob&password=MASKED" },
                { "x|https://h/?token=hunter2&x=y", "x|https://h/?token=MASKED" },
                { "PWD=/root|x", NULL },
                { "OLDPWD=/root|x", NULL },
                { "key=value", NULL },
                { "sort|--key=2", NULL },
                { "MONKEY=x", NULL },
                { "BYPASS=1", NULL },
                { "PATH=/usr/bin:/bin|x", NULL },
                { "API_TOKEN_FILE=/run/x", NULL },
                { "TOKEN=", NULL },
                { "mount|-v|/etc/auth:/etc/auth", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(headers_and_urls)
{
        static const Case cases[] = {
                { "curl|-H|Authorization: Bearer hunter2", "curl|-H|Authorization: Bearer MASKED" },
                { "curl|-H|authorization: basic hunter2", "curl|-H|authorization: basic MASKED" },
                { "curl|-H|Authorization:hunter2", "curl|-H|Authorization:MASKED" },
                { "curl|-HAuthorization: Bearer hunter2", "curl|-HAuthorization: Bearer MASKED" },
                { "curl|-H|X-Vault-Token: hunter2", "curl|-H|X-Vault-Token: MASKED" },
                { "curl|-H|X-Api-Key: hunter2", "curl|-H|X-Api-Key: MASKED" },
                { "curl|-H|Cookie: a=b; c=d", "curl|-H|Cookie: MASKED" },
                { "x|Authorization:|Bearer|hunter2", "x|Authorization:|Bearer|MASKED" },
                { "x|a Bearer hunter2", "x|a Bearer MASKED" },
                { "curl|-H|Accept: text/plain|h", NULL },
                { "x|https://bob:hunter2@h/p", "x|https://bob:MASKED@h/p" },
                { "x|postgresql://bob:hunter2@h:5432/db", "x|postgresql://bob:MASKED@h:5432/db" },
                { "x|https://bob:hunt@er2@h/", "x|https://bob:MASKED@h/" },
                { "x|https://:hunter2@h/", "x|https://:MASKED@h/" },
                { "x|https://hunter2@h/", "x|https://MASKED@h/" },
                { "x|--proxy=http://bob:hunter2@h:80/|y", "x|--proxy=http://bob:MASKED@h:80/|y" },
                { "x|https://b:hunter2@h/?token=hunter3", "x|https://b:MASKED@h/?token=MASKED" },
                { "git|clone|ssh://git@h/p", NULL },
                { "npm|i|https://h:80/@scope/x", NULL },
                { "x|https://h/p?q=bob@example.org", NULL },
                { "scp|bob@h:/x|.", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(shapes)
{
        static const Case cases[] = {
                { "x|ghp_" LETTERS, "x|MASKED" },
                { "x|a,gho_" LETTERS ",b", "x|a,MASKED,b" },
                { "x|github_pat_" LETTERS "_" LETTERS, "x|MASKED" },
                { "x|glpat-" LETTERS, "x|MASKED" },
                { "x|xoxb-"
                  "1234-5678-abc",
                        "x|MASKED" },
                { "x|AKIA"
                  "ABCDEFGH01234567",
                        "x|MASKED" },
                { "x|ASIA"
                  "ABCDEFGH01234567",
                        "x|MASKED" },
                { "x|AIza" LETTERS, "x|MASKED" },
                { "x|" JWT, "x|MASKED" },
                { "x|(" JWT ")", "x|(MASKED)" },
                { "x|sk-" LETTERS, "x|MASKED" },
                { "x|sk_live_" LETTERS, "x|MASKED" },
                { "x|whsec_" LETTERS, "x|MASKED" },
                { "x|a b ghp_" LETTERS " c", "x|a b MASKED c" },
                { "x|" PEM, "x|MASKED" },
                { "x|key: " PEM, "x|key: MASKED" },
                { "x|ghp_short", NULL },
                { "x|/dev/disk-by-label-and-more-of-it", NULL },
                { "x|AKIAabcdefgh01234567", NULL },
                { "x|eyJ.txt", NULL },
                { "x|-----BEGIN CERTIFICATE-----", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(shell_strings)
{
        static const Case cases[] = {
                { "sh|-c|mysql -phunter2 db", "sh|-c|mysql -pMASKED db" },
                { "sh|-c|true;mysql -phunter2", "sh|-c|true;mysql -pMASKED" },
                { "sh|-c|$(mysql -phunter2)", "sh|-c|$(mysql -pMASKED)" }, /* ) ends any word */
                { "sh|-c|x --password hunter2 y", "sh|-c|x --password MASKED y" },
                { "sh|-c|x --password='a b' y", "sh|-c|x --password=MASKED y" },
                { "sh|-c|x --password 'a b' y", "sh|-c|x --password MASKED y" },
                { "sh|-c|x --password a\\ b y", "sh|-c|x --password MASKED y" },
                { "sh|-c|x '--password' 'a b' y", "sh|-c|x '--password' MASKED y" },
                { "sh|-c|x -p'a b' y", NULL },
                { "sh|-c|mysql -p'a b' y", "sh|-c|mysql -pMASKED y" },
                { "sh|-c|mysql '-pa b' y", "sh|-c|mysql '-pMASKED y" },
                { "bash|-lc|PGPASSWORD=hunter2 psql", "bash|-lc|PGPASSWORD=MASKED psql" },
                { "ssh|h|mysql -phunter2", "ssh|h|mysql -pMASKED" },
                { "x|--command=mysql -phunter2", "x|--command=mysql -pMASKED" },
                { "sh|-c|curl -H \"Authorization: Bearer hunter2\" h",
                        "sh|-c|curl -H \"Authorization: Bearer MASKED h" },
                { "sh|-c|curl -u bob:hunter2 h", "sh|-c|curl -u bob:MASKED h" },
                { "sh|-c|sh -c 'mysql -phunter2 db'", "sh|-c|sh -c 'mysql -pMASKED db'" },
                { "sh|-c|sh -c \"x --password 'a b' c\"", "sh|-c|sh -c \"x --password MASKED c\"" },
                { "sh|-c|sh -c \"curl -H \\\"Authorization: Bearer hunter2\\\" h\"",
                        "sh|-c|sh -c \"curl -H \\\"Authorization: Bearer MASKED h\"" },
                { "sh|-c|alias m=\"mysql --password 'a b'\"; m",
                        "sh|-c|alias m=\"mysql --password MASKED\"; m" },
                { "sh|-c|don't --password hunter2", "sh|-c|don't --password MASKED" },
                { "sh|-c|don't --password hunter2 won't", "sh|-c|don't --password MASKED won't" },
                /* what else the command does is shown */
                { "sh|-c|TOKEN=hunter2; rm -rf /", "sh|-c|TOKEN=MASKED; rm -rf /" },
                { "sh|-c|TOKEN=hunter2;rm -rf /", "sh|-c|TOKEN=MASKED;rm -rf /" },
                { "sh|-c|TOKEN='a;b'&&rm -rf /", "sh|-c|TOKEN=MASKED&&rm -rf /" },
                { "sh|-c|x --password \"a;b\" y;z", "sh|-c|x --password MASKED y;z" },
                { "sh|-c|sh -c 'TOKEN=hunter2; rm -rf /'", "sh|-c|sh -c 'TOKEN=MASKED; rm -rf /'" },
                { "sh|-c|systemctl restart nginx && echo 'it is up'", NULL },
                { "sh|-c|  a\tb\n c  ", NULL },
                { "sh|-c|", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

/* Nothing is hidden but the secret. */
START_TEST(what_runs)
{
        static const Case cases[] = {
                { "sh|-c|PASSWORD=x;rm${IFS}-rf${IFS}/",
                        "sh|-c|PASSWORD=MASKED;rm${IFS}-rf${IFS}/" },
                { "sh|-ce|TOKEN=x;rm", "sh|-ce|TOKEN=MASKED;rm" },
                { "sh|-c|--|TOKEN=x;rm", "sh|-c|--|TOKEN=MASKED;rm" },
                { "sh|-c|+e|TOKEN=x;rm", "sh|-c|+e|TOKEN=MASKED;rm" },
                { "sh|-c|TOKEN=x&rm", "sh|-c|TOKEN=MASKED&rm" },
                { "sh|-c|TOKEN=x\nrm", "sh|-c|TOKEN=MASKED\nrm" },
                { "sh|-c|TOKEN=x>/etc/passwd", "sh|-c|TOKEN=MASKED>/etc/passwd" },
                { "sh|-c|TOKEN=<(rm)", NULL },
                { "sh|-c|(TOKEN=x)&&rm", "sh|-c|(TOKEN=MASKED)&&rm" },
                { "sh|-c|env${IFS}TOKEN=x${IFS}rm", "sh|-c|env${IFS}TOKEN=MASKED${IFS}rm" },
                { "sh|-c|env$IFS'TOKEN=x'$IFS'rm'", "sh|-c|env$IFS'TOKEN=MASKED$IFS'rm'" },
                { "sh|-c|\"secret\":rm;evil", "sh|-c|\"secret\":MASKED;evil" },
                { "sh|-c|x --password; rm -rf /", NULL },
                { "sh|-c|x --password\nrm -rf /", NULL },
                { "sh|-c|x --password >/etc/passwd", NULL },
                { "sh|-c|sh -c 'TOKEN=x;rm'", "sh|-c|sh -c 'TOKEN=MASKED;rm'" },
                /* what was said last of all still is a secret */
                { "sh|-c|TOKEN=hunter2", "sh|-c|TOKEN=MASKED" },
                { "sh|-c|true;TOKEN=hunter2", "sh|-c|true;TOKEN=MASKED" },
                { "sh|-c|x;y --password 'a;b'", "sh|-c|x;y --password MASKED" },
                { "sh|-c|TOKEN=$x", "sh|-c|TOKEN=MASKED" },
                /* quotes that a shell does not take as such */
                { "sh|-c|true # --password '\nrm -rf /\n#'",
                        "sh|-c|true # --password MASKED\nrm -rf /\n#'" },
                { "sh|-c|(# --password '\nrm -rf /\n#')",
                        "sh|-c|(# --password MASKED\nrm -rf /\n#')" },
                { "sh|-c|x $'\\' --password ';rm -rf /;' '",
                        "sh|-c|x $'\\' --password MASKED;rm -rf /;' '" },
                { "sh|-c|cat <<E\n'\nE\nx --password ';rm -rf /;#'",
                        "sh|-c|cat <<E\n'\nE\nx --password MASKED;rm -rf /;#'" },
                { "sh|-c|x \"$(echo \" --password \";rm -rf /;echo \" \")\"",
                        "sh|-c|x \"$(echo \" --password MASKED;rm -rf /;echo \" \")\"" },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

/* What holds a command is not hidden as a whole, whoever gets it. */
START_TEST(substitutions)
{
        static const Case cases[] = {
                { "sh|-c|TOKEN=\"$(evil)\"", NULL },
                { "sh|-c|TOKEN=$(evil)", NULL },
                { "sh|-c|TOKEN=`evil`", NULL },
                { "sh|-c|TOKEN=$\\\n(evil)", "sh|-c|TOKEN=MASKED\n(evil)" },
                { "sh|-c|x --password \"$(evil -f)\" y", NULL },
                { "sh|-c|echo \"$(PASSWORD=x;rm${IFS}-rf)\"",
                        "sh|-c|echo \"$(PASSWORD=MASKED;rm${IFS}-rf)\"" },
                { "x|--password=$(evil)", NULL },
                { "x|--password|$\\\n(evil)", NULL },
                { "x|--password|$(evil)|y", NULL },
                { "x|--password=a b `evil`", "x|--password=MASKED b `evil`" },
                { "ssh|h|TOKEN=\"$(evil)\"", NULL },
                { "ssh|h|a $(PASSWORD=x;rm)", "ssh|h|a $(PASSWORD=MASKED;rm)" },
                { "mysql|-p$(evil)", NULL },
                { "curl|-u|bob:$(evil)", NULL },
                { "curl|-ubob:`evil`", NULL },
                { "curl|-H|Authorization: Bearer $(evil)", NULL },
                { "sshpass|-p|`evil`|ssh", NULL },
                { "x|https://bob:$(evil)@h/", NULL },
                { "x|https://`evil`@h/", NULL },
                /* the rest still goes */
                { "sh|-c|x --password hunter2 \"$(y)\"", "sh|-c|x --password MASKED \"$(y)\"" },
                { "sh|-c|mysql -p'a b' \"$(y)\"", "sh|-c|mysql -pMASKED \"$(y)\"" },
                { "sh|-c|$(PGPASSWORD=hunter2 psql)", "sh|-c|$(PGPASSWORD=MASKED psql)" },
                { "x|a=$(y)&token=hunter2", "x|a=$(y)&token=MASKED" },
                { "x|--password=$5", "x|--password=MASKED" },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(private_keys)
{
        static const Case cases[] = {
                { "sh|-c|-----BEGIN PRIVATE KEY; rm", NULL },
                { "x|-----BEGIN PRIVATE KEY", NULL },
                { "x|-----BEGIN a PRIVATE KEY-----\nMIIE", NULL },
                { "x|-----BEGIN EC PRIVATE KEY-----\nMIIE", "x|MASKED" },
                { "sh|-c|-----BEGIN PRIVATE KEY-----;rm -rf /", NULL },
                { "sh|-c|-----BEGIN PRIVATE KEY-----\nrm -rf /\n-----END PRIVATE KEY-----", NULL },
                { "sh|-c|echo \"" PEM "\" > k; rm k", "sh|-c|echo \"MASKED\n\" > k; rm k" },
                { "sh|-c|x --key=\"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                  "DEK-Info: AES-128-CBC,0A\n\nMI+/=\n-----END RSA PRIVATE KEY-----\";y",
                        "sh|-c|x --key=\"MASKED\";y" },
                { "x|" PEM "$(evil)", "x|MASKED\n$(evil)" },
                { "x|-----BEGIN PRIVATE KEY-----$(evil)", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(ordinary)
{
        static const Case cases[] = {
                { "systemctl|restart|nginx", NULL },
                { "apt-get|install|-y|passwd", NULL },
                { "passwd|bob", NULL },
                { "kubectl|get|secret|x|-o|yaml", NULL },
                { "vi|/etc/ssh/sshd_config", NULL },
                { "tail|-f|/var/log/auth.log", NULL },
                { "journalctl|-u|nginx.service|--since|1 hour ago", NULL },
                { "rsync|-avz|--delete|/a/|h:/b/", NULL },
                { "find|/|-name|*.c|-exec|grep|-l|x|{}|;", NULL },
                { "", NULL },
                { "x||y", NULL },
                { "-", NULL },
                { "--", NULL },
                { "=|:|'|\"|\\", NULL },
                { "m\u00fcller|\xff\xfe", NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}
END_TEST

/* What the rules add: all of a word, of its value, of a piece; never what runs. */
START_TEST(own_patterns)
{
        static const Case cases[] = {
                { "deploy|MYCO-7F3A", "deploy|MASKED" },
                { "deploy|--key=MYCO-7F3A", "deploy|--key=MASKED" },
                { "deploy|--x=y=MYCO-7F3A", NULL }, /* behind the first */
                { "deploy|x-MYCO-7F3A|MYCO-7F3A-x|MYCO-|myco-7F3A", NULL },
                { "deploy|a MYCO-7F3A b", "deploy|a MASKED b" },
                { "sh|-c|curl -d MYCO-7F3A h; echo 'x MYCO-7F3A'",
                        "sh|-c|curl -d MASKED h; echo 'x MASKED'" },
                { "sh|-c|KEY=MYCO-7F3A run", "sh|-c|KEY=MASKED run" },
                { "sh|-c|echo \"MYCO-7F3A\"", "sh|-c|echo \"MASKED\"" },
                { "MYCO-7F3A", "MASKED" },
                { "deploy|pin 4711", "deploy|MASKED" }, /* a word with a blank in it */
                { "deploy|pin|4711", NULL },
                /* what is a command is shown, whatever matches all of it */
                { "sh|-c|all of it; rm -rf /", NULL },
                { "sh|-c|$(all of it)", NULL },
                { "echo|all of `id`", NULL },
                { "echo|all of it", "echo|MASKED" },
                /* the built-in ones as ever */
                { "mysql|-psecret|--password|MYCO-7F3A|--token=x",
                        "mysql|-pMASKED|--password|MASKED|--token=MASKED" },
                { "x||=|a=", NULL },
        };
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules(RULES_WITH("MYCO-[A-Z0-9]+, pin [0-9]+, all of .*"));

        check_own(cases, ELEMENTSOF(cases), &rules->secret_patterns);
}
END_TEST

/* A longer word is not looked at, so that nothing takes long. */
START_TEST(own_length)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(RULES_WITH("x+"));

        for (size_t n = MATCHER_TEXT_MAX - 1; n <= MATCHER_TEXT_MAX + 1; n++) {
                char word[MATCHER_TEXT_MAX + 8] = "";
                const char *words[] = { word };
                _cleanup_(strv_freep) char **out = NULL;

                memset(word, 'x', n);
                ck_assert_int_eq(mask_words(words, 1, &rules->secret_patterns, &out), 0);
                ck_assert_int_eq(streq(out[0], MASKED), n <= MATCHER_TEXT_MAX);
        }
}
END_TEST

/* Nothing at all is a command too. */
START_TEST(none)
{
        _cleanup_(strv_freep) char **out = NULL;

        ck_assert_int_eq(mask_words(NULL, 0, NULL, &out), 0);
        ck_assert_ptr_nonnull(out);
        ck_assert_ptr_null(out[0]);
}
END_TEST

/* Long words of what could be looked at again and again; the time limit of the test is the check. */
START_TEST(long_words)
{
        static const char *const units[] = { "a=", "eyJ", "'", "\"", "\\\"", "'\\'\"", "://", "@",
                ":", "Bearer ", "Authorization: Bearer ", "-----BEGIN", "--password ", "a' ",
                "token", "`", "$(", "$\\\n", "token=$(", "${IFS", "(#", "#\n", "\"$(\"", ";",
                "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----`", "'a b'", "\\ ",
                "http://a:", "sk-", "(((", "\"'", "-p", "a ", "b;a=b;" };
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules(RULES_WITH("(a|b)*a(a|b){20}, .*x.*y.*z, (a*)*c, [a-z]+=[0-9]{8}"));
        const ExpressionList *own = &rules->secret_patterns;

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                size_t n = strlen(units[i]), size = (size_t) 64 * 1024 / n * n;
                char *word = malloc(size + 1);
                const char *words[] = { "sh", "-c", word };
                _cleanup_(strv_freep) char **out = NULL;

                ck_assert_ptr_nonnull(word);
                for (size_t at = 0; at < size; at += n) {
                        memcpy(word + at, units[i], n);
                }
                word[size] = '\0';
                ck_assert_int_eq(mask_words(words, 3, own, &out), 0);
                ck_assert_uint_eq(strv_length(out), 3);
                free(word);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("mask");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, options);
        tcase_add_test(all, programs);
        tcase_add_test(all, assignments);
        tcase_add_test(all, headers_and_urls);
        tcase_add_test(all, shapes);
        tcase_add_test(all, shell_strings);
        tcase_add_test(all, what_runs);
        tcase_add_test(all, substitutions);
        tcase_add_test(all, private_keys);
        tcase_add_test(all, ordinary);
        tcase_add_test(all, own_patterns);
        tcase_add_test(all, own_length);
        tcase_add_test(all, none);
        tcase_add_test(all, long_words);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
