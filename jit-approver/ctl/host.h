/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What this host's files say about becoming root, as far as the caller may read them: host_files.c
 * reads, host_facts.c understands, roads.c, lockout.c and ways.c judge. What could not be looked at is
 * told apart from what is not there.
 */

#include <sys/types.h>

#include "jit-approver/ctl/pam_lines.h"

typedef enum HostKind {
        HOST_SUDOERS, /* with what it includes, in this order */
        HOST_DOAS,
        HOST_SSHD, /* with what it includes, in place; up to the first Match */
        HOST_GROUP,
        HOST_PASSWD,
        HOST_SHADOW,
        HOST_NSSWITCH,
        HOST_ACTION, /* polkit's *.policy */
        HOST_POLKIT, /* polkit's *.rules and *.pkla */
        HOST_KEYS,   /* root's authorized_keys */
        HOST_RULES,  /* approver.conf and its drop-ins */
        _HOST_KIND_MAX,
} HostKind;

typedef struct HostText {
        HostKind kind;
        char *path;
        char *text; /* NULL: it is there and could not be read */
} HostText;

typedef struct HostProgram {
        char *name, *path;
        bool setuid; /* runs as root whoever starts it, or with capabilities that come to that */
} HostProgram;

/* A file or folder by which root acts, that somebody else may write. */
typedef struct HostPath {
        char *path;
        bool foreign;  /* it belongs to another than root */
        bool everyone; /* everybody may write it */
        gid_t group;   /* else whoever is in this group may; 0: nobody */
} HostPath;

typedef struct Host {
        PamText *pam;
        size_t n_pam;
        HostText *texts;
        size_t n_texts;
        HostProgram *programs;
        size_t n_programs;
        HostPath *paths;
        size_t n_paths;
        char **modules;      /* the files beside pam_jit.so; NULL: not known */
        bool polkitd;        /* polkit's daemon is there: without it polkit says no */
        bool socket_enabled; /* the approver's, at the next boot */
} Host;

/* Reads all of it; root_fd: see root.h. rules: another approver.conf, or NULL. Never fails. */
void host_load(int root_fd, const char *rules, Host *ret);
void host_done(Host *h);

/* The next text of a kind from *at on, *at then behind it; NULL at the end. Unread ones are left out. */
const char *host_text(const Host *h, HostKind kind, size_t *at);
/* Whether one of the kind is there and could not be read. */
bool host_unseen(const Host *h, HostKind kind);
const HostProgram *host_program(const Host *h, const char *name);
