/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What GetMetrics answered as Prometheus text (exposition format 0.0.4,
 * https://prometheus.io/docs/instrumenting/exposition_formats/).
 */

#include "common/json.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* -ENOMEM, -EBADMSG: no such answer. The caller frees. */
int metrics_text(const JsonNode *reply, char **ret, size_t *ret_size);
