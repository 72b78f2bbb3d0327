/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * gateway.conf and its drop-ins: where to listen and how to send. As strict as approver.conf: every
 * mistake is told at once with file:line:col and the nearest word. Secrets are not in the file but in
 * credentials (systemd.exec(5), LoadCredential=), read once.
 */

#include "common/problem.h"
#include "common/util.h"

typedef struct Listen {
        char *address; /* "127.0.0.1", "::1", … numeric; NULL with path */
        uint16_t port;
        char *path; /* a Unix socket */
} Listen;

typedef struct WebConfig {
        Listen listen;
        char *tls_certificate, *tls_key; /* PEM texts, both or none; erased when done */
        char **trusted_proxies;          /* numeric addresses; a Unix socket's peer is always one */
} WebConfig;

struct ChannelType; /* channel.h */

typedef struct ChannelConfig {
        char *name;
        const struct ChannelType *type;
        char *url;
        char *ca_certificate; /* path of a PEM file, NULL: the system's */
        char *secret;         /* decoded bytes, NULL without one */
        size_t secret_size;
} ChannelConfig;

typedef struct GatewayConfig {
        WebConfig web;
        ChannelConfig *channels;
        size_t n_channels;
} GatewayConfig;

/*
 * Sections are [web] and [channel NAME]; where the file does not say so, it listens at 127.0.0.1:8480.
 * credentials: the folder they are in ($CREDENTIALS_DIRECTORY), or NULL for none. -EINVAL: problems
 * says why; -ENOMEM. A file that does not exist is a problem.
 */
int gateway_config_read(
        const char *path, const char *credentials, Problems *problems, GatewayConfig *ret);
void gateway_config_done(GatewayConfig *c);
