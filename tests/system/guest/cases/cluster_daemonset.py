# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet in a real Kubernetes, with the commands of docs/kubernetes.md: the node's own service is stopped meanwhile."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

import cluster
import race
import rules
import service
from cases import case
from cases.daemonset import process
from cluster import wait
from cluster_objects import (api_pods, await_running, container, delete, expect_looks, expect_nothing_left, is_ready, on_node,
                             pod, spelled, statuses)
from disks import run
from report import until

REPOSITORY = pathlib.Path("/opt/lab/repository")
ARCHIVE, NAMESPACE = "/opt/lab/iops-limitd-image.tar", "kube-system"
IOPS = 400  # not the default: the environment is heard
LIMIT = rules.limits(IOPS, IOPS)
LOOK_SECONDS = 0.1


def documented():
    """The commands of the document's first block, which is kustomize's."""
    text = (REPOSITORY / "docs/kubernetes.md").read_text()
    block = re.search(r"## With kustomize.*?```\n(.*?)```", text, re.S)[1]
    return [line.split(" #")[0].strip() for line in block.splitlines()]


def command(*words):
    """The one documented command that has these words."""
    (found,) = [line for line in documented() if all(word in line.split() for word in words)]
    return found


def shell(line, **environment):
    """Runs a documented command in the folder and with the image that the document names; its output."""
    before = [one for one in documented() if one.startswith(("cd ", "export "))]
    more = [f"export {name}={value}" for name, value in environment.items()]
    done = subprocess.run(["bash", "-ec", "\n".join([*before, *more, line])], cwd=REPOSITORY, capture_output=True, text=True,
                          env=dict(os.environ, PATH="/opt/lab:" + os.environ["PATH"], KUBECONFIG=str(cluster.KUBECONFIG)))
    assert done.returncode == 0, f"{line}: exit status {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}"
    return done.stdout


def image():
    (name,) = [line.split("=", 1)[1] for line in documented() if line.startswith("export IMAGE=")]
    return name


def import_image(*names):
    """In place of --build and --push: the machine has neither docker's build nor a registry."""
    run("ctr", "-n", "k8s.io", "images", "import", ARCHIVE)
    (tag,) = [name for name in run("ctr", "-n", "k8s.io", "images", "list", "-q").split() if "/iops-limitd:" in name]
    for name in names:
        run("ctr", "-n", "k8s.io", "images", "tag", tag, name)


def deploy(**environment):
    return shell(command("./deploy.sh", "--build").replace("--build --push ", ""), TIMEOUT="15m", **environment)


def daemon_pod(node):
    """The DaemonSet's one pod, once it is alone and ready."""
    def found():
        return [one for one in api_pods(NAMESPACE) if one["metadata"]["labels"]["app.kubernetes.io/name"] == "iops-limitd"]

    wait(lambda: [is_ready(one) for one in found()] == [True], lambda: f"one ready pod; {spelled(NAMESPACE)}")
    return on_node(node, found()[0])


@contextlib.contextmanager
def in_place_of_the_service():
    service.stop()
    values = REPOSITORY / "packaging/kubernetes/base/environment.env"
    usual = values.read_text()
    values.write_text(usual + f"CONTAINER_IOPS_LIMIT={IOPS}\nCHECK_INTERVAL=0\n")
    try:
        yield
    finally:
        subprocess.run([str(cluster.PROGRAMS / "kubectl"), "delete", "daemonset", "iops-limitd", "-n", NAMESPACE,
                        "--ignore-not-found"], env=dict(os.environ, KUBECONFIG=str(cluster.KUBECONFIG)), check=False)
        values.write_text(usual)
        service.start()


def expect_limit(node, one):
    cgroup = one.containers[0].cgroup
    until(lambda: rules.of(cgroup) == {node.devnum: LIMIT}, lambda: f"{LIMIT} on {one.name}, found {rules.of(cgroup)}")
    return cgroup


def restarted_by_its_probe(node, made):
    """The service's loop stands still: the kubelet kills the container and starts it again."""
    os.kill(process(made.containers[0]), signal.SIGSTOP)
    wait(lambda: any(one["restartCount"] >= 1 for one in statuses(cluster.get(
        f"/api/v1/namespaces/{NAMESPACE}/pods/{made.name}"))), lambda: f"its restart; {spelled(NAMESPACE)}")
    return daemon_pod(node)


@case("cluster-daemonset", cells="cluster-v2-systemd cluster-v1-cgroupfs")
def daemonset(node):
    next_image = image().rsplit(":", 1)[0] + ":next"
    import_image(image(), next_image)
    cluster.make_namespace("shop")
    cluster.apply(pod("db-0", container("app"), namespace="shop"))
    (database,) = await_running(node, "db-0", namespace="shop")
    with in_place_of_the_service():
        deploy()
        made = daemon_pod(node)
        cgroup = expect_limit(node, database)
        cluster.apply(pod("beside", container("app"), namespace="shop"))
        (beside,) = await_running(node, "beside", namespace="shop")
        expect_looks(node, "beside", 1, LIMIT, "shop")
        shell(command("./deploy.sh", "--status"))
        explained = shell(command("kubectl", "exec").replace("POD", made.name))
        assert "db-0" in explained and str(IOPS) in explained, explained
        race.hold([cgroup], {node.devnum: LIMIT}, lambda: deploy(IMAGE=next_image), LOOK_SECONDS)
        rolled = daemon_pod(node)
        assert rolled.name != made.name, "the pod was not replaced"
        race.hold([cgroup], {node.devnum: LIMIT}, lambda: restarted_by_its_probe(node, rolled), LOOK_SECONDS)
        expect_limit(node, beside)
        shell(command("./deploy.sh", "--uninstall"))
        wait(lambda: not api_pods(NAMESPACE), lambda: f"its pods to go; {spelled(NAMESPACE)}")
        for one in (database, beside):
            node.expect_no_rule(one.containers[0].cgroup)
        assert not os.path.exists("/run/iops-limitd/private"), "it left its socket"
    for one in (database, beside):
        delete("pod", one.name, "shop")
    expect_nothing_left(made, rolled, database, beside)
    return "rolled out, limited at the first look, rolled to another version and restarted by its probe without a limit lost"
