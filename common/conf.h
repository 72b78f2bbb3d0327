/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A configuration file and its drop-ins: the *.conf in PATH.d beside it, in name order (C locale),
 * hidden ones left out.
 */

#include "common/ini.h"

typedef struct ConfFiles {
        IniText *texts; /* names and texts are owned as well */
        size_t n;
} ConfFiles;

/*
 * Reads all of them, each as open_trusted() wants it. -EINVAL: problems says why; -ENOMEM. The caller
 * releases *ret with conf_files_done().
 */
int conf_read(const char *path, Problems *problems, ConfFiles *ret);
void conf_files_done(ConfFiles *files);
