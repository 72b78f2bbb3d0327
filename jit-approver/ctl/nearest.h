/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The one of n words that was most likely meant; NULL when none is near. */
const char *nearest_word(const char *typed, const char *const *words, size_t n);
