# SPDX-License-Identifier: Apache-2.0
"""Many containers without a process: for the service a container is a cgroup directory and its runtime's record."""
import contextlib
import os
import threading

import containerd
import crio
import kubelet
import rules
import service
from report import until


class Bare:
    """Its record is written here; make() makes its cgroup directory, as a runtime does after the record."""

    def __init__(self, node, pod, name="app"):
        self.pod, self.name, self.id, self.going = pod, name, crio.new_id(), False
        self.cgroup = node.kubelet.driver.container(pod.cgroup, self.id)
        self.directory = str(rules.root() / self.cgroup.strip("/"))
        systemd = pod.cgroup.endswith(".slice")
        path = f"{os.path.basename(pod.cgroup)}:cri-containerd:{self.id}" if systemd else self.cgroup
        containerd.write_bundle(node.base().id, self.id, pod, name, kubelet.WORKLOAD_IMAGE, path)
        if rules.hierarchy() == "v2":
            (rules.root() / pod.cgroup.strip("/") / "cgroup.subtree_control").write_text("+io")

    def make(self):
        os.mkdir(self.directory)

    def remove(self):
        self.going = True  # the kernel takes the files away before the directory
        os.rmdir(self.directory)
        self.forget()

    def forget(self):
        """The record alone."""
        containerd.remove_bundle(self.id)


@contextlib.contextmanager
def pods(node, count, name="bulk"):
    """Pods without a sandbox, and without what was left in them at the end."""
    made = [node.kubelet.new_pod(f"{name}-{number}") for number in range(count)]
    try:
        yield made
    finally:
        node.remove_pods(*made)


class Stream(threading.Thread):
    """A new container every `every` seconds in pods that take turns; of each pod's the oldest goes when there are more
    than `most`, and must have this `limit` then, if one is given. `alive()` are those that are there now, the oldest
    first."""

    def __init__(self, node, pods, limit=None, every=0.02, most=10):
        super().__init__()
        self._node, self._pods, self._limit, self._every, self._most = node, pods, limit, every, most
        self._alive, self._lock, self._over = [], threading.Lock(), threading.Event()
        self.made, self._failure = 0, None

    def alive(self):
        with self._lock:
            return list(self._alive)

    def run(self):
        try:
            while not self._over.wait(self._every):
                one = Bare(self._node, self._pods[self.made % len(self._pods)])
                one.make()
                with self._lock:
                    self._alive.append(one)
                    old = self._alive.pop(0) if len(self._alive) > self._most * len(self._pods) else None
                if old:
                    assert not self._limit or not unlimited(self._node, [old], self._limit), \
                        f"{old.cgroup} has {rules.of(old.cgroup)} as it goes, in the journal it has " \
                        f"{[line['MESSAGE'] for line in service.journal(f'CONTAINER_ID={old.id}')]}"
                    old.remove()
                self.made += 1
        except Exception as failure:  # raised again in stop()
            self._failure = failure

    def stop(self):
        self._over.set()
        self.join()
        if self._failure:
            raise self._failure


@contextlib.contextmanager
def stream(node, pods, **options):
    """Containers come and go while the block runs; those that are left go at its end."""
    running = Stream(node, pods, **options)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        for one in running.alive():
            one.remove()


def unlimited(node, containers, limit):
    """Those of the containers that are there and do not have exactly this limit."""
    return [one for one in containers if rules.of(one.cgroup) != {node.devnum: limit} and not one.going
            and os.path.isdir(one.directory)]


def expect_limited(node, containers, limit, seconds=60):
    """Each has exactly this limit; waits for all of them together, not for each."""
    def left():
        return unlimited(node, containers, limit)

    until(lambda: not left(), lambda: f"{len(left())} of {len(containers)} without {limit}, such as "
          f"{[(one.cgroup, rules.of(one.cgroup)) for one in left()[:2]]}", seconds)
