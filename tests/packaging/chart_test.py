# SPDX-License-Identifier: Apache-2.0
"""The Helm chart with helm itself: it renders what kustomize makes of the base and of each overlay, its schema checks
the values, and each value arrives where it belongs. Exits with 77 where there is no helm (./dev test fetches it).

Usage: chart_test.py
"""
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import jsonschema
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
KUBERNETES = REPOSITORY / "packaging/kubernetes"
CHART = KUBERNETES / "chart"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
# The values that stand for each overlay.
OVERLAYS = {"base": {}, "k3s": {"runtime": "k3s"}, "k0s": {"runtime": "k0s"}, "crio": {"runtime": "crio"},
            "docker": {"runtime": "docker"}, "selinux": {"selinux": True}, "openshift": {"openshift": True},
            "node-feature-discovery": {"nodeFeatureDiscovery": True}, "dry-run": {"dryRun": True},
            "socket": {"runtimeSocket": True}}


def run(*command, given=None):
    return subprocess.run([str(one) for one in command], input=given, capture_output=True, text=True, check=False)


def helm(verb, *arguments, values=None, chart=CHART):
    return run("helm", verb, "iops-limitd", chart, "--namespace", "kube-system", "--values", "-", *arguments,
               given=json.dumps(values or {}))


def by_name(text):
    """Objects by kind and name. Kustomize ends the name of a ConfigMap with a hash of its content."""
    found = {}
    for one in yaml.safe_load_all(text):
        kind, name = one["kind"], one["metadata"]["name"]
        found[kind, re.sub("-[a-z0-9]{10}$", "", name) if kind == "ConfigMap" else name] = one
    return found


def comparable(objects):
    """Without what the two do in different ways to replace the pods when the configuration has changed, and with
    volumes in one order: a patch of kustomize puts its own first."""
    objects = copy.deepcopy(objects)
    for (kind, name), one in objects.items():
        one["metadata"]["name"] = name
        if kind == "DaemonSet":
            template = one["spec"]["template"]
            template["metadata"].pop("annotations", None)
            for owner, kept in [(template["spec"], "volumes"), (template["spec"]["containers"][0], "volumeMounts")]:
                owner[kept].sort(key=lambda volume: volume["name"])
            sources = [volume["configMap"] for volume in template["spec"]["volumes"] if "configMap" in volume]
            for container in template["spec"]["containers"]:
                sources += [source["configMapRef"] for source in container["envFrom"]]
            for source in sources:
                source["name"] = re.sub("-[a-z0-9]{10}$", "", source["name"])
    return objects


