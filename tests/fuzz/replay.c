/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a fuzz target over every file of a directory, as a plain test. An empty or missing corpus is
 * a failure: a test that looks at nothing proves nothing.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(int dir_fd, const char *name)
{
        _cleanup_(closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        _cleanup_(freep) uint8_t *data = NULL;
        size_t size, done = 0;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                return -1;
        }
        /* No byte to spare, so that a sanitizer sees any read past the end. */
        size = (size_t) st.st_size;
        data = malloc(MAX(size, (size_t) 1));
        if (!data) {
                return -1;
        }
        while (done < size) {
                ssize_t n = read(fd, data + done, size - done);

                if (n <= 0) {
                        return -1;
                }
                done += (size_t) n;
        }
        return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
        DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
        struct dirent *entry;
        size_t n = 0;

        if (!dir) {
                fprintf(stderr, "No corpus directory '%s'\n", argc > 1 ? argv[1] : "");
                return EXIT_FAILURE;
        }
        while ((entry = readdir(dir))) {
                if (entry->d_name[0] == '.') {
                        continue;
                }
                /* Said before it runs: a crash must name its file. */
                printf("%s\n", entry->d_name);
                fflush(stdout);
                if (replay(dirfd(dir), entry->d_name) != 0) {
                        fprintf(stderr, "Failed to replay '%s'\n", entry->d_name);
                        return EXIT_FAILURE;
                }
                n++;
        }
        closedir(dir);
        if (n == 0) {
                fprintf(stderr, "Corpus '%s' is empty\n", argv[1]);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
