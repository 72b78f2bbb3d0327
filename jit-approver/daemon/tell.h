/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Telling: an Outcome becomes the answer to a call, and what happens to a request reaches everybody
 * who waits for it. Called only after the commit.
 */

#include "jit-approver/daemon/judge.h"
#include "jit-approver/daemon/waiters.h"

/* The last answer to a call that does not wait. */
void tell_call(Call *c, const Outcome *o, const Echo *echo);
/* One more answer to a waiter, or his last: the waiter is then taken out and his call ends. */
void tell_news(Waiter *w, const Outcome *o);
void tell_last(Waiters *ws, Waiter *w, const Outcome *o);

/* The same to all who wait for a request. */
void tell_all_news(Waiters *ws, const Id *request, const Outcome *o);
void tell_all_last(Waiters *ws, const Id *request, const Outcome *o);
