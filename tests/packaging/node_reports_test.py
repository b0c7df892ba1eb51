# SPDX-License-Identifier: Apache-2.0
"""What the node tells the cluster without credentials, by the rules of the tools that read it: the feature file and the
NodeFeatureRule of node-feature-discovery, and the two monitors of node-problem-detector, whose patterns are matched
against the messages that the service writes.

Usage: node_reports_test.py SAMPLE_NODE_REPORTS SAMPLE_METRICS
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

REPORTS, METRICS = sys.argv[1:3]
KUBERNETES = pathlib.Path(__file__).resolve().parent.parent.parent / "packaging/kubernetes"
RULE = KUBERNETES / "overlays/node-feature-discovery/node-feature-rule.yaml"
DETECTOR = KUBERNETES / "node-problem-detector"
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")


def sample(what):
    return subprocess.run([REPORTS, what], check=True, capture_output=True, text=True).stdout


def read_features(text):
    """(features, labels) as the local source of node-feature-discovery reads a file."""
    features, labels, skip = {}, {}, set()
    if len(text.encode()) > 65536:
        return {}, {}
    for line in map(str.strip, text.split("\n")):
        if line.startswith("# +"):
            skip.add(line[3:])
            assert skip <= {"no-label", "no-feature"}, line
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            value = value if "=" in line else "true"
            for kind, found in (("no-feature", features), ("no-label", labels)):
                if kind not in skip:
                    found[key] = value
            skip = set()
    return features, labels


def evaluate(rule, features):
    """What a rule makes of the features of `local.feature`: {"labels": ..., "extendedResources": ...}."""
    for term in rule["matchFeatures"]:
        assert term.keys() == {"feature", "matchExpressions"} and term["feature"] == "local.feature"
        for name, expression in term["matchExpressions"].items():
            assert expression == {"op": "Exists"}
            if name not in features:
                return {}
    made = {}
    for kind in rule.keys() - {"name", "matchFeatures"}:
        for name, value in rule[kind].items():
            source, feature, element = value.removeprefix("@").split(".", 2)
            assert value.startswith("@") and (source, feature) == ("local", "feature"), value
            made.setdefault(kind, {})[name] = features[element]
    return made


class NodeFeaturesTest(unittest.TestCase):
    def setUp(self):
        self.features, self.labels = read_features(sample("features"))
        self.rule = yaml.safe_load(RULE.read_text())

    def evaluated(self, features):
        made = {}
        for rule in self.rule["spec"]["rules"]:
            for kind, values in evaluate(rule, features).items():
                made.setdefault(kind, {}).update(values)
        return made

    def test_the_file(self):
        self.assertEqual(self.labels, {})
        self.assertEqual(self.features, {
            "iopslimit.org/total-iops": "3000", "iopslimit.org/limits-read-iops": "1000",
            "iopslimit.org/limits-write-iops": "1000", "iopslimit.org/model": "QEMU_NVMe_Ctrl",
            "iopslimit.org/logs.limits-read-iops": "0", "iopslimit.org/logs.limits-write-iops": "0",
            "iopslimit.org/logs.model": "QEMU_NVMe_Ctrl"})

    def test_the_rule(self):
        self.assertEqual((self.rule["apiVersion"], self.rule["kind"]), ("nfd.k8s-sigs.io/v1alpha1", "NodeFeatureRule"))
        names = [rule["name"] for rule in self.rule["spec"]["rules"]]
        self.assertEqual(len(set(names)), len(names))
        made = self.evaluated(self.features)
        self.assertEqual(made, {"extendedResources": {"iopslimit.org/iops": "3000"},
                                "labels": {"iopslimit.org/model": "QEMU_NVMe_Ctrl"}})
        self.assertTrue(all(LABEL.fullmatch(value) for value in made["labels"].values()))
        self.assertTrue(all(value.isdecimal() for value in made["extendedResources"].values()))

    def test_a_node_without_a_total_has_no_resource(self):
        del self.features["iopslimit.org/total-iops"]
        self.assertNotIn("extendedResources", self.evaluated(self.features))
        self.assertEqual(self.evaluated({}), {})


class NodeProblemDetectorTest(unittest.TestCase):
    def setUp(self):
        self.log = json.loads((DETECTOR / "iops-limitd-log.json").read_text())
        self.state = json.loads((DETECTOR / "iops-limitd-state.json").read_text())

    def test_fields(self):
        """It passes over fields that it does not know: a wrong name would be one more that nobody misses."""
        self.assertLessEqual(self.log.keys(), {"plugin", "pluginConfig", "logPath", "lookback", "delay", "bufferSize",
                                               "source", "conditions", "rules", "metricsReporting"})
        self.assertEqual((self.log["plugin"], self.log["pluginConfig"]), ("journald", {"source": "iops-limitd"}))
        for rule in self.log["rules"]:
            self.assertEqual(rule.keys(), {"type", "reason", "pattern"})
            self.assertEqual(rule["type"], "temporary")
        self.assertLessEqual(self.state.keys(), {"plugin", "pluginConfig", "source", "conditions", "rules",
                                                 "metricsReporting"})
        self.assertEqual(self.state["plugin"], "custom")
        self.assertLessEqual(self.state["pluginConfig"].keys(), {
            "invoke_interval", "timeout", "max_output_length", "concurrency", "skip_initial_status",
            "enable_message_change_based_condition_update"})
        conditions = {one["type"] for one in self.state["conditions"]}
        for one in self.state["conditions"]:
            self.assertEqual(one.keys(), {"type", "reason", "message"})
        for rule in self.state["rules"]:
            self.assertEqual(rule.keys(), {"type", "condition", "reason", "path", "args"})
            self.assertEqual((rule["type"], pathlib.Path(rule["path"]).name), ("permanent", "check-iops-limitd.sh"))
        # One rule for each condition: of two the later would undo what the earlier has found.
        self.assertEqual(sorted(rule["condition"] for rule in self.state["rules"]), sorted(conditions))
        for reason in [one["reason"] for one in self.log["rules"] + self.state["rules"] + self.state["conditions"]]:
            self.assertRegex(reason, r"^Iops[A-Za-z]+$")

    def reasons(self, message):
        # With a buffer of one line a pattern has to match up to the end of the message.
        self.assertEqual(self.log["bufferSize"], 1)
        return {rule["reason"] for rule in self.log["rules"] if re.search(rule["pattern"] + r"\Z", message)}

    def test_patterns_match_the_services_messages(self):
        messages = [line.split("\t") for line in sample("messages").splitlines()]
        for reason, message in messages:
            with self.subTest(message):
                self.assertEqual(self.reasons(message), {reason} - {"-"})
        for rule in self.log["rules"]:
            matched = [text for _, text in messages if re.search(rule["pattern"] + r"\Z", text)]
            self.assertTrue(matched, f"no message matches {rule['pattern']}")
            # RE2, which Go has, knows no look-around and no back reference.
            self.assertNotRegex(rule["pattern"], r"\(\?|\\[1-9]")

    def check(self, problem, metrics):
        """(exit status, output) of the plugin."""
        with tempfile.NamedTemporaryFile("w", suffix=".prom") as file:
            file.write(metrics)
            file.flush()
            done = subprocess.run([DETECTOR / "check-iops-limitd.sh", problem, file.name], capture_output=True,
                                  text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertLessEqual(len(done.stdout), self.state["pluginConfig"]["max_output_length"])
        return done.returncode, done.stdout

    def test_plugin(self):
        with tempfile.NamedTemporaryFile(suffix=".prom") as file:
            subprocess.run([METRICS, file.name], check=True)
            bad = pathlib.Path(file.name).read_text()
        good = re.sub(r'^(iopslimit_mount_state\{mount="/logs",state="limited"\}) 0$', r"\1 1", bad, flags=re.M)
        good = re.sub(r'^(iopslimit_containers\{state="failed"\}) \d+$', r"\1 0", good, flags=re.M)
        good = re.sub(r"^(iopslimit_cut_iops\{.*\}) \d+$", r"\1 0", good, flags=re.M)
        old = re.sub(r"^(iopslimit_written_timestamp_seconds) .*$", rf"\1 {int(time.time()) - 130}", good, flags=re.M)
        says = {"mount-unlimited": "nothing is limited on /logs\n",
                "limit-not-taken": "containers without the limit that they should have: 1\n",
                "total-too-small": "the total is too small, IOPS that containers lack on /data: 160\n"}
        self.assertEqual({rule["args"][0] for rule in self.state["rules"]}, set(says))
        for problem, text in says.items():
            self.assertEqual(self.check(problem, bad), (1, text))
            self.assertEqual(self.check(problem, good), (0, ""))
            status, output = self.check(problem, old)
            self.assertEqual(status, 2, output)
        self.assertEqual(self.check("nonsense", good)[0], 2)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
