# SPDX-License-Identifier: Apache-2.0
"""Directories as kubelets and runtimes make them that the other cases do not have: nobody runs in most of them, since
what counts is that they are seen and limited, or that somebody says they are not."""
import contextlib
import re
import subprocess

import crio
import rules
import service
from cases import case
from cases.policies import DEFAULT, NO_DIVISION
from ctl import REFUSED, ctl
from limit_table import configured
from report import until

UID, UID_IN_SLICE = "0f1e2d3c-0000-4000-8000-00000000beef", "0f1e2d3c_0000_4000_8000_00000000beef"
# {} is a container's ID.
LIMITED = (
    f"/system.slice/kubepods-burstable-pod{UID_IN_SLICE}.slice:cri-containerd:{{}}",
    f"/system.slice/odd-containerd.service/kubepods-pod{UID_IN_SLICE}.slice:cri-containerd:{{}}",
    f"/kubepods/kubepods/burstable/pod{UID}/{{}}",
    f"/kubepods.slice/kubepods-kubepods.slice/kubepods-kubepods-pod{UID_IN_SLICE}.slice/cri-containerd-{{}}.scope",
    f"/kubepods/besteffort/pod{UID}/kata_{{}}",
    "/kata_overhead/{}",
    "/system.slice/crio-{}.scope",
)
LEFT_ALONE = ("/system.slice/docker-{}.scope", "/odd/{}", f"/kubepods/besteffort/pod{UID}/exec")


@contextlib.contextmanager
def directories(paths):
    """The whole paths, with the io controller down to them on v2; what was not there is removed again."""
    root, made = rules.root(), []

    def make(path):
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            directory = root.joinpath(*parts[:depth])
            if not directory.exists():
                if rules.hierarchy() == "v2":
                    (directory.parent / "cgroup.subtree_control").write_text("+io")
                directory.mkdir()
                made.append(directory)

    try:
        for path in paths:
            make(path)
        yield
    finally:
        for directory in reversed(made):
            with contextlib.suppress(FileNotFoundError):  # systemd takes what it knows away itself
                directory.rmdir()


def expect_limited(node, paths):
    for path in paths:
        until(lambda p=path: rules.of(p) == {node.devnum: DEFAULT},
              lambda p=path: f"the default on {p}, found {rules.of(p)}")


@case("unknown-layouts-are-limited", cells="v2-cgroupfs v1-systemd")
def layouts(node):
    limited = [path.format(crio.new_id()) for path in LIMITED]
    alone = [path.format(crio.new_id()) for path in LEFT_ALONE]
    with configured(NO_DIVISION if node.v1 else ""):
        before = len(service.messages())
        with directories(limited + alone):
            expect_limited(node, limited)
            until(lambda: re.search(r"\d+ left alone", service.status_text()), "STATUS with what is left alone")
            for path in alone:
                assert rules.of(path) == {}, f"{path} has a rule"
                folder = path[:path.rindex("/") + 1]
                assert any(line.startswith(f"left alone: {folder}") for line in service.messages()[before:]), \
                    f"nobody said that {path} is left alone"
    return f"{len(limited)} layouts limited, {len(alone)} left alone and said"


@contextlib.contextmanager
def process_in(path):
    process = subprocess.Popen(["sleep", "infinity"])
    try:
        (rules.root() / path.strip("/") / "cgroup.procs").write_text(str(process.pid))
        yield
    finally:
        process.kill()
        process.wait()


@case("children-of-a-container-on-v1", cells="v1-systemd")
def children(node):
    """A scope keeps its rule when it gets crun's child, whoever made it. Other children with processes are said."""
    pod = f"/kubepods.slice/kubepods-pod{UID_IN_SLICE}.slice"
    scope = f"{pod}/cri-containerd-{crio.new_id()}.scope"
    with configured(NO_DIVISION), directories([scope]), process_in(scope):
        expect_limited(node, [scope])
        with directories([f"{scope}/container", f"{scope}/other"]):
            expect_limited(node, [scope, f"{scope}/container"])
            with process_in(f"{scope}/other"):
                service.reload()
                until(lambda: re.search(r"\d+ left alone", service.status_text()), "STATUS with what is left alone")
                said = ctl("verify", status=REFUSED)
                assert f"{scope}/other" in said, f"verify does not name the child without a rule: {said}"
        expect_limited(node, [scope])
    return "the scope and its child have a rule each; verify names the child without one"
