// SPDX-License-Identifier: Apache-2.0
// The sandbox's process: it holds the pod's namespaces and does nothing else.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void end(int signal_number) {
    (void)signal_number;
    _exit(0);
}

int main(void) {
    signal(SIGTERM, end);
    signal(SIGINT, end);
    for (;;) pause();
}
