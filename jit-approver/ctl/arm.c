/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: it counts as armed only when systemd says that the timer is active. */

#include "jit-approver/ctl/arm.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/program.h"
#include "jit-approver/ctl/replace.h"

#define TIMER "jit-pam-rollback.timer"
#define FOLDER "/run/systemd/system/" TIMER ".d"
#define DROP_IN FOLDER "/50-trial.conf"
#define CALENDAR "%Y-%m-%d %H:%M:%S UTC"

/* The wall clock too: the other one stands still while the machine sleeps. */
static int drop_in_write(usec_t left, usec_t until)
{
        _cleanup_(freep) char *text = NULL;
        time_t at = (time_t) ((until + USEC_PER_SEC - 1) / USEC_PER_SEC);
        char calendar[40];
        struct tm tm;

        if ((mkdir("/run/systemd/system", 0755) < 0 && errno != EEXIST) ||
                (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)) {
                return -errno;
        }
        if (!gmtime_r(&at, &tm) || strftime(calendar, sizeof(calendar), CALENDAR, &tm) == 0) {
                return -ERANGE;
        }
        int r = str_printf(&text,
                "# Of jitctl enable.\n[Timer]\nOnBootSec=\nOnActiveSec=%llds\nOnCalendar=%s\n",
                (long long) ((left + USEC_PER_SEC - 1) / USEC_PER_SEC), calendar);
        return r < 0 ? r : replace_file(DROP_IN, text, -1);
}

int arm_until(usec_t *ret)
{
        static const char key[] = "\nOnCalendar=";
        _cleanup_(freep) char *text = NULL;
        struct tm tm = { 0 };

        int r = load_file(DROP_IN, &text, NULL);
        if (r < 0) {
                return r;
        }
        const char *at = strstr(text, key);
        if (!at || !strptime(at + strlen(key), CALENDAR, &tm)) {
                return -EBADMSG;
        }
        time_t until = timegm(&tm);
        if (until <= 0) {
                return -EBADMSG;
        }
        *ret = (usec_t) until * USEC_PER_SEC;
        return 0;
}

/* Anything but success is told. */
static int systemctl(const char *verb, const char *option, const char *unit)
{
        const char *argv[] = { "systemctl", verb, option ? option : unit, option ? unit : NULL,
                NULL };

        int r = program_run(argv, NULL);
        if (r < 0) {
                say("Cannot run systemctl: %s.", strerror(-r));
                return r;
        }
        if (r > 0) {
                say("systemctl %s %s fails.", verb, str_or(unit, ""));
                return -EIO;
        }
        return 0;
}

int arm_set(usec_t left, usec_t until)
{
        int r = drop_in_write(left, until);

        if (r < 0) {
                say("Cannot write " DROP_IN ": %s.", strerror(-r));
                return r;
        }
        r = systemctl("daemon-reload", NULL, NULL);
        if (r >= 0) {
                r = systemctl("restart", NULL, TIMER);
        }
        return r < 0 ? r : systemctl("is-active", "--quiet", TIMER);
}

void arm_clear(void)
{
        (void) systemctl("stop", "--no-block", TIMER);
        (void) remove_file(DROP_IN);
        (void) rmdir(FOLDER);
        (void) systemctl("daemon-reload", NULL, NULL);
}
