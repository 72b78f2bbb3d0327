/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the chapters of the flow share; nobody else includes this. */

#include "jit-approver/daemon/flow.h"

/* flow_ask.c */
/* A request without anybody waiting for it, unless it stands by itself, is withdrawn. */
void flow_abandon(Daemon *d, const Id *id);
void tell_withdrawn(Daemon *d, const Request *r);

/* flow_decide.c */
void fail_over(const char *what, const Id *id, const char *state, Failure *f);
/* Whom the record names: what root does behind a login is that person's. */
const char *caller_name(const Caller *c);

/* flow_end.c */
/* What the store refused is tried again in RETRY_TIME. */
void retry_later(Daemon *d);
