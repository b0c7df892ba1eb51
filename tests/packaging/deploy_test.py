# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes/deploy.sh with a docker and a kubectl that write down what they are told.

Usage: deploy_test.py DEPLOY_SH
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DEPLOY = pathlib.Path(sys.argv[1]).resolve()
BASE = DEPLOY.parent / "base/daemonset.yaml"
DOCUMENT = DEPLOY.parent.parent.parent / "docs/kubernetes.md"
LABEL = "app.kubernetes.io/name=iops-limitd"
IN_NAMESPACE = "kubectl -n kube-system"
NEEDED = ("bash", "cat", "dirname", "grep", "readlink", "sed")  # what the script calls beside the two

# A line for each call; what comes on standard input is kept beside it. FAIL: the words of a call that fails.
STUB = """#!/bin/sh
echo "{name} $*" >>"$CALLS"
case "{name} $*" in
  *" -f -") cat >"$CALLS.stdin" ;;
  *" kustomize "*) cat "$MANIFESTS" ;;
  *" -o name") printf 'pod/iops-limitd-a\\npod/iops-limitd-b\\n' ;;
esac
[ -z "$FAIL" ] || case "{name} $*" in *"$FAIL"*) exit 1 ;; esac
"""


class DeployTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="deploy-test."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.fail_at = ""
        for name in NEEDED:
            (self.folder / name).symlink_to(shutil.which(name))
        for name in ("docker", "kubectl"):
            (self.folder / name).write_text(STUB.format(name=name))
            (self.folder / name).chmod(0o755)

    def run_script(self, *arguments, status=0, said="", **environment):
        """The calls it made."""
        calls = self.folder / "calls"
        calls.write_text("")
        done = subprocess.run([str(self.folder / "bash"), str(DEPLOY), *arguments], capture_output=True, text=True,
                              env={"PATH": str(self.folder), "CALLS": str(calls), "MANIFESTS": str(BASE),
                                   "FAIL": self.fail_at, **environment}, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(said, done.stdout + done.stderr)
        return calls.read_text().splitlines()

    def test_build_and_push(self):
        root = DEPLOY.parent.parent.parent
        calls = self.run_script("--push", "--build", "--image", "registry.example.org/a/b:2")
        self.assertEqual(calls, [
            f"docker build -f {root}/packaging/container/Dockerfile -t registry.example.org/a/b:2 {root}",
            "docker push registry.example.org/a/b:2"])
        self.run_script("--push", status=1, said="names no registry to push to")

    def test_deploy(self):
        calls = self.run_script("--deploy", IMAGE="registry.example.org/a/b:2", TIMEOUT="9m")
        self.assertEqual(calls, ["kubectl version", f"kubectl kustomize {DEPLOY.parent}/base", "kubectl apply -f -",
                                 f"{IN_NAMESPACE} rollout status daemonset/iops-limitd --timeout=9m"])
        applied = (self.folder / "calls.stdin").read_text()
        self.assertIn("          image: registry.example.org/a/b:2\n", applied)
        self.assertNotIn("image: iops-limitd", applied)

    def test_documented_commands_name_the_image_that_was_pushed(self):
        section = DOCUMENT.read_text().split("\n## With kustomize\n", 1)[1].split("\n## ", 1)[0]
        first, *commands = re.search(r"^```\n(.*?)^```$", section, re.M | re.S)[1].splitlines()
        self.assertEqual(first, "cd packaging/kubernetes")
        pushed, applied, settings = "", {}, ""
        for command in commands:
            (self.folder / "calls.stdin").unlink(missing_ok=True)
            if command.startswith("export "):
                settings += command + "\n"
                continue
            calls = self.folder / "calls"
            calls.write_text("")
            subprocess.run([str(self.folder / "bash"), "-euc", settings + command], cwd=DEPLOY.parent, check=True,
                           stdout=subprocess.DEVNULL,
                           env={"PATH": str(self.folder), "CALLS": str(calls), "MANIFESTS": str(BASE), "FAIL": ""})
            pushed = pushed or calls.read_text().split("docker push ", 1)[1].split()[0]
            if (self.folder / "calls.stdin").exists():
                applied[command] = re.findall(r" image: (\S+)", (self.folder / "calls.stdin").read_text())
        self.assertEqual(len(applied), 3, applied)
        self.assertEqual(applied, dict.fromkeys(applied, [pushed]))

    def test_overlays(self):
        for name in sorted(os.listdir(DEPLOY.parent / "overlays")):
            calls = self.run_script("--deploy", "--overlay", name)
            self.assertIn(f"kubectl kustomize {DEPLOY.parent}/overlays/{name}", calls)
        self.run_script("--deploy", "--overlay", "nonsense", status=1, said="there are: base crio docker")

    def test_a_rollout_that_does_not_end(self):
        self.fail_at = "rollout status"
        self.run_script("--deploy", status=1, said="not every node is ready after 5m")

    def test_status_asks_every_pod(self):
        health = [f"{IN_NAMESPACE} exec pod/iops-limitd-{one} -- iopsctl health" for one in "ab"]
        calls = self.run_script("--status")
        self.assertEqual(calls[1:], [f"{IN_NAMESPACE} get daemonset/iops-limitd",
                                     f"{IN_NAMESPACE} get pods -l {LABEL} -o wide",
                                     f"{IN_NAMESPACE} get pods -l {LABEL} -o name", *health])
        self.fail_at = "limitd-a -- iopsctl"
        self.assertEqual(self.run_script("--status", status=1, said="not every node is healthy")[-1], health[1])

    def test_logs(self):
        calls = self.run_script("--logs")
        self.assertEqual(calls[1:], [f"{IN_NAMESPACE} logs -l {LABEL} --prefix --tail=100 --max-log-requests=500"])

    def test_uninstall_clears_first(self):
        calls = self.run_script("--uninstall")
        self.assertEqual(calls[3:], [f"{IN_NAMESPACE} exec pod/iops-limitd-a -- iopsctl clear",
                                     f"{IN_NAMESPACE} exec pod/iops-limitd-b -- iopsctl clear",
                                     "kubectl delete --ignore-not-found -f -",
                                     f"{IN_NAMESPACE} delete configmap -l {LABEL} --ignore-not-found"])
        self.fail_at = "limitd-b -- iopsctl clear"
        calls = self.run_script("--uninstall", status=1, said="left on the nodes of pod/iops-limitd-b:")
        self.assertIn("kubectl delete --ignore-not-found -f -", calls)

    def test_an_old_kubectl_cannot_read_the_manifests(self):
        self.fail_at = "kubectl kustomize"
        calls = self.run_script("--deploy", status=1, said="it needs kubectl 1.21 or newer")
        self.assertNotIn("kubectl apply -f -", calls)

    def test_what_is_missing_is_said(self):
        self.fail_at = "kubectl version"
        self.run_script("--status", status=1, said="kubectl reaches no cluster")
        for name, action in (("kubectl", "--deploy"), ("kubectl", "--logs"), ("docker", "--build"), ("docker", "--push")):
            (self.folder / name).unlink(missing_ok=True)
            self.run_script(action, status=1, said=f"{name} is not installed")

    def test_wrong_words(self):
        self.run_script(status=1, said="usage: deploy.sh")
        self.run_script("--nonsense", status=1, said="what is '--nonsense'?")
        self.run_script("--deploy", "--image", status=1, said="--image wants a name")
        self.assertEqual(self.run_script("--help", said="--uninstall"), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
