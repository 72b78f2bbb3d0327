/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gateway.conf. MUST: accept nothing this version does not know and fully obey; go on after a mistake,
 * so that all of them are told; hand out a configuration only when nothing at all was wrong; tell no
 * secret, and no URL, which may be one.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

#include "common/conf.h"
#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/config.h"
#include "jit-approver/gateway/credential.h"

#define CHANNELS_MAX 64
#define NAME_MAX_BYTES 64
#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8480

typedef enum SectionKind {
        SECTION_NONE, /* what follows belongs to nothing we know, which has been told */
        SECTION_WEB,
        SECTION_CHANNEL,
} SectionKind;

static const char *const section_words[] = { "web", "channel" };

typedef struct Parser {
        Problems *problems;
        const char *credentials;
        GatewayConfig *config;
        SectionKind section;
        Place section_at;
        Place web_at;   /* of the one there is; no file: none yet */
        unsigned given; /* keys of this section, by their place in the table */
} Parser;

typedef struct Key {
        const char *name;
        SectionKind section;
        bool required;
        int (*set)(Parser *p, const IniLine *line); /* tells what is wrong. -ENOMEM */
} Key;

static ChannelConfig *channel(const Parser *p)
{
        return &p->config->channels[p->config->n_channels - 1];
}

/* --- values --- */

static int set_text(char **field, const char *value)
{
        *field = strdup(value);
        return *field ? 0 : -ENOMEM;
}

/* An address as the kernel would write it. -EINVAL. */
static int normalize_address(const char *text, char **ret)
{
        unsigned char bytes[sizeof(struct in6_addr)];
        char out[INET6_ADDRSTRLEN];
        int family = strchr(text, ':') ? AF_INET6 : AF_INET;

        if (inet_pton(family, text, bytes) != 1 || !inet_ntop(family, bytes, out, sizeof(out))) {
                return -EINVAL;
        }
        return set_text(ret, out);
}

static int listen_parse(const char *value, Listen *ret)
{
        _cleanup_(freep) char *text = strdup(value);
        const char *address = text;
        uint64_t port;
        char *colon;

        if (!text) {
                return -ENOMEM;
        }
        if (*text == '/') {
                return strlen(text) >= sizeof(((struct sockaddr_un *) NULL)->sun_path)
                               ? -EINVAL
                               : set_text(&ret->path, text);
        }
        colon = strrchr(text, ':');
        if (!colon || parse_u64(colon + 1, UINT16_MAX, &port) < 0 || port == 0) {
                return -EINVAL;
        }
        *colon = '\0';
        if (*text == '[' && colon > text + 1 && colon[-1] == ']') {
                colon[-1] = '\0';
                address++;
                if (!strchr(address, ':')) {
                        return -EINVAL;
                }
        } else if (strchr(text, ':')) {
                return -EINVAL;
        }
        ret->port = (uint16_t) port;
        return normalize_address(address, &ret->address);
}

static int set_listen(Parser *p, const IniLine *line)
{
        int r = listen_parse(line->rest, &p->config->web.listen);

        if (r == -EINVAL) {
                problems_add(p->problems, &line->rest_at,
                        "'%s' is not ADDRESS:PORT, [ADDRESS]:PORT or the path of a socket; the "
                        "address is numeric",
                        line->rest);
                return 0;
        }
        return r;
}

static int set_proxies(Parser *p, const IniLine *line)
{
        _cleanup_(freep) char *text = strdup(line->rest);
        char *rest = text, *word;
        int r = 0;

        if (!text) {
                return -ENOMEM;
        }
        while (r >= 0 && (word = strsep(&rest, ","))) {
                _cleanup_(freep) char *address = NULL;
                size_t n;

                word += strspn(word, " \t");
                n = strlen(word);
                while (n > 0 && ini_is_space(word[n - 1])) {
                        word[--n] = '\0';
                }
                r = normalize_address(word, &address);
                if (r == -EINVAL) {
                        problems_add(
                                p->problems, &line->rest_at, "'%s' is not a numeric address", word);
                        r = 0;
                } else if (r >= 0) {
                        r = strv_add(&p->config->web.trusted_proxies, address);
                }
        }
        return r;
}

