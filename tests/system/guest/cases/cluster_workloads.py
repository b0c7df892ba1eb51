# SPDX-License-Identifier: Apache-2.0
"""What the controllers of a real Kubernetes make: a Job, a StatefulSet, pods that probes restart, and an eviction."""
from cases import case
from cluster import apply, get, kubectl, wait
from cluster_node import DEFAULT
from cluster_objects import (api_pod, api_pods, await_running, await_set, container, delete, expect_in_force, expect_looks,
                             expect_nothing_left, on_node, pod, pod_spec, present, spelled, statuses, workload)

JOBS, AT_ONCE = 50, 10
JOB_SECONDS = 2700


def succeeded(name):
    return get(f"/apis/batch/v1/namespaces/default/jobs/{name}")["status"].get("succeeded", 0)


@case("cluster-job-of-fifty")
def job(node):
    template = pod_spec(container("app", "/bin/busybox", "true"), restartPolicy="Never")
    apply(workload("Job", "fifty", template, "batch/v1", completions=JOBS, parallelism=AT_ONCE))
    wait(lambda: succeeded("fifty") == JOBS, lambda: f"{JOBS} pods to end well; {succeeded('fifty')} did", JOB_SECONDS)
    seen = expect_looks(node, "fifty-.*", JOBS, DEFAULT)
    pods = [on_node(node, one) for one in api_pods(app="fifty")]
    delete("job", "fifty")
    expect_nothing_left(*pods)
    return f"{seen} containers, {AT_ONCE} at once, each limited at its first look"


@case("cluster-statefulset")
def stateful_set(node):
    apply(workload("StatefulSet", "db", pod_spec(container("app")), replicas=3, serviceName="db"))
    pods = await_set(node, "db", 3)
    expect_in_force(node, pods, DEFAULT)
    old = next(one for one in pods if one.name == "db-1")
    delete("pod", "db-1")
    again = await_set(node, "db", 3)
    new = next(one for one in again if one.name == "db-1")
    assert new.uid != old.uid, "the pod was not made anew"
    expect_in_force(node, again, DEFAULT)
    seen = expect_looks(node, "db-.", 3, DEFAULT)
    kubectl("scale", "statefulset", "db", "--replicas=1")
    await_set(node, "db", 1)
    delete("statefulset", "db")
    expect_nothing_left(old, *again)
    return f"{seen} pods limited at their first look, db-1 again when it was made anew; nothing left"


@case("cluster-probes-restart-a-container")
def probes(node):
    """A probe of the kubelet's reaches the pod in a network of its own, and one that fails restarts the container."""
    listens = container("web", "/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/data",
                        readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1, "timeoutSeconds": 20})
    # It falls sick once.
    dies = container("app", "/bin/sh", "-c", "rm /data/sick && sleep 1000000; sleep 5; touch /data/sick; sleep 1000000",
                     livenessProbe={"exec": {"command": ["/bin/sh", "-c", "! test -e /data/sick"]}, "initialDelaySeconds": 10,
                                    "periodSeconds": 2, "timeoutSeconds": 60, "failureThreshold": 1})
    apply(pod("probed", listens, dies, hostNetwork=False))
    wait(lambda: any(one["restartCount"] >= 1 for one in statuses(api_pod("probed"))),
          lambda: f"a restart; {spelled('default')}")
    one = present(node, "probed")
    expect_in_force(node, [one], DEFAULT)
    web = next(each for each in statuses(api_pod("probed")) if each["name"] == "web")
    assert web["ready"] and web["restartCount"] == 0, web
    seen = expect_looks(node, "probed", 3, DEFAULT)
    delete("pod", "probed")
    expect_nothing_left(one)
    return f"{seen} starts, each limited at its first look; ready by its own address"


@case("cluster-eviction")
def eviction(node):
    """The kubelet evicts a pod that writes more into its emptyDir than it may, and removes its logs then."""
    hog = pod("hog", container("app", "/bin/sh", "-c", "until test -e /data/begin; do sleep 1; done; "
                               "dd if=/dev/zero of=/data/much bs=1M count=8; sleep 1000000"))
    hog["spec"]["volumes"] = [hog["spec"]["volumes"][0], {"name": "data", "emptyDir": {"sizeLimit": "2Mi"}}]
    apply(hog, pod("beside", container("app")))
    beside, evicted = sorted(await_running(node, "beside", "hog"), key=lambda one: one.name)
    expect_looks(node, "hog", 1, DEFAULT)
    node.runtime.execute(evicted.containers[0].id, "/bin/busybox", "touch", "/data/begin")
    wait(lambda: api_pod("hog")["status"].get("reason") == "Evicted", lambda: f"the eviction; {spelled('default')}")
    expect_nothing_left(evicted)
    expect_in_force(node, [beside], DEFAULT)
    for name in ("hog", "beside"):
        delete("pod", name)
    expect_nothing_left(beside)
    return "its cgroup and its rules went, its neighbour's limit stayed"
