# SPDX-License-Identifier: Apache-2.0
"""The control plane of the machine's Kubernetes: etcd, API server, controller manager and scheduler. They run on the host,
since emulation makes them twenty times slower, in a network of their own that holds only them and QEMU."""
import contextlib
import json
import pathlib
import shutil
import subprocess
import time

# 10.0.2.2 is how QEMU's guest sees the loopback device here; the kubelet of the guest is reached at the second address.
SERVER_IN_GUEST, NODE_ADDRESS, ADDRESS = "10.0.2.2", "10.0.2.15", "192.0.2.1"
QEMU_NETWORK = ["-netdev", f"user,id=net,hostfwd=tcp:{NODE_ADDRESS}:10250-{NODE_ADDRESS}:10250",
                "-device", "virtio-net-pci,netdev=net"]
START_SECONDS = 120
MEMORY_MIB = 4096  # of the machine


class ControlPlane:
    """`programs`: the folder that has them. `folder`: for what they write."""

    def __init__(self, programs, folder):
        self._programs, self._folder = pathlib.Path(programs), pathlib.Path(folder)
        self._network, self._processes = None, []

    def start(self):
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._make_network()
        self._write_files()
        self._run("etcd", f"--data-dir={self._folder}/etcd")
        self._run("kube-apiserver", *self._api_server())
        self._await_answer()
        # The machine is slow: a node that says nothing for a while is not dead.
        self._run("kube-controller-manager", f"--kubeconfig={self._folder}/kubeconfig", "--leader-elect=false",
                  f"--service-account-private-key-file={self._folder}/service-account.key",
                  "--node-monitor-grace-period=10m")
        self._run("kube-scheduler", f"--kubeconfig={self._folder}/kubeconfig", "--leader-elect=false")

    def enter(self):
        """What a command line begins with that runs in this network, no longer than this program."""
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net={self._network}"]

    def stop(self):
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._processes = []

    def _api_server(self):
        key = f"{self._folder}/service-account.key"
        return ["--etcd-servers=http://127.0.0.1:2379", f"--advertise-address={ADDRESS}", f"--cert-dir={self._folder}/pki",
                f"--token-auth-file={self._folder}/tokens", "--authorization-mode=AlwaysAllow",
                "--service-cluster-ip-range=203.0.113.0/24", "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}", "--allow-privileged",
                "--kubelet-preferred-address-types=InternalIP"]

    def _make_network(self):
        # It lasts as long as the first process in it.
        holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        self._processes.append(holder)
        self._network = f"/proc/{holder.pid}/ns/net"
        own = pathlib.Path("/proc/self/ns/net").readlink()
        while pathlib.Path(self._network).readlink() == own:
            time.sleep(0.01)
        # QEMU shows the guest who calls, unless that is the loopback device: the guest drops what comes from its own address.
        for words in (["link", "set", "lo", "up"], ["address", "add", f"{NODE_ADDRESS}/32", "dev", "lo"],
                      ["address", "add", f"{ADDRESS}/32", "dev", "lo"],
                      ["route", "replace", "table", "local", "local", NODE_ADDRESS, "dev", "lo", "src", "127.0.0.1"]):
            subprocess.run([*self.enter(), "ip", *words], check=True)

    def _write_files(self):
        subprocess.run(["openssl", "genrsa", "-out", f"{self._folder}/service-account.key", "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        (self._folder / "tokens").write_text('of-the-lab,admin,admin,"system:masters"\n')
        (self._folder / "kubeconfig").write_text(json.dumps(kubeconfig("127.0.0.1")))

    def _run(self, name, *arguments):
        with open(self._folder / f"{name}.log", "wb") as log:
            self._processes.append(subprocess.Popen([*self.enter(), str(self._programs / name), *arguments], stdout=log,
                                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self._folder))

    def _await_answer(self):
        asked = [*self.enter(), str(self._programs / "kubectl"), f"--kubeconfig={self._folder}/kubeconfig", "get", "--raw",
                 "/healthz"]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(asked, capture_output=True).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the API server does not answer; see {self._folder}/kube-apiserver.log")
            time.sleep(0.5)


def kubeconfig(address):
    return {"apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": f"https://{address}:6443", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": "of-the-lab"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}]}


@contextlib.contextmanager
def running(kubernetes, folder):
    """What a machine with this Kubernetes is made with, while its control plane runs."""
    plane = ControlPlane(kubernetes / "control-plane", folder)
    try:
        plane.start()
        yield {"qemu": [*plane.enter(), "qemu-system-x86_64"], "network": QEMU_NETWORK, "programs": kubernetes / "node.img",
               "memory_mib": MEMORY_MIB}
    finally:
        plane.stop()