class ChartTest(unittest.TestCase):
    maxDiff = None

    def render(self, values=None, *arguments):
        done = helm("template", *arguments, values=values)
        self.assertEqual(done.returncode, 0, done.stderr)
        return by_name(done.stdout)

    def pod(self, values=None, *arguments):
        return self.render(values, *arguments)["DaemonSet", "iops-limitd"]["spec"]["template"]["spec"]

    def test_lint(self):
        done = run("helm", "lint", "--strict", CHART)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_same_objects_as_kustomize(self):
        self.assertEqual({path.name for path in (KUBERNETES / "overlays").iterdir()} | {"base"}, set(OVERLAYS))
        for overlay, values in OVERLAYS.items():
            folder = KUBERNETES / ("base" if overlay == "base" else f"overlays/{overlay}")
            done = run("kubectl", "kustomize", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            with self.subTest(overlay):
                self.assertEqual(comparable(self.render(values)), comparable(by_name(done.stdout)))

    def test_version(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        version = re.search(r"project\(iops-limitd VERSION ([0-9.]+)", (REPOSITORY / "CMakeLists.txt").read_text())[1]
        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))

    def test_the_schema_knows_every_value(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        self.assertEqual(set(schema["properties"]) - {"global"}, set(VALUES))
        reference = (REPOSITORY / "docs/configuration.md").read_text()  # generated from the table of keys
        self.assertEqual(set(schema["properties"]["environment"]["properties"]),
                         set(re.findall(r"^\| `([A-Z_]+)` \| `\[", reference, re.MULTILINE)))

    def test_the_schema_refuses_mistakes(self):
        for wrong in ({"runtime": "podman"}, {"dryrun": True}, {"dryRun": "yes"}, {"imagePullSecrets": ["name"]},
                      {"environment": {"DATA_MOUNTS": "/a"}}, {"image": {"repository": ""}},
                      {"nodeSelector": {"disk": 1}}):
            done = helm("template", values=wrong)
            self.assertNotEqual(done.returncode, 0, wrong)
            self.assertIn("don't meet the specifications of the schema", done.stderr)

    def test_the_socket_is_that_of_containerd(self):
        for runtime, folder in (("containerd", "/run/containerd"), ("k3s", "/run/k3s/containerd"), ("k0s", "/run/k0s")):
            pod = self.pod({"runtimeSocket": True, "runtime": runtime})
            (records,) = [one for one in pod["volumes"] if one["name"] == "records"]
            self.assertEqual(records["hostPath"]["path"], folder)
        for wrong in ({"runtime": "crio"}, {"runtime": "docker"}, {"openshift": True}):
            done = helm("template", values={"runtimeSocket": True, **wrong})
            self.assertNotEqual(done.returncode, 0, wrong)
            self.assertIn("runtimeSocket is for containerd", done.stderr)

    def test_values_arrive(self):
        values = {"image": {"repository": "registry.example.org/a/b", "tag": "2", "pullPolicy": "Always"},
                  "imagePullSecrets": [{"name": "secret"}], "nodeSelector": {"disk": "nvme"},
                  "tolerations": [{"key": "storage", "operator": "Exists"}], "resources": {"limits": {"memory": "1Gi"}}}
        pod = self.pod(values)
        (container,) = pod["containers"]
        self.assertEqual((container["image"], container["imagePullPolicy"]), ("registry.example.org/a/b:2", "Always"))
        self.assertEqual(pod["nodeSelector"], {"kubernetes.io/os": "linux", "disk": "nvme"})
        self.assertEqual((pod["imagePullSecrets"], pod["tolerations"], container["resources"]),
                         (values["imagePullSecrets"], values["tolerations"], values["resources"]))

    def test_configuration_and_environment(self):
        objects = self.render({"configuration": "[limits]\niops = 7\n",
                               "environment": {"DATA_TOTAL_IOPS": 10000000, "DATA_MOUNT": "/mnt"}})
        self.assertEqual(objects["ConfigMap", "iops-limitd"]["data"], {"iops-limitd.conf": "[limits]\niops = 7\n"})
        self.assertEqual(objects["ConfigMap", "iops-limitd-environment"]["data"],
                         {"DATA_TOTAL_IOPS": "10000000", "DATA_MOUNT": "/mnt"})

    def test_a_changed_configuration_replaces_the_pods(self):
        def checksum(values):
            template = self.render(values)["DaemonSet", "iops-limitd"]["spec"]["template"]
            return template["metadata"]["annotations"]["checksum/configuration"]

        self.assertNotEqual(checksum({}), checksum({"configuration": "#\n"}))
        self.assertNotEqual(checksum({}), checksum({"environment": {"DATA_MOUNT": "/b"}}))
        self.assertEqual(checksum({}), checksum({"dryRun": True}))

    def test_another_namespace(self):
        for one in self.render({"openshift": True}, "--namespace", "storage").values():
            if one["kind"] == "SecurityContextConstraints":
                self.assertEqual(one["users"], ["system:serviceaccount:storage:iops-limitd"])
            else:
                self.assertEqual(one["metadata"]["namespace"], "storage")

    def test_notes_say_the_next_command(self):
        with tempfile.TemporaryDirectory() as folder:
            # helm renders notes only when it installs, which needs a cluster: here a template has them as a value.
            chart = pathlib.Path(shutil.copytree(CHART, f"{folder}/chart"))
            (chart / "templates/NOTES.txt").rename(chart / "notes")
            (chart / "templates/notes.yaml").write_text('notes: {{ tpl (.Files.Get "notes") . | toJson }}\n')
            for dry, command in ((False, "iopsctl list"), (True, "iopsctl advise")):
                done = helm("template", "--show-only", "templates/notes.yaml", values={"dryRun": dry}, chart=chart)
                self.assertEqual(done.returncode, 0, done.stderr)
                notes = yaml.safe_load(done.stdout)["notes"]
                self.assertIn("  kubectl -n kube-system rollout status daemonset/iops-limitd\n", notes)
                self.assertIn(f"  kubectl -n kube-system exec daemonset/iops-limitd -- {command}\n", notes)
                self.assertIn("iopsctl clear\n", notes)

    def test_a_packed_chart_has_files_in_place_of_links(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("helm", "package", CHART, "--destination", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            (archive,) = pathlib.Path(folder).iterdir()
            with tarfile.open(archive) as opened:
                self.assertTrue(all(one.isfile() for one in opened))
            self.assertEqual(by_name(helm("template", chart=archive).stdout), self.render())


if __name__ == "__main__":
    if not shutil.which("helm") or not shutil.which("kubectl"):
        print("no helm: python3 tests/support/helm.py build/tools, and PATH=build/tools:$PATH")
        sys.exit(77)
    unittest.main()
