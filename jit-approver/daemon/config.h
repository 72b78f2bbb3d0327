/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The rules in force: approver.conf and its drop-ins, read as one, names resolved. All or nothing: a
 * reload that finds a problem changes nothing and says so; a start with problems leaves no rules, so
 * that whatever needs one is refused.
 */

#include "jit-approver/daemon/people.h"
#include "jit-approver/domain/rules.h"

typedef struct Config Config;

/* path's drop-ins are the *.conf in path.d beside it, in name order (C locale), hidden ones left out. */
int config_new(const char *path, People *people, Config **ret);
Config *config_free(Config *c);
DEFINE_FREE(Config, config_free)

/*
 * Reads and resolves; done(ok) comes once, perhaps before this returns, also when it could not be
 * tried. A second call before done cancels the first one's done. On success the new rules replace
 * the old.
 */
typedef void (*ConfigDone)(bool ok, void *userdata);
int config_load(Config *c, ConfigDone done, void *userdata);

/*
 * Asks the name service again about the rules' names when the last answer is older than 60 s (5 s
 * while a name is unresolved), in the background; cheap to call at every question. Changes nothing
 * but Name.exists and Name.id; a name that is gone is told by config_problems().
 */
void config_refresh(Config *c, usec_t now_boot);

/* NULL while nothing good was loaded yet. Valid until the loop runs again. */
const Rules *config_rules(const Config *c);
/* What was wrong with the last load, else with the names of the rules in force since; n == 0 when nothing. */
const Problems *config_problems(const Config *c);

/*
 * For `jit-approver --check`: reads, parses and resolves in a loop of its own, with program for
 * people_new(). -EINVAL with problems, which are set, not added to; without, what rules_lint() has to say
 * is added to warnings.
 */
int config_check(const char *path, const char *program, Problems *problems, Problems *warnings);
