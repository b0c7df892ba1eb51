#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard and the alerts name only metrics and labels that the program writes, and docs/metrics.md names them all.

Usage: metrics_names_test.py SAMPLE_METRICS SOURCE_FOLDER
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
PROMETHEUS_MAKES = {"up"}
TARGET_LABELS = {"instance", "job"}  # what a scrape adds
WORDS = set("""by without on ignoring group_left group_right and or unless offset bool sum count max min avg group topk
    bottomk rate increase time vector histogram_quantile avg_over_time last_over_time label_values""".split())
STRING = r'"(?:[^"\\]|\\.)*"'


def written():
    """{metric: its labels}, as they stand in the file."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "sample.prom"
        subprocess.run([PROGRAM, file], check=True)
        found = {}
        for line in file.read_text().splitlines():
            match = re.match(r"(\w+)(?:\{(.*)\})? \S+$", line)
            if match and not line.startswith("#"):
                labels = re.findall(rf"(\w+)={STRING}", match[2] or "")
                found.setdefault(match[1], set()).update(labels)
        return found


def taken_apart(expression):
    """(metrics, labels) that a PromQL expression names."""
    labels = set()

    def selector(match):
        labels.update(re.findall(rf"(\w+)\s*(?:=~|!~|!=|=)\s*{STRING}", match[0]))
        return " "

    def grouping(match):
        labels.update(re.findall(r"\w+", match[1]))
        return " "

    rest = re.sub(rf"\{{(?:{STRING}|[^}}\"])*\}}", selector, expression)
    variable = re.fullmatch(r"label_values\(\s*(\w+)\s*,\s*(\w+)\)", rest)
    if variable:
        return {variable[1]}, labels | {variable[2]}
    rest = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", grouping, rest)
    rest = re.sub(r"\[[^]]*\]|\$\w+|" + STRING, " ", rest)
    return {word for word in re.findall(r"[A-Za-z_]\w*", rest) if word not in WORDS}, labels


def dashboard():
    return json.loads((SOURCE / "packaging/grafana/iops-limitd.json").read_text())


def dashboard_expressions():
    board = dashboard()
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]


def alert_expressions():
    text = (SOURCE / "packaging/prometheus/alerts.yml").read_text()
    for name, body in re.findall(r"- alert: (\w+)\n(.*?)(?=\n\s+- alert: |\Z)", text, re.S):
        folded = re.search(r"expr: >-\n((?: {10,}.*\n)+)", body)
        yield name, folded[1] if folded else re.search(r"expr: (.*)", body)[1]


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.metrics = written()
        cls.labels = set().union(*cls.metrics.values()) | TARGET_LABELS

    def check(self, expressions):
        count = 0
        for where, expression in expressions:
            with self.subTest(where, expression=expression):
                metrics, labels = taken_apart(expression)
                self.assertTrue(metrics, "no metric found")
                self.assertLessEqual(metrics, set(self.metrics) | PROMETHEUS_MAKES)
                self.assertLessEqual(labels, self.labels)
            count += 1
        return count

    def test_dashboard(self):
        self.assertGreater(self.check(dashboard_expressions()), 15)

    def test_alerts(self):
        text = (SOURCE / "packaging/prometheus/alerts.yml").read_text()
        self.assertEqual(self.check(alert_expressions()), text.count("- alert:"))

    def test_legends_name_labels(self):
        for panel in dashboard()["panels"]:
            for target in panel["targets"]:
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    self.assertIn(label, self.labels, panel["title"])
        alerts = (SOURCE / "packaging/prometheus/alerts.yml").read_text()
        self.assertLessEqual(set(re.findall(r"\$labels\.(\w+)", alerts)), self.labels)

    def test_every_metric_is_shown_somewhere_and_explained(self):
        shown = set()
        for _, expression in [*dashboard_expressions(), *alert_expressions()]:
            shown |= taken_apart(expression)[0]
        page = (SOURCE / "docs/metrics.md").read_text()
        for name in self.metrics:
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertIn(f"`{family}`", page)
            self.assertTrue(any(one.startswith(family) for one in shown), f"{name} is in no panel")
        for name in re.findall(r"`(iopslimit_\w+)`", page):
            self.assertTrue({name, name + "_bucket"} & set(self.metrics), f"docs/metrics.md names {name}")

    def test_datasource_is_a_variable(self):
        for panel in dashboard()["panels"]:
            self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])

    def test_a_wrong_name_is_seen(self):
        self.assertEqual(taken_apart('sum by (pod) (rate(wrong_total{who="a}b"}[5m])) > 0'),
                         ({"wrong_total"}, {"pod", "who"}))
        self.assertEqual(taken_apart('label_values(wrong_info{a="$b"}, c)'), ({"wrong_info"}, {"a", "c"}))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
