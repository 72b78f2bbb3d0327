/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who may decide, and what the votes amount to. Pure. The one place where self-approval is refused,
 * whatever door the vote came through (hazard H-67): persons are compared, not names or groups.
 */

#include "jit-approver/domain/policy.h"
#include "jit-approver/domain/request.h"

/* A voter after proof: the account that speaks, and the login it came from. */
typedef struct Voter {
        Account account;
        uid_t login_uid; /* UID_UNSET where none is set */
} Voter;

typedef enum Standing {
        STANDING_NONE = 0,    /* not an approver of this rule */
        STANDING_UNKNOWN,     /* the name service does not say, also whether it is the asker */
        STANDING_SELF,        /* the asker, or the one logged in behind him */
        STANDING_OTHER_LOGIN, /* the login uid belongs to another person: su, sudo -u */
        STANDING_APPROVER,
} Standing;

/*
 * The person an account is: the name of its [approver] section, else "uid:N". out holds PERSON_MAX.
 */
#define PERSON_MAX 256
void person_of(const Rules *rules, uid_t uid, char out[static PERSON_MAX]);

/*
 * Which places of a rule's chain somebody may fill, whoever it is that asks: a bit for each stage, then
 * one for each escalation.
 */
typedef struct Seats {
        uint32_t yes;
        uint32_t maybe; /* the name service does not say */
} Seats;

#define SEAT_STAGE(i) (UINT32_C(1) << (i))
#define SEAT_ESCALATION(i) (UINT32_C(1) << (STAGES_MAX + (i)))

Seats decision_seats(const Rule *rule, const Account *account);
/* Of a person without an account, as in decision_standing_of(). */
Seats decision_seats_of(
        const Rule *rule, const Approver *approver, const Account *accounts, size_t n);

/* May this voter decide this request under this rule, in whatever stage? */
Standing decision_standing(const Rules *rules, const Rule *rule, const Request *r, const Voter *v);
/* May he sign its review? The same, among the rule's reviewers. */
Standing decision_reviewer_standing(
        const Rules *rules, const Rule *rule, const Request *r, const Voter *v);

/*
 * The same of a person who proved to be this approver without an account: by his link. The accounts
 * are those of approver->users, as far as the name service knows them; one that is not given counts
 * as an account whose groups are unknown. He speaks for all of them at once: the asker under any of
 * them is STANDING_SELF, and who has no living account left is nobody's approver any more.
 */
Standing decision_standing_of(const Rules *rules, const Rule *rule, const Request *r,
        const Approver *approver, const Account *accounts, size_t n);

/* How the one who votes was known. */
typedef enum Proof {
        PROOF_NONE = 0,
        PROOF_LINK,  /* he held the link that was sent to the approver */
        PROOF_LOCAL, /* his account on this host, by the kernel's word */
} Proof;

/* "link" or "local"; NULL for PROOF_NONE. */
const char *proof_to_string(Proof p);
/* PROOF_NONE for NULL and any other word. */
Proof proof_from_string(const char *s);
bool proof_suffices(Assurance wanted, Proof given);

typedef struct Vote {
        char person[PERSON_MAX]; /* canonical: counts once */
        Who who;
        uid_t login_uid;
        bool approve;
        usec_t duration; /* the approver's wish, 0 for what was asked */
        char *note;
        char *channel; /* by which a link came; NULL otherwise */
        Proof proof;
        usec_t time; /* wall */
} Vote;

/* Of one request: more are not taken. */
#define VOTES_MAX 1024

void vote_done(Vote *v);

/* How far a request has come along its rule's chain. */
typedef struct Tally {
        RequestState outcome; /* pending, approved or denied */
        size_t stage;         /* the one that is open; the number of stages once all are done */
        usec_t since;         /* wall: when it began to wait */
        size_t escalated;     /* so many of the rule's escalations widen it by now */
        usec_t next;          /* wall: when the next one does; USEC_NEVER: none */
        int64_t approvals;    /* different persons so far, in this stage */
        int64_t needed;       /* in each stage */
        usec_t duration;      /* the shortest any approving vote gave, within max_duration */
} Tally;

/*
 * One denial denies at once; enough different persons approve a stage, and then the next is open, whom
 * others must fill: one person counts once in the whole chain. seats[i] are those of the i-th voter as
 * they are known now: who has definitely none any more takes his vote with him, silence of the name
 * service takes none away (NULL: everybody still has his). A vote without a duration of its own gives what was asked, so nobody gives more
 * than was shown.
 */
void decision_tally(const Request *r, const Rule *rule, const Vote *votes, const Seats *seats,
        size_t n, usec_t wall, Tally *ret);

/* Whether it is a voter's turn, by the tally of the votes before his. */
typedef enum Turns {
        TURNS_NONE = 0,
        TURNS_UNKNOWN, /* the name service does not say */
        TURNS_LATER, /* he has a seat in a stage that is not open yet, or is yet to be escalated to */
        TURNS_OVER, /* in one that is done */
        TURNS_NOW,
} Turns;

/* Who was asked in an earlier stage may still deny. */
Turns decision_turn(const Tally *t, Seats seats, bool approve);
