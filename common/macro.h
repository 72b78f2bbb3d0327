/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The few words every file may use: cleanup by attribute, handing ownership on, array sizes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define _unused_ __attribute__((unused))
#define _public_ __attribute__((visibility("default")))

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b)                                                                                  \
        ({                                                                                         \
                const typeof(a) _a = (a);                                                          \
                const typeof(b) _b = (b);                                                          \
                _a < _b ? _a : _b;                                                                 \
        })
#define MAX(a, b)                                                                                  \
        ({                                                                                         \
                const typeof(a) _a = (a);                                                          \
                const typeof(b) _b = (b);                                                          \
                _a > _b ? _a : _b;                                                                 \
        })

/* Moves an owned pointer (or fd) out of a variable whose cleanup attribute then finds nothing. */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                typeof(p) _p = (p);                                                                \
                (p) = NULL;                                                                        \
                _p;                                                                                \
        })
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int _fd = (fd);                                                                    \
                (fd) = -1;                                                                         \
                _fd;                                                                               \
        })

/* For `Type *type_free(Type *t)`: defines `type_freep` for _cleanup_(). */
#define DEFINE_FREE(type, func)                                                                    \
        static inline _unused_ void func##p(type **p)                                              \
        {                                                                                          \
                if (*p) {                                                                          \
                        *p = func(*p);                                                             \
                }                                                                                  \
        }

/* What somebody else said, or could not say: zero is "nobody knows", never yes. */
typedef enum Ternary {
        TERNARY_UNKNOWN = 0,
        TERNARY_NO,
        TERNARY_YES,
} Ternary;
