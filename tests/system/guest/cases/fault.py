# SPDX-License-Identifier: Apache-2.0
"""What each case of scale and faults begins and ends with."""
import contextlib
import functools
import pathlib
import re

import rules
import service
from cases import case
from ctl import ctl
from node import DEFAULT_IOPS

LIMIT = rules.limits(DEFAULT_IOPS, DEFAULT_IOPS)
CHECK_SECONDS = 2
# Without a total the limit of a container does not depend on how many there are, on v1 neither.
TEXT = "[service]\ncheck_interval = {check}\n[limits]\niops = {iops}\ntotal_iops = 0\n"


@contextlib.contextmanager
def configured(check=0, iops=DEFAULT_IOPS):
    """Another safety net, or another limit, while the block runs."""
    service.configure(TEXT.format(check=check, iops=iops))
    try:
        yield
    finally:
        service.configure(TEXT.format(check=0, iops=DEFAULT_IOPS))
        service.reload()


def fault(name, cells="faults", **options):
    """A case of the faults cells. However it ends, the service runs with the cells' own configuration; and where it
    passed, every container has its limit in the kernel, and `iopsctl verify` says the same."""
    def register(function):
        @functools.wraps(function)
        def whole(node):
            service.configure(TEXT.format(check=0, iops=DEFAULT_IOPS))
            service.reload()
            try:
                text = function(node)
            finally:
                service.reset()
                service.start()
            assert node.limited(), "no container, so nothing is proved"
            node.expect_fixed_limit(LIMIT)
            ctl("verify")
            return text
        return case("fault-" + name, cells=cells, **options)(whole)
    return register


def memory():
    """Bytes that the service alone has written to: RssAnon of proc_pid_status(5)."""
    status = pathlib.Path(f"/proc/{service.pid()}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) << 10
