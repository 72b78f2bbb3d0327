/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sockets to listen on. A socket of an earlier run that nobody listens on any more makes room. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "jit-approver/gateway/http_internal.h"

#define BACKLOG 128
#define SOCKET_MODE 0666 /* who may reach it, the folder says */

static int new_socket(int family, int *ret)
{
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0) {
                return -errno;
        }
        *ret = fd;
        return 0;
}

static int bind_and_listen(int fd, const void *address, socklen_t size)
{
        if (bind(fd, address, size) < 0 || listen(fd, BACKLOG) < 0) {
                return -errno;
        }
        return 0;
}

/* Whether nobody listens there any more. */
static bool is_stale(const struct sockaddr_un *sun)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;

        return lstat(sun->sun_path, &st) >= 0 && S_ISSOCK(st.st_mode) &&
               new_socket(AF_UNIX, &fd) >= 0 &&
               connect(fd, (const struct sockaddr *) sun, sizeof(*sun)) < 0 &&
               errno == ECONNREFUSED;
}

static int listen_unix(const char *path, int *ret)
{
        struct sockaddr_un sun = { .sun_family = AF_UNIX };
        _cleanup_(closep) int fd = -1;

        if (strlen(path) >= sizeof(sun.sun_path)) {
                return -ENAMETOOLONG;
        }
        memcpy(sun.sun_path, path, strlen(path) + 1);
        int r = new_socket(AF_UNIX, &fd);
        if (r < 0) {
                return r;
        }
        if (is_stale(&sun)) {
                (void) unlink(path);
        }
        r = bind_and_listen(fd, &sun, sizeof(sun));
        if (r < 0) {
                return r;
        }
        if (chmod(path, SOCKET_MODE) < 0) {
                return -errno;
        }
        *ret = TAKE_FD(fd);
        return 0;
}

/* A numeric address. */
static int fill_address(
        const char *text, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_size)
{
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
                memcpy(ret, &in, sizeof(in));
                *ret_size = sizeof(in);
                return 0;
        }
        if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
                memcpy(ret, &in6, sizeof(in6));
                *ret_size = sizeof(in6);
                return 0;
        }
        return -EINVAL;
}

static int listen_tcp(const Listen *l, int *ret, uint16_t *ret_port)
{
        struct sockaddr_storage address = { 0 };
        socklen_t size = 0;
        _cleanup_(closep) int fd = -1;
        int yes = 1;

        int r = fill_address(l->address, l->port, &address, &size);
        if (r >= 0) {
                r = new_socket(address.ss_family, &fd);
        }
        if (r < 0) {
                return r;
        }
        /* A restart need not wait for the connections of before. */
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        r = bind_and_listen(fd, &address, size);
        if (r < 0) {
                return r;
        }
        size = sizeof(address);
        if (getsockname(fd, (struct sockaddr *) &address, &size) < 0) {
                return -errno;
        }
        /* The port is at the same place in both. */
        *ret_port = ntohs(((const struct sockaddr_in *) &address)->sin_port);
        *ret = TAKE_FD(fd);
        return 0;
}

int http_listen(const Listen *l, int *ret_fd, uint16_t *ret_port)
{
        *ret_port = 0;
        return l->path ? listen_unix(l->path, ret_fd) : listen_tcp(l, ret_fd, ret_port);
}
