# SPDX-License-Identifier: Apache-2.0
"""Debian's own prometheus and node_exporter, as they are started on a node, and what prometheus answers."""
import contextlib
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from disks import run
from report import until

PACKAGING = pathlib.Path("/opt/lab/packaging")
TEXTFILES = pathlib.Path("/var/lib/prometheus/node-exporter")  # where Debian's node_exporter looks
CONFIG = pathlib.Path("/etc/prometheus/prometheus.yml")
EXPORTER = pathlib.Path("/etc/default/prometheus-node-exporter")
UNITS = ("prometheus-node-exporter.service", "prometheus.service")
START_SECONDS = 180  # Go programs in an emulated machine
VARIABLES = {"$instance": ".*", "$namespace": ".*", "$pod": ".*", "$__rate_interval": "2m", "$__range": "1h"}


def settings():
    # A scrape that takes longer than the interval is a failed one, and an emulated machine takes its time.
    return {"global": {"scrape_interval": "8s", "evaluation_interval": "4s"},
            "rule_files": [str(PACKAGING / "prometheus/alerts.yml")],
            "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": ["localhost:9100"]}]}]}


def ask(path, **parameters):
    """What the HTTP API answers; an AssertionError with its words when it is not a success."""
    address = f"http://localhost:9090/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"{path} {parameters}: {refused.read().decode()}") from refused


def query(expression):
    """[(labels, value)] of now."""
    return [(row["metric"], float(row["value"][1])) for row in ask("query", query=expression)["result"]]


def value(expression):
    """The one value, or None."""
    rows = query(expression)
    assert len(rows) < 2, f"{expression}: expected one value, found {rows}"
    return rows[0][1] if rows else None


def alerts():
    """Names of the alerts whose expression is true now."""
    return {one["labels"]["alertname"] for one in ask("alerts")["alerts"]}


def rules():
    return ask("rules")["groups"][0]["rules"]


def is_up():
    with contextlib.suppress(OSError, AssertionError):
        return value("up") == 1
    return False


@contextlib.contextmanager
def scraping(file):
    """Both run, and node_exporter finds the file by a link in the folder that it looks into anyway."""
    link = TEXTFILES / os.path.basename(file)
    link.symlink_to(file)
    CONFIG.write_text(json.dumps(settings()))  # JSON is YAML
    EXPORTER.write_text('ARGS="--collector.disable-defaults --collector.textfile '
                        f'--collector.textfile.directory={TEXTFILES}"\n')
    try:
        run("systemctl", "start", *UNITS)
        until(is_up, lambda: run("systemctl", "status", "--no-pager", *UNITS), START_SECONDS)
        yield
    finally:
        run("systemctl", "stop", *UNITS)
        link.unlink()


def promtool(*words, stdin=""):
    """Its words; none when it has nothing to say. Fails when it is not content."""
    done = subprocess.run(["promtool", *words], input=stdin, capture_output=True, text=True, cwd=PACKAGING / "prometheus")
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"promtool {' '.join(words)}: {said}"
    return said


def dashboard():
    """[(panel, expression)] with every variable filled in."""
    board = json.loads((PACKAGING / "grafana/iops-limitd.json").read_text())
    found = []
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, text in VARIABLES.items():
                expression = expression.replace(name, text)
            assert "$" not in expression, f"{panel['title']}: a variable is left in {expression}"
            found.append((panel["title"], expression))
    return found
