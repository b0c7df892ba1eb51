// SPDX-License-Identifier: Apache-2.0
// The first process of a test container. Its first action is to read the limit that is in force for its own
// cgroup; the text goes to stdout, that is into the container's log, and then it becomes the real workload.
// Static and without any set-up, so that nothing runs in the container before the file is open.
#include <fcntl.h>
#include <unistd.h>

static const char *const files[] = {
    "/sys/fs/cgroup/io.max",
    "/sys/fs/cgroup/blkio/blkio.throttle.read_iops_device",
    "/sys/fs/cgroup/blkio/blkio.throttle.write_iops_device",
};

int main(int argc, char **argv) {
    char text[4096];
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        long size = read(fd, text, sizeof text);
        close(fd);
        if (size < 0) size = 0;
        if (write(1, "first-look ", 11) < 0 || write(1, text, (size_t)size) < 0) return 1;
        if (size == 0 && write(1, "\n", 1) < 0) return 1;
    }
    if (write(1, "first-look end\n", 15) < 0) return 1;
    if (argc > 1) execv(argv[1], argv + 1);
    return 127;
}
