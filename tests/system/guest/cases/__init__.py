# SPDX-License-Identifier: Apache-2.0
"""The system tests, in the order they run in one boot. A case is a function that takes a Node, raises
AssertionError with what was expected and found, and returns one line on what it saw."""
import importlib

ALL = []
AFTER_REBOOT = {}  # name of a case that reboots the machine: what it does then
NODE_CELLS = ("v2-systemd", "v2-cgroupfs", "v1-systemd", "v1-cgroupfs")
# One cell of each hierarchy, and one with each driver.
BOTH = "v2-systemd v1-cgroupfs"


def case(name, fresh=False, cells="", long=False, spread=""):
    """`fresh`: the case starts the service itself. Before every other one the service runs and /data is mounted.
    `cells`: a word of the names of the cells it runs in, such as "v2", or several of them; "" is all.
    `long`: runs with --all, or when its name is asked for. `spread`: such words for the cells it runs in daily; in
    the others it is a long case."""
    def register(function):
        daily = [] if long else spread.split() or [""]
        ALL.append((name, fresh, function, cells.split() or [""], daily))
        return function
    return register


# The imports register; their order is the order of the run. From "ansible_role" on the program of the payload is gone.
NODE = ("start", "containers", "confinement", "restarts", "reload", "policies", "layouts", "moves", "resize", "operator", "operator_bus",
        "operator_screen", "metrics", "advise", "enforcement", "calibrate", "sharing", "sharing_rows", "at_limit",
        "why", "apply_systemd", "many", "pod_scope", "crio_files", "docker_pods", "podman_containers", "daemonset", "cleanup",
        "ansible_role", "package", "package_repository", "package_upgrade", "denials")
# In the machine of a newer Debian: what kernel, systemd and the runtimes have a hand in, and the package.
NEWER = ("start", "containers", "restarts", "reload", "policies", "resize", "operator", "operator_bus", "metrics", "enforcement",
         "sharing", "at_limit", "apply_systemd", "docker_pods", "podman_containers", "package")
NEWER_DAILY = {"containers-there-before-the-service", "containers-made-while-it-runs", "total-of-all-pods",
               "service-killed", "systemctl-daemon-reexec", "containerd-restarted", "policies-table", "labels-told-by-the-socket",
               "operator-asks-iopsctl", "metrics-that-cannot-be-written", "sharing", "package-installed-by-apt"}
# In the machine with the hybrid hierarchy: the main job.
HYBRID = ("hybrid", "start", "containers", "restarts", "reload", "policies", "operator")
# With a real Kubernetes. The last one leaves nothing running that others need.
CLUSTER = ("cluster_pods", "cluster_workloads", "cluster_kubelet", "cluster_churn", "cluster_daemonset",
           "cluster_reboot")
FAULTS = ("scale", "faults", "hostile_pods", "lifted_limits", "hierarchy", "slow_readers")
STACKS = ("stacks", "stack_changes", "hot_plug", "several_mounts", "refused", "shared_disk", "sharing_stacks", "denials")


def load(modules):
    for module in modules:
        importlib.import_module(f"cases.{module}")
