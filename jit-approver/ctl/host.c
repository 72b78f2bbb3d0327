/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/ctl/host.h"

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/stack.h"

const char *host_text(const Host *h, HostKind kind, size_t *at)
{
        while (*at < h->n_texts) {
                const HostText *t = &h->texts[(*at)++];

                if (t->kind == kind && t->text) {
                        return t->text;
                }
        }
        return NULL;
}

bool host_unseen(const Host *h, HostKind kind)
{
        for (size_t i = 0; i < h->n_texts; i++) {
                if (h->texts[i].kind == kind && !h->texts[i].text) {
                        return true;
                }
        }
        return false;
}

const HostProgram *host_program(const Host *h, const char *name)
{
        for (size_t i = 0; i < h->n_programs; i++) {
                if (streq(h->programs[i].name, name)) {
                        return &h->programs[i];
                }
        }
        return NULL;
}

void host_done(Host *h)
{
        stack_files_free(h->pam, h->n_pam);
        for (size_t i = 0; i < h->n_texts; i++) {
                free(h->texts[i].path);
                free(h->texts[i].text);
        }
        free(h->texts);
        for (size_t i = 0; i < h->n_programs; i++) {
                free(h->programs[i].name);
                free(h->programs[i].path);
        }
        free(h->programs);
        for (size_t i = 0; i < h->n_paths; i++) {
                free(h->paths[i].path);
        }
        free(h->paths);
        (void) strv_free(h->modules);
        *h = (Host){ 0 };
}
