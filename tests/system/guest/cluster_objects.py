# SPDX-License-Identifier: Apache-2.0
"""Pods of a real Kubernetes: how a test writes them down, and what the API server and the node know of them."""
import json
import re

import cluster
import kubelet
import rules
import service
from cluster import wait
from ctl import ctl
from kubelet import LOGS, WORKLOAD_IMAGE
from report import until

GONE_SECONDS = 300
FOREVER = ("/bin/sleep", "1000000")
VOLUMES = [{"name": "usr", "hostPath": {"path": "/usr"}}, {"name": "data", "emptyDir": {}}]
MOUNTS = [{"name": "usr", "mountPath": "/usr", "readOnly": True}, {"name": "data", "mountPath": "/data"}]


def resources(cpu, memory, requests=None):
    """Those of a container; as both requests and limits if no others are given."""
    limits = {"cpu": cpu, "memory": memory}
    return {"limits": limits, "requests": requests or limits}


def container(name, *command, image=WORKLOAD_IMAGE, **more):
    """The container looks at its limit first, then it becomes the command."""
    return {"name": name, "image": image, "command": ["/bin/first-look", *(command or FOREVER)], "volumeMounts": MOUNTS,
            **more}


def pod_spec(*containers, **more):
    """With the node's network, and /data on the data disk."""
    return {"containers": list(containers), "volumes": VOLUMES, "hostNetwork": True, "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False, **more}


def pod(name, *containers, namespace="default", labels=None, **more):
    return {"apiVersion": "v1", "kind": "Pod", "spec": pod_spec(*containers, **more),
            "metadata": {"name": name, "namespace": namespace, "labels": labels or {}}}


def workload(kind, name, template, group="apps/v1", namespace="default", **spec):
    """A controller's object: its pods have the label app=NAME."""
    labels = {"app": name}
    if group == "apps/v1":
        spec["selector"] = {"matchLabels": labels}
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": namespace},
            "spec": {**spec, "template": {"metadata": {"labels": labels}, "spec": template}}}


def api_pods(namespace="default", **labels):
    query = "?labelSelector=" + "%2C".join(f"{key}%3D{value}" for key, value in labels.items()) if labels else ""
    return cluster.get(f"/api/v1/namespaces/{namespace}/pods{query}")["items"]


def api_pod(name, namespace="default"):
    return cluster.get(f"/api/v1/namespaces/{namespace}/pods/{name}")


def statuses(api):
    return api["status"].get("initContainerStatuses", []) + api["status"].get("containerStatuses", [])


def is_ready(api):
    ready = [one["ready"] for one in api["status"].get("containerStatuses", [])]
    return len(ready) == len(api["spec"]["containers"]) and all(ready)


def id_of(status):
    return status["containerID"].split("://")[1]


def on_node(node, api):
    """The pod with the containers that run, as the other tests know them."""
    meta = api["metadata"]
    # The kubelet names a static pod's cgroup after what its file says, not after the copy in the API server.
    uid = meta.get("annotations", {}).get("kubernetes.io/config.hash", meta["uid"])
    qos = api["status"]["qosClass"].lower()
    made = kubelet.Pod(meta["name"], meta["namespace"], uid, qos, node.kubelet.driver.pod(qos, uid))
    for one in statuses(api):
        if "running" in one["state"]:
            ident = id_of(one)
            made.containers.append(kubelet.Container(made, one["name"], one["restartCount"], ident,
                                                     node.kubelet.container_cgroup(made, ident)))
    return made


def await_running(node, *names, namespace="default"):
    """The pods' containers run and are ready: [Pod]."""
    def found():
        return [one for one in api_pods(namespace) if one["metadata"]["name"] in names and is_ready(one)]

    wait(lambda: len(found()) == len(names), lambda: f"{names} to be ready; {spelled(namespace)}")
    return [on_node(node, one) for one in found()]


def present(node, name, namespace="default"):
    """The pod as it is, whether or not all of its containers run."""
    return on_node(node, api_pod(name, namespace))


