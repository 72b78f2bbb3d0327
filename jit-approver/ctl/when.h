/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Points in time as people type them. */

#include "common/clock.h"

/*
 * RFC 3339; "2026-11-21" and "2026-11-21 15:04" (local time, the day at its midnight); "15:04" of today; "now",
 * "today", "yesterday"; "-2h" and "2h ago". -EINVAL.
 */
int when_parse(const char *s, usec_t now, usec_t *ret);
