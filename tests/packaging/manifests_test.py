# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet and its overlays: names and types of the Kubernetes API (daemonset.schema.json), that its parts fit each
other, and what it may not have. Where kubectl is installed every overlay is also put together by its kustomize.

Usage: manifests_test.py IOPS_LIMITD IOPSCTL
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

PROGRAMS = sys.argv[1:3]
HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
KUBERNETES = REPOSITORY / "packaging/kubernetes"
OVERLAYS = sorted(path for path in (KUBERNETES / "overlays").iterdir())
SCHEMA = yaml.safe_load((HERE / "daemonset.schema.json").read_text())  # JSON is YAML


def validate(document):
    jsonschema.validate(document, {**SCHEMA, "$ref": f"#/$defs/{document['kind']}"})


def load(path):
    return yaml.safe_load(path.read_text())


def kustomized(folder):
    text = subprocess.run(["kubectl", "kustomize", str(folder)], check=True, capture_output=True, text=True).stdout
    return list(yaml.safe_load_all(text))


class ManifestsTest(unittest.TestCase):
    def setUp(self):
        self.daemonset = load(KUBERNETES / "base/daemonset.yaml")
        self.pod = self.daemonset["spec"]["template"]["spec"]
        (self.container,) = self.pod["containers"]
        self.base = load(KUBERNETES / "base/kustomization.yaml")

    def check_whole(self, daemonset):
        """What no schema says: each name leads somewhere."""
        template = daemonset["spec"]["template"]
        selector = daemonset["spec"]["selector"]["matchLabels"]
        self.assertLessEqual(selector.items(), template["metadata"]["labels"].items())
        (container,) = template["spec"]["containers"]
        volumes = [one["name"] for one in template["spec"]["volumes"]]
        mounted = [one["name"] for one in container["volumeMounts"]]
        self.assertEqual(sorted(volumes), sorted(mounted))
        paths = [one["mountPath"] for one in container["volumeMounts"]]
        self.assertEqual(len(set(paths)), len(paths), paths)

    def test_fields_and_types(self):
        validate(self.daemonset)
        self.check_whole(self.daemonset)

    def test_the_schema_sees_mistakes(self):
        for wrong in ({"hostPid": True}, {"hostPID": "yes"}, {"terminationGracePeriodSeconds": "10"}):
            self.pod.update(wrong)
            self.assertRaises(jsonschema.ValidationError, validate, self.daemonset)
            self.setUp()
        self.container["livenessProbe"]["periodSecond"] = 3
        self.assertRaises(jsonschema.ValidationError, validate, self.daemonset)

    def test_least_privilege(self):
        security = self.container["securityContext"]
        self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
        self.assertEqual([security[name] for name in ("privileged", "allowPrivilegeEscalation", "readOnlyRootFilesystem")],
                         [False, False, True])
        self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(self.pod["automountServiceAccountToken"])
        self.assertNotIn("hostNetwork", self.pod)
        paths = [one["hostPath"]["path"] for one in self.pod["volumes"] if "hostPath" in one]
        self.assertEqual(paths, ["/sys/fs/cgroup", "/run/iops-limitd", "/var/lib/iops-limitd",
                                 "/run/containerd/io.containerd.runtime.v2.task"])
        for mount in self.container["volumeMounts"]:
            writable = mount["mountPath"] in ("/sys/fs/cgroup", "/run/iops-limitd", "/var/lib/iops-limitd")
            self.assertEqual(mount.get("readOnly", False), not writable, mount)
            host = mount["name"] in ("cgroup", "records")  # what is unmounted on the node may not stay mounted here
            self.assertEqual(mount.get("mountPropagation"), "HostToContainer" if host else None, mount)

    def test_requests_limits_and_image(self):
        # A CPU limit would stop the service while new containers wait for it.
        self.assertEqual(self.container["resources"], {"requests": {"cpu": "50m", "memory": "64Mi"},
                                                       "limits": {"memory": "128Mi"}})
        version = re.search(r"VERSION ([0-9.]+)", (REPOSITORY / "CMakeLists.txt").read_text().split("project(")[1]).group(1)
        self.assertEqual(self.container["image"], f"iops-limitd:{version}")
        self.assertEqual(self.daemonset["metadata"]["namespace"], "kube-system")

    def test_probes_are_commands_that_exist(self):
        for kind in ("livenessProbe", "readinessProbe"):
            path, *words = self.container[kind]["exec"]["command"]
            self.assertEqual(path, "/usr/bin/iopsctl")
            done = subprocess.run([PROGRAMS[1], *words], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("BAD   service", done.stdout)
            self.assertGreater(self.container[kind]["timeoutSeconds"], 5)  # how long iopsctl waits for an answer

    def test_arguments_are_options(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            done = subprocess.run([PROGRAMS[0], *self.container["args"], "--check-config", file.name],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_config_maps(self):
        generated = {one["name"]: one for one in self.base["configMapGenerator"]}
        used = {one["configMap"]["name"] for one in self.pod["volumes"] if "configMap" in one}
        used |= {one["configMapRef"]["name"] for one in self.container["envFrom"]}
        self.assertEqual(used, set(generated))
        for one in generated.values():
            self.assertEqual(one["namespace"], self.daemonset["metadata"]["namespace"])
            for name in one.get("files", []) + one.get("envs", []):
                self.assertTrue((KUBERNETES / "base" / name).is_file(), name)
        done = subprocess.run([PROGRAMS[0], "--check-config", str(KUBERNETES / "base/iops-limitd.conf")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_environment_names_every_variable(self):
        text = (KUBERNETES / "base/environment.env").read_text()
        pairs = dict(re.findall(r"^#([A-Z_]+)=(.*)$", text, re.MULTILINE))
        reference = (REPOSITORY / "docs/configuration.md").read_text()  # generated from the table of keys
        self.assertEqual(set(pairs), set(re.findall(r"^\| `([A-Z_]+)` \| `\[", reference, re.MULTILINE)))
        with tempfile.TemporaryDirectory():
            done = subprocess.run([PROGRAMS[0], "--check-config"], env=pairs, capture_output=True, text=True, check=False)
        self.assertNotIn("environment variable", done.stdout + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_overlays_build_on_the_base(self):
        for folder in OVERLAYS:
            overlay = load(folder / "kustomization.yaml")
            self.assertIn(overlay["resources"][0], ("../../base", "../crio"))
            for one in overlay["patches"]:
                patch = yaml.safe_load(one["patch"])
                target = one.get("target") or {"kind": patch["kind"], "name": patch["metadata"]["name"]}
                self.assertEqual(target, {"kind": "DaemonSet", "name": "iops-limitd"})

    @unittest.skipUnless(shutil.which("kubectl"), "no kubectl")
    def test_kustomized(self):
        for folder in [KUBERNETES / "base", *OVERLAYS]:
            documents = kustomized(folder)
            more = {"openshift": ["SecurityContextConstraints", "ServiceAccount"],
                    "node-feature-discovery": ["NodeFeatureRule"]}.get(folder.name, [])
            self.assertEqual(sorted(one["kind"] for one in documents), ["ConfigMap", "ConfigMap", "DaemonSet", *more])
            for document in (one for one in documents if one["kind"] not in more):
                with self.subTest(folder.name, kind=document["kind"]):
                    validate(document)
            (daemonset,) = (one for one in documents if one["kind"] == "DaemonSet")
            self.check_whole(daemonset)

    @unittest.skipUnless(shutil.which("kubectl"), "no kubectl")
    def test_openshift_admits_what_the_pod_has_and_no_more(self):
        objects = {one["kind"]: one for one in kustomized(KUBERNETES / "overlays/openshift")}
        admits, pod = objects["SecurityContextConstraints"], objects["DaemonSet"]["spec"]["template"]["spec"]
        account = objects["ServiceAccount"]["metadata"]
        self.assertEqual(admits["users"], [f"system:serviceaccount:{account['namespace']}:{pod['serviceAccountName']}"])
        self.assertEqual(account["name"], pod["serviceAccountName"])
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        self.assertEqual(set(admits["volumes"]), kinds)
        (container,) = pod["containers"]
        security = container["securityContext"]
        self.assertEqual(security["seLinuxOptions"], {"type": "spc_t"})
        self.assertEqual(admits["requiredDropCapabilities"], security["capabilities"]["drop"])
        allowed = {name for name, value in admits.items() if name.startswith("allow") and value}
        self.assertEqual(allowed, {"allowHostDirVolumePlugin", "allowHostPID"})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
