/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl backup: a copy of the store, made by the approver while it goes on. MUST: show the copy to nobody
 * else, and leave either all of it or nothing under the name that was asked for.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

#define COPY_TIME (10 * USEC_PER_MIN) /* until the approver has made it */
#define PIECE_MAX ((size_t) 32 * 1024)

static bool arg_force;

static const Option options[] = {
        { "force", OPTION_FLAG, &arg_force, NULL, "replace FILE" },
        { NULL },
};

/* A file of our own, whatever lies there. */
static int part_open(const char *path)
{
        if (unlink(path) < 0 && errno != ENOENT) {
                return -errno;
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? -errno : fd;
}

static int part_write(int fd, const char *hex)
{
        unsigned char bytes[PIECE_MAX];
        size_t n = strlen(hex) / 2, done = 0;

        if (n == 0 || n > sizeof(bytes) || hex_decode(hex, bytes, n) < 0) {
                return -EBADMSG;
        }
        while (done < n) {
                ssize_t k = write(fd, bytes + done, n - done);
                if (k < 0 && errno != EINTR) {
                        return -errno;
                }
                done += (size_t) MAX(k, (ssize_t) 0);
        }
        return (int) n;
}

static int fail_file(const char *file, int error)
{
        say("Failed to write '%s': %s.", safe(file), strerror(-error));
        return EXIT_ERROR;
}

/* One call; its reply stays in c. The first waits until the copy is made. */
static int fetch_piece(Call *c, int64_t offset)
{
        BackupCall call = { .version = PROTOCOL_VERSION, .offset = offset };

        int r = call_send(c, "Backup", BACKUP_FIELDS, &call, 0);
        if (r >= 0) {
                usec_t span = offset == 0 ? COPY_TIME : CALL_TIMEOUT;
                r = call_receive(c, usec_add(clock_usec(CLOCK_MONOTONIC), span));
        }
        return r < 0 ? call_lost(c, r) : r;
}

static int fetch(Call *c, const char *part, int fd, int64_t *ret_size)
{
        int64_t at = 0;

        for (;;) {
                int r = fetch_piece(c, at);
                if (r != EXIT_DONE) {
                        return r;
                }
                const char *data = node_text(c->reply.parameters, "data");
                int64_t size = node_integer(c->reply.parameters, "size", -1);
                int64_t next = node_integer(c->reply.parameters, "next", size);
                int n = data ? part_write(fd, data) : -EBADMSG;
                if (n < 0 && n != -EBADMSG) {
                        return fail_file(part, n);
                }
                if (n < 0 || next != at + n || next > size) {
                        return call_garbled(c, "a piece of a backup");
                }
                at = next;
                if (at == size) {
                        *ret_size = size;
                        return EXIT_DONE;
                }
        }
}

/* The folder too, or the name may be gone after a power cut. */
static int sync_folder(const char *file)
{
        _cleanup_(freep) char *copy = must(strdup(file));
        char *slash = strrchr(copy, '/');

        if (slash) {
                slash[slash == copy ? 1 : 0] = '\0';
        }
        _cleanup_(closep) int fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int put_in_place(const char *part, const char *file, int fd)
{
        if (fsync(fd) < 0 ||
                renameat2(AT_FDCWD, part, AT_FDCWD, file, arg_force ? 0 : RENAME_NOREPLACE) < 0) {
                return -errno;
        }
        return sync_folder(file);
}

static int backup_to(const Ctl *ctl, const char *file, const char *part, int fd)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        int64_t size = 0;

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = fetch(&c, part, fd, &size);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        r = put_in_place(part, file, fd);
        if (r < 0) {
                return fail_file(file, r);
        }
        if (ctl->json) {
                (void) printf("{\"size\":%" PRId64 "}\n", size);
        } else {
                (void) printf("%s: %" PRId64 " bytes\n", safe(file), size);
        }
        return EXIT_DONE;
}

static int run(const Ctl *ctl)
{
        const char *file = ctl->args[0];
        _cleanup_(freep) char *part = NULL;

        if (!arg_force && access(file, F_OK) == 0) {
                say("'%s' is there already; --force replaces it.", safe(file));
                return EXIT_ERROR;
        }
        (void) must(str_printf(&part, "%s.tmp", file) < 0 ? NULL : part);
        _cleanup_(closep) int fd = part_open(part);
        if (fd < 0) {
                return fail_file(part, fd);
        }
        int r = backup_to(ctl, file, part, fd);
        if (r != EXIT_DONE) {
                (void) unlink(part);
        }
        return r;
}

const Verb verb_backup = {
        .name = "backup",
        .synopsis = "[--force] FILE",
        .summary = "Copy the store into a file, while the approver goes on",
        .notes =
                "For administrators. The file is readable by you alone, and holds all of the record.\n"
                "jitctl recover --from FILE puts it back; every grant in it has ended then.\n",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