def await_set(node, name, count, namespace="default"):
    """So many pods of the workload run and are ready, and there are no others: [Pod]."""
    def right():
        pods = api_pods(namespace, app=name)
        return len(pods) == count and all(is_ready(one) and "deletionTimestamp" not in one["metadata"] for one in pods)

    wait(right, lambda: f"{count} pods of {name}; {spelled(namespace)}")
    return [on_node(node, one) for one in api_pods(namespace, app=name)]


def spelled(namespace):
    """What is there, for a failure."""
    return json.dumps([[one["metadata"]["name"], one["status"].get("phase"), one["status"].get("reason"),
                        [(each["name"], each["state"], each["restartCount"]) for each in statuses(one)]]
                       for one in api_pods(namespace)])[:1500]


def delete(kind, name, namespace="default"):
    cluster.kubectl("delete", kind, name, "-n", namespace, "--wait=true", "--timeout=600s")


# ---- what the node saw ---------------------------------------------------------------------------------------------------

def looks(pattern, namespace="default"):
    """{(pod, container, attempt): lines that the process saw as its first action} of every log there is of pods whose
    names match; None where the log has no end yet."""
    found = {}
    for log in LOGS.glob(f"{namespace}_*/*/*.log"):
        name = log.parts[-3].split("_")[1]
        if re.fullmatch(pattern, name):
            found[name, log.parts[-2], int(log.stem)] = kubelet.first_look(kubelet.logged_lines(log))
    return found


def seen_limit(node, lines):
    """The rules in what a first process saw, as rules.of() gives them."""
    if not node.v1:
        return rules.parse_io_max("\n".join(lines))
    values = [line.split() for line in lines if line.strip()]
    if len(values) != 2 or {pair[0] for pair in values} != {node.devnum}:
        return {}
    return {node.devnum: rules.limits(values[0][1], values[1][1])}


def expect_looks(node, pattern, count, limit, namespace="default", seconds=60):
    """At least `count` containers of these pods, and each of them had exactly this limit before its first instruction."""
    found = until(lambda: whole_looks(pattern, count, namespace),
                  lambda: f"{count} whole logs of {pattern}, there are {looks(pattern, namespace)}", seconds)
    wrong = {key: lines for key, lines in found.items() if seen_limit(node, lines) != {node.devnum: limit}}
    assert not wrong, f"expected {limit} at the first look of each, {len(wrong)} of {len(found)} saw others: " \
        f"{dict(list(wrong.items())[:3])}"
    return len(found)


def whole_looks(pattern, count, namespace):
    found = looks(pattern, namespace)
    return found if len(found) >= count and None not in found.values() else None


def expect_in_force(node, pods, limit, seconds=20):
    """The kernel holds the limit for every container, and the journal names each as the API server does."""
    containers = [one for each in pods for one in each.containers]
    assert containers, "no container runs, so nothing is proved"
    for one in containers:
        until(lambda c=one: rules.of(c.cgroup) == {node.devnum: limit},
              lambda c=one: f"{limit} on {c.pod.name}/{c.name}, found {rules.of(c.cgroup)} in {c.cgroup}", seconds)
        expect_names(one.pod, one.name, one.id)
    return len(containers)


def expect_names(made, name, container_id):
    """The journal's line on the container names it, its pod and its namespace."""
    wanted = {"CONTAINER_NAME": name, "POD_NAME": made.name, "POD_NAMESPACE": made.namespace, "POD_UID": made.uid}
    lines = until(lambda: service.journal(f"CONTAINER_ID={container_id}", "ACTION=limited"),
                  f"a journal line for {container_id}", 10)
    found = {key: lines[-1].get(key) for key in wanted}
    assert found == wanted, f"expected the journal to name {wanted}, found {found}"


def expect_nothing_left(*pods):
    """Neither a cgroup nor a rule of the pods."""
    for one in pods:
        folder = rules.root() / one.cgroup.strip("/")
        until(lambda f=folder: not f.exists(), lambda f=folder, p=one: f"{p.name}'s cgroup {f} to go", GONE_SECONDS)
    known = {row["pod_uid"] for row in listed()}
    left = known & {one.uid for one in pods}
    assert not left, f"iopsctl list still has containers of {left}"


def listed():
    return json.loads(ctl("list", "--all", "--json"))["containers"]
