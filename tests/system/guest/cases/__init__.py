# SPDX-License-Identifier: Apache-2.0
"""The system tests, in the order they run in one boot. A case is a function that takes a Node, raises
AssertionError with what was expected and found, and returns one line on what it saw."""
import importlib

ALL = []


def case(name, fresh=False, cells="", long=False):
    """`fresh`: the case starts the service itself. Before every other one the service runs and /data is mounted.
    `cells`: a word of the names of the cells it runs in, such as "v2", or several of them; "" is all.
    `long`: runs with --all, or when its name is asked for."""
    def register(function):
        ALL.append((name, fresh, function, cells.split(), long))
        return function
    return register


# The imports register; their order is the order of the run. The last two take the program of the payload away.
NODE = ("start", "containers", "restarts", "reload", "policies", "moves", "operator", "operator_bus",
        "operator_screen", "metrics", "enforcement", "apply_systemd", "many", "pod_scope", "crio_files",
        "docker_pods", "podman_containers", "daemonset", "cleanup", "ansible_role", "package")
FAULTS = ("scale", "faults")
STACKS = ("stacks", "stack_changes", "hot_plug", "several_mounts", "refused", "shared_disk")


def load(modules):
    for module in modules:
        importlib.import_module(f"cases.{module}")
