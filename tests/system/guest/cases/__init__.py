# SPDX-License-Identifier: Apache-2.0
"""The system tests, in the order they run in one boot. A case is a function that takes a Node, raises
AssertionError with what was expected and found, and returns one line on what it saw."""
import importlib

ALL = []


def case(name, fresh=False):
    """`fresh`: the case starts the service itself. Before every other one the service runs and /data is mounted."""
    def register(function):
        ALL.append((name, fresh, function))
        return function
    return register


# The imports register; their order is the order of the run.
for module in ("start", "containers", "restarts", "reload", "cleanup"):
    importlib.import_module(f"cases.{module}")