/* What a name or path names, told if it cannot be had. */
static int read_secret(Parser *p, const IniLine *line, char **ret)
{
        int r = credential_read(p->credentials, line->rest, ret);

        if (r == -EINVAL) {
                problems_add(p->problems, &line->rest_at, "'%s' cannot be the name of a credential",
                        line->rest);
        } else if (r == -ENOKEY || (r == -ENOENT && *line->rest != '/')) {
                problems_add(p->problems, &line->rest_at,
                        "there is no credential '%s'; the unit needs LoadCredential= or "
                        "LoadCredentialEncrypted= for it",
                        line->rest);
        } else if (r < 0 && r != -ENOMEM) {
                problems_add(p->problems, &line->rest_at, "'%s' cannot be read: %s", line->rest,
                        r == -EBADFD    ? "not a regular file"
                        : r == -EBADMSG ? "it holds a NUL byte"
                                        : strerror(-r));
        }
        return r == -ENOMEM ? r : 0;
}

static int read_pem(Parser *p, const IniLine *line, char **ret)
{
        int r = read_secret(p, line, ret);

        if (*ret && !strstr(*ret, "-----BEGIN ")) {
                problems_add(p->problems, &line->rest_at, "'%s' does not hold PEM", line->rest);
        }
        return r;
}

static int set_certificate(Parser *p, const IniLine *line)
{
        return read_pem(p, line, &p->config->web.tls_certificate);
}

static int set_key(Parser *p, const IniLine *line)
{
        return read_pem(p, line, &p->config->web.tls_key);
}

static int set_type(Parser *p, const IniLine *line)
{
        static const char *const later[] = { "slack", "ntfy", "email", "exec", "mattermost",
                "telegram", "teams", "discord", "gotify", "pagerduty" };
        char hint[HINT_MAX];
        size_t n;

        channel(p)->type = channel_type_find(line->rest);
        for (size_t i = 0; !channel(p)->type && i < ELEMENTSOF(later); i++) {
                if (streq(line->rest, later[i])) {
                        problems_add(p->problems, &line->rest_at,
                                "channels of type '%s' are not served by this version", later[i]);
                        return 0;
                }
        }
        if (!channel(p)->type) {
                const char *const *words = channel_type_words(&n);

                problems_add(p->problems, &line->rest_at, "there is no type of channel '%s'%s",
                        line->rest, nearest_hint(hint, line->rest, words, n));
        }
        return 0;
}

static int set_url(Parser *p, const IniLine *line)
{
        if (!fetch_url_ok(line->rest)) {
                problems_add(p->problems, &line->rest_at,
                        "not a URL to send to: https, or http to 127.0.0.0/8, [::1] or localhost; "
                        "no user, no password, printable ASCII only");
                return 0;
        }
        return set_text(&channel(p)->url, line->rest);
}

static int set_secret(Parser *p, const IniLine *line)
{
        _cleanup_(erase_freep) char *text = NULL;
        ChannelConfig *c = channel(p);
        int r;

        if (!credential_name_ok(line->rest)) {
                problems_add(p->problems, &line->rest_at, "'%s' cannot be the name of a credential",
                        line->rest);
                return 0;
        }
        r = read_secret(p, line, &text);
        if (r < 0 || !text) {
                return r;
        }
        r = credential_secret(text, &c->secret, &c->secret_size);
        if (r == -EINVAL) {
                problems_add(p->problems, &line->rest_at,
                        "the credential '%s' is not 'whsec_' and %d to %d bytes in base64",
                        line->rest, SECRET_MIN, SECRET_MAX);
                return 0;
        }
        return r;
}

