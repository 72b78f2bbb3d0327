/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The method x role matrix. One row an act; what a row does not say yes to is refused, and to whom
 * it names nothing at all, hidden.
 */

#include "jit-approver/domain/access.h"
#include "common/macro.h"

typedef struct Row {
        unsigned yes;
        unsigned knows;  /* may learn that the object exists */
        Access stranger; /* to everybody else */
} Row;

#define ANY_PART (ROLE_ASKER | ROLE_APPROVER | ROLE_AUDITOR | ROLE_ADMIN | ROLE_REVIEWER)

/* Where there is no object whose existence could be a secret, a stranger is told "forbidden". */
static const Row rows[_ACT_MAX] = {
        [ACT_SEE] = { ANY_PART, ANY_PART, ACCESS_HIDDEN },
        [ACT_DECIDE] = { ROLE_APPROVER, ANY_PART, ACCESS_HIDDEN },
        [ACT_CANCEL] = { ROLE_ASKER | ROLE_ADMIN, ANY_PART, ACCESS_HIDDEN },
        [ACT_NUDGE] = { ROLE_ASKER, ANY_PART, ACCESS_HIDDEN },
        [ACT_EXTEND] = { ROLE_ASKER, ANY_PART, ACCESS_HIDDEN },
        [ACT_END] = { ROLE_ASKER | ROLE_ADMIN, ANY_PART, ACCESS_HIDDEN },
        [ACT_REVOKE] = { ROLE_APPROVER | ROLE_ADMIN, ANY_PART, ACCESS_HIDDEN },
        [ACT_GRANT] = { ROLE_ADMIN, ANY_PART, ACCESS_FORBIDDEN },
        [ACT_ADMINISTER] = { ROLE_ADMIN, ANY_PART, ACCESS_FORBIDDEN },
        [ACT_AUDIT] = { ROLE_AUDITOR | ROLE_ADMIN, ANY_PART, ACCESS_FORBIDDEN },
        [ACT_REVIEW] = { ROLE_REVIEWER, ANY_PART, ACCESS_HIDDEN },
};

Access access_judge(Act act, unsigned roles)
{
        if ((unsigned) act >= ELEMENTSOF(rows)) {
                return ACCESS_HIDDEN;
        }
        if (roles & rows[act].yes) {
                return ACCESS_YES;
        }
        if (roles & rows[act].knows) {
                return ACCESS_FORBIDDEN;
        }
        return rows[act].stranger;
}
