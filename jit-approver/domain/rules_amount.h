/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of a rule file that count or measure; outcomes as of value_parse(). */

#include "jit-approver/domain/rules_value.h"

#define APPROVALS_MAX 100
#define WAITING_MAX 1000
#define RATE_MAX 1000

/* A number from 1 to most. */
int value_parse_count(const ValueText *v, int64_t most, int64_t *field);
/* least, which may be 0, up to most. */
int value_parse_span(const ValueText *v, bool zero, usec_t most, usec_t *field);
/* "5m, 1m": sorted here, each once; "no" is none. */
int value_parse_spans(const ValueText *v, SpanList *field);
/* "10/h", "3/15m"; "no" is none. */
int value_parse_rate(const ValueText *v, Rate *field);
/* A span longer than others may be: "400d". */
int value_parse_keep(const ValueText *v, usec_t *field);
/* "1G", "64M", in bytes: K, M and G are powers of 1024. */
int value_parse_size(const ValueText *v, int64_t *field);