static int set_authorities(Parser *p, const IniLine *line)
{
        if (*line->rest != '/') {
                problems_add(
                        p->problems, &line->rest_at, "'%s' is not an absolute path", line->rest);
                return 0;
        }
        return set_text(&channel(p)->ca_certificate, line->rest);
}

/* --- sections and keys --- */

static const Key keys[] = {
        { "listen", SECTION_WEB, false, set_listen },
        { "tls-certificate", SECTION_WEB, false, set_certificate },
        { "tls-key", SECTION_WEB, false, set_key },
        { "trusted-proxies", SECTION_WEB, false, set_proxies },
        { "type", SECTION_CHANNEL, true, set_type },
        { "url", SECTION_CHANNEL, true, set_url },
        { "secret-credential", SECTION_CHANNEL, true, set_secret },
        { "ca-certificate", SECTION_CHANNEL, false, set_authorities },
};

static bool is_given(const Parser *p, const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (streq(keys[i].name, name)) {
                        return p->given & (1U << i);
                }
        }
        return false;
}

/* What can be said only when a section is over. */
static void section_end(Parser *p)
{
        if (p->section == SECTION_NONE) {
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (keys[i].section == p->section && keys[i].required && !(p->given & (1U << i))) {
                        problems_add(p->problems, &p->section_at, "the section [%s] needs '%s'",
                                section_words[p->section - 1], keys[i].name);
                }
        }
        if (p->section == SECTION_WEB && is_given(p, "tls-key") != is_given(p, "tls-certificate")) {
                problems_add(p->problems, &p->section_at,
                        "'tls-certificate' and 'tls-key' need each other");
        }
        p->section = SECTION_NONE;
        p->given = 0;
}

static int begin_web(Parser *p, const IniLine *line)
{
        if (*line->rest) {
                problems_add(p->problems, &line->rest_at, "[web] takes no name");
        }
        if (p->web_at.file) {
                problems_add(p->problems, &line->word_at,
                        "the section [web] is given twice, first at %s:%u", p->web_at.file,
                        p->web_at.line);
                return 0; /* and what it holds is not judged */
        }
        p->web_at = line->word_at;
        p->section = SECTION_WEB;
        return 0;
}

/* As in approver.conf, which names it: no more than letters, digits, '-', '_' and '.'. */
static int begin_channel(Parser *p, const IniLine *line)
{
        GatewayConfig *c = p->config;
        ChannelConfig *longer;

        if (!*line->rest) {
                problems_add(p->problems, &line->word_at, "the section [channel] needs a name");
        } else if (strlen(line->rest) > NAME_MAX_BYTES || !credential_name_ok(line->rest)) {
                problems_add(p->problems, &line->rest_at,
                        "'%s' cannot name a channel: at most %d letters, digits, '-', '_' and '.'",
                        line->rest, NAME_MAX_BYTES);
        }
        for (size_t i = 0; i < c->n_channels; i++) {
                if (streq(c->channels[i].name, line->rest)) {
                        problems_add(p->problems, &line->word_at,
                                "the section [channel %s] is given twice", line->rest);
                }
        }
        if (c->n_channels >= CHANNELS_MAX) {
                problems_add(p->problems, &line->word_at, "more than %d channels", CHANNELS_MAX);
                return 0;
        }
        longer = reallocarray(c->channels, c->n_channels + 1, sizeof(*longer));
        if (!longer) {
                return -ENOMEM;
        }
        c->channels = longer;
        longer[c->n_channels] = (ChannelConfig){ .name = strdup(line->rest) };
        if (!longer[c->n_channels].name) {
                return -ENOMEM;
        }
        c->n_channels++;
        p->section = SECTION_CHANNEL;
        return 0;
}

static int parse_section(Parser *p, const IniLine *line)
{
        char hint[HINT_MAX];

        section_end(p);
        p->section_at = line->word_at;
        if (streq(line->word, "web")) {
                return begin_web(p, line);
        }
        if (streq(line->word, "channel")) {
                return begin_channel(p, line);
        }
        problems_add(p->problems, &line->word_at, "unknown section [%s]%s", line->word,
                nearest_hint(hint, line->word, section_words, ELEMENTSOF(section_words)));
        return 0;
}

