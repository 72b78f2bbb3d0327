/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/fake/systemd.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

void fake_systemd_init(FakeSystemd *f, sd_event *event)
{
        *f = (FakeSystemd){ .event = event, .listen_fd = -1, .dir = "/tmp/fake-bus-XXXXXX" };
        ck_assert_ptr_nonnull(mkdtemp(f->dir));
        (void) snprintf(f->path, sizeof(f->path), "%s/bus", f->dir);
        (void) snprintf(f->address, sizeof(f->address), "unix:path=%s", f->path);
}

static void answer(sd_bus_message *m, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        va_list ap;

        ck_assert_int_ge(sd_bus_message_new_method_return(m, &reply), 0);
        if (!str_empty(types)) {
                va_start(ap, types);
                ck_assert_int_ge(sd_bus_message_appendv(reply, types, ap), 0);
                va_end(ap);
        }
        (void) sd_bus_send(NULL, reply, NULL); /* the client may have gone */
}

static void signal_from(FakeSystemd *f, const char *sender, const char *path, const char *interface,
        const char *member, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;

        ck_assert_int_ge(sd_bus_message_new_signal(f->bus, &m, path, interface, member), 0);
        ck_assert_int_ge(sd_bus_message_set_sender(m, sender), 0);
        va_start(ap, types);
        ck_assert_int_ge(sd_bus_message_appendv(m, types, ap), 0);
        va_end(ap);
        ck_assert_int_ge(sd_bus_send(f->bus, m, NULL), 0);
}

void fake_systemd_owner(FakeSystemd *f, bool there)
{
        signal_from(f, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                "NameOwnerChanged", "sss", SYSTEMD, there ? "" : ":1.9", there ? ":1.9" : "");
}

void fake_systemd_job_removed(FakeSystemd *f, const char *job, const char *result)
{
        signal_from(f, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "JobRemoved", "uoss",
                (uint32_t) 7, job, "a.scope", result);
}

static void answer_manager(FakeSystemd *f, sd_bus_message *m)
{
        if (sd_bus_message_is_method_call(m, MANAGER, "StartTransientUnit") ||
                sd_bus_message_is_method_call(m, MANAGER, "StopUnit")) {
                answer(m, "o", FAKE_JOB);
                if (!f->keep_jobs) {
                        fake_systemd_job_removed(f, FAKE_JOB, str_or(f->result, "done"));
                }
        } else if (sd_bus_message_is_method_call(m, MANAGER, "GetUnitProcesses")) {
                answer(m, "a(sus)", 3, "/a", 11, "x", "/a", 12, "y", "/a/b", 13, "z");
        } else if (sd_bus_message_is_method_call(m, MANAGER, "ListUnitsByPatterns")) {
                answer(m, "a(ssssssouso)", 2, "one.timer", "", "loaded", "active", "waiting", "",
                        "/", 0, "", "/", "two.timer", "", "loaded", "active", "waiting", "", "/", 0,
                        "", "/");
        } else {
                answer(m, "");
        }
}

static void keep_words(FakeSystemd *f, sd_bus_message *m)
{
        FILE *to = fmemopen(f->words, sizeof(f->words), "w");

        ck_assert_ptr_nonnull(to);
        (void) sd_bus_message_dump(m, to, 0);
        (void) fclose(to);
        f->words[sizeof(f->words) - 1] = '\0';
        ck_assert_int_ge(sd_bus_message_rewind(m, true), 0);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        FakeSystemd *f = userdata;
        const char *member = sd_bus_message_get_member(m), *text = NULL;

        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello")) {
                answer(m, "s", ":1.42");
                return 1;
        }
        if (!sd_bus_message_is_method_call(m, NULL, NULL)) {
                return 0;
        }
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", NULL)) {
                answer(m, ""); /* AddMatch, RemoveMatch */
                return 1;
        }
        if (f->deaf) {
                return 1;
        }
        f->calls++;
        (void) snprintf(f->last, sizeof(f->last), "%s", member);
        keep_words(f, m);
        if (sd_bus_message_peek_type(m, &(char){ 0 }, NULL) > 0 &&
                sd_bus_message_read(m, "s", &text) > 0) {
                (void) snprintf(f->argument, sizeof(f->argument), "%s", text);
        }
        if (f->error) {
                ck_assert_int_ge(
                        sd_bus_reply_method_errorf(m, f->error, "as the test wants it"), 0);
        } else {
                answer_manager(f, m);
        }
        return 1;
}

static int on_accept(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
        FakeSystemd *f = userdata;
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        sd_id128_t id;

        ck_assert_int_ge(client, 0);
        f->bus = sd_bus_close_unref(f->bus);
        ck_assert_int_ge(sd_id128_randomize(&id), 0);
        ck_assert_int_ge(sd_bus_new(&f->bus), 0);
        ck_assert_int_ge(sd_bus_set_fd(f->bus, client, client), 0);
        ck_assert_int_ge(sd_bus_set_server(f->bus, true, id), 0);
        ck_assert_int_ge(sd_bus_set_trusted(f->bus, true), 0);
        ck_assert_int_ge(sd_bus_start(f->bus), 0);
        ck_assert_int_ge(sd_bus_add_filter(f->bus, NULL, on_message, f), 0);
        ck_assert_int_ge(sd_bus_attach_event(f->bus, f->event, 0), 0);
        return 0;
}

void fake_systemd_listen(FakeSystemd *f)
{
        struct sockaddr_un name = { .sun_family = AF_UNIX };

        (void) memcpy(name.sun_path, f->path, sizeof(f->path));
        f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(f->listen_fd, 0);
        ck_assert_int_eq(bind(f->listen_fd, (const struct sockaddr *) &name, sizeof(name)), 0);
        ck_assert_int_eq(listen(f->listen_fd, 8), 0);
        ck_assert_int_ge(
                sd_event_add_io(f->event, &f->accept, f->listen_fd, EPOLLIN, on_accept, f), 0);
}

void fake_systemd_vanish(FakeSystemd *f)
{
        f->accept = sd_event_source_disable_unref(f->accept);
        f->bus = sd_bus_close_unref(f->bus);
        closep(&f->listen_fd);
        f->listen_fd = -1;
        (void) unlink(f->path);
}

void fake_systemd_done(FakeSystemd *f)
{
        fake_systemd_vanish(f);
        (void) rmdir(f->dir);
}
