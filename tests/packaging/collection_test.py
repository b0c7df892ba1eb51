# SPDX-License-Identifier: Apache-2.0
"""The Ansible collection: ansible-galaxy builds and installs it, ansible-lint passes what was installed, and the role
adds an apt repository, over HTTP on loopback, with an /etc/apt of its own in a mount namespace (as root, else skipped).

Usage: collection_test.py
"""
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
COLLECTION = REPOSITORY / "packaging/ansible"
PLAY = [{"hosts": "localhost", "connection": "local", "gather_facts": True, "tasks": [
    {"ansible.builtin.include_role": {"name": "iopslimit.node.iops_limitd", "tasks_from": "repository"}}]}]
# apt's folders are empty in the sandbox; twice, so that the second shows what it changes.
SANDBOX = """set -e
for folder in /etc/apt /var/lib/apt/lists /var/cache/apt; do mount -t tmpfs none $folder; done
mkdir /etc/apt/sources.list.d
ansible-playbook -i localhost, -e "iops_limitd_repository=$1" "$2"
ansible-playbook -i localhost, -e "iops_limitd_repository=$1" "$2"
apt-cache madison iops-limitd
"""
PACKAGES = """Package: iops-limitd
Version: 9.9-1
Architecture: all
Filename: ./iops-limitd_9.9-1_all.deb
Size: 1
SHA256: 0000000000000000000000000000000000000000000000000000000000000000

"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class CollectionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="collection-test."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.environment = {**os.environ, "HOME": str(cls.folder), "ANSIBLE_COLLECTIONS_PATH": str(cls.folder),
                           "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "LC_ALL": "C.UTF-8",
                           "no_proxy": "127.0.0.1"}
        cls.run_command("ansible-galaxy", "collection", "build", COLLECTION, "--output-path", cls.folder)
        (archive,) = cls.folder.glob("iopslimit-node-*.tar.gz")
        cls.run_command("ansible-galaxy", "collection", "install", archive, "--collections-path", cls.folder)
        cls.installed = cls.folder / "ansible_collections/iopslimit/node"

    @classmethod
    def run_command(cls, *command, folder="/"):
        done = subprocess.run([str(one) for one in command], capture_output=True, text=True, cwd=folder,
                              env=cls.environment, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_contents(self):
        manifest = json.loads((self.installed / "MANIFEST.json").read_text())["collection_info"]
        version = re.search(r"project\(iops-limitd VERSION ([0-9.]+)", (REPOSITORY / "CMakeLists.txt").read_text())[1]
        self.assertEqual((manifest["namespace"], manifest["name"], manifest["version"]), ("iopslimit", "node", version))
        role = COLLECTION / "roles/iops_limitd"
        for path in (one for one in role.rglob("*") if one.is_file()):
            installed = self.installed / path.relative_to(COLLECTION)
            self.assertEqual(installed.read_text(), path.read_text(), path)

    def test_lint(self):
        self.run_command("ansible-lint", "--offline", "--nocolor", "-q", folder=self.installed)

    def test_the_readme_names_every_variable(self):
        defaults = yaml.safe_load((COLLECTION / "roles/iops_limitd/defaults/main.yml").read_text())
        readme = (COLLECTION / "README.md").read_text()
        self.assertEqual(set(re.findall(r"^\| `(iops_limitd_\w+)`", readme, re.MULTILINE)), set(defaults))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_adds_the_apt_repository(self):
        site = self.folder / "site"
        suite = site / "apt/dists" / re.search("VERSION_CODENAME=(.*)", pathlib.Path("/etc/os-release").read_text())[1]
        suite.mkdir(parents=True)
        handler = functools.partial(QuietHandler, directory=str(site))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            (suite / "iops-limitd.sources").write_text(f"Types: deb\nURIs: {url}/apt\nSuites: ./\nTrusted: yes\n")
            (site / "apt/Packages").write_text(PACKAGES)
            play = self.folder / "play.yml"
            play.write_text(json.dumps(PLAY))
            output = self.run_command("unshare", "-m", "sh", "-c", SANDBOX, "sh", url, play)
            server.shutdown()
        self.assertEqual(re.findall(r"changed=(\d+)", output), ["2", "0"], output)
        self.assertRegex(output, rf"iops-limitd \| *9.9-1 \| {url}/apt ./ Packages")


if __name__ == "__main__":
    unittest.main()