/* The place in the table; told and negative without one. */
static int find_key(const Parser *p, const IniLine *line)
{
        const char *words[ELEMENTSOF(keys)];
        char hint[HINT_MAX];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (keys[i].section != p->section) {
                        continue;
                }
                if (streq(keys[i].name, line->word)) {
                        return (int) i;
                }
                words[n++] = keys[i].name;
        }
        problems_add(p->problems, &line->word_at, "unknown key '%s' in [%s]%s", line->word,
                section_words[p->section - 1], nearest_hint(hint, line->word, words, n));
        return -1;
}

static int parse_pair(Parser *p, const IniLine *line, bool seen_section)
{
        int i;

        if (p->section == SECTION_NONE) {
                if (!seen_section) {
                        problems_add(p->problems, &line->word_at,
                                "'%s' stands before the first section", line->word);
                }
                return 0;
        }
        i = find_key(p, line);
        if (i < 0) {
                return 0;
        }
        if (p->given & (1U << i)) {
                problems_add(p->problems, &line->word_at, "'%s' is given twice", line->word);
                return 0;
        }
        p->given |= 1U << i;
        if (line->damaged || line->kind == INI_TORN) {
                return 0;
        }
        if (!*line->rest) {
                problems_add(p->problems, &line->word_at, "'%s' needs a value", line->word);
                return 0;
        }
        return keys[i].set(p, line);
}

static int parse_text(Parser *p, const IniText *text)
{
        _cleanup_(freep) IniLine *line = calloc(1, sizeof(*line));
        bool seen_section = false;
        IniReader reader;
        int r = line ? 0 : -ENOMEM;

        if (line && !ini_init(&reader, text, text->name, p->problems)) {
                return 0;
        }
        while (r >= 0 && ini_next(&reader, line)) {
                if (line->kind == INI_SECTION) {
                        seen_section = true;
                        r = parse_section(p, line);
                } else {
                        r = parse_pair(p, line, seen_section);
                }
        }
        section_end(p);
        return r;
}

static int set_defaults(GatewayConfig *c)
{
        if (c->web.listen.address || c->web.listen.path) {
                return 0;
        }
        c->web.listen.port = DEFAULT_PORT;
        return set_text(&c->web.listen.address, DEFAULT_ADDRESS);
}

int gateway_config_read(
        const char *path, const char *credentials, Problems *problems, GatewayConfig *ret)
{
        _cleanup_(conf_files_done) ConfFiles files = { 0 };
        _cleanup_(gateway_config_done) GatewayConfig config = { 0 };
        Parser p = { .problems = problems, .credentials = credentials, .config = &config };
        int r;

        r = conf_read(path, problems, &files);
        for (size_t i = 0; r >= 0 && i < files.n; i++) {
                r = parse_text(&p, &files.texts[i]);
        }
        if (r >= 0) {
                r = set_defaults(&config);
        }
        if (r < 0) {
                return r;
        }
        if (problems->n > 0 || problems->lost) {
                return -EINVAL;
        }
        *ret = config;
        config = (GatewayConfig){ 0 };
        return 0;
}

void gateway_config_done(GatewayConfig *c)
{
        for (size_t i = 0; i < c->n_channels; i++) {
                ChannelConfig *x = &c->channels[i];

                free(x->name);
                erase_free(x->url);
                free(x->ca_certificate);
                erase_free_bytes(x->secret, x->secret_size);
        }
        free(c->channels);
        free(c->web.listen.address);
        free(c->web.listen.path);
        erase_free(c->web.tls_certificate);
        erase_free(c->web.tls_key);
        strv_free(c->web.trusted_proxies);
        *c = (GatewayConfig){ 0 };
}
