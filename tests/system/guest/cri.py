# SPDX-License-Identifier: Apache-2.0
"""A client for the few calls of the container runtime interface that a kubelet makes.

Field numbers: package runtime.v1, k8s.io/cri-api/pkg/apis/runtime/v1/api.proto. Fields that nothing here sets or
reads are left out."""
import grpc

import protobuf

SOCKET = "unix:///run/containerd/containerd.sock"
NETWORK_OF_THE_NODE = 2  # NamespaceMode NODE: no CNI needed
POD, CONTAINER_ITSELF, NODE = 0, 1, 2  # NamespaceMode
STATE_RUNNING = 1  # ContainerState CONTAINER_RUNNING; absent on the wire means 0, CREATED

SANDBOX_METADATA = {"name": (1, "string"), "uid": (2, "string"), "namespace": (3, "string"), "attempt": (4, "int")}
NAMESPACE_OPTION = {"network": (1, "int"), "pid": (2, "int"), "ipc": (3, "int")}
SANDBOX_SECURITY = {"namespace_options": (1, NAMESPACE_OPTION), "privileged": (6, "int")}
LINUX_SANDBOX = {"cgroup_parent": (1, "string"), "security_context": (2, SANDBOX_SECURITY)}
SANDBOX_CONFIG = {"metadata": (1, SANDBOX_METADATA), "hostname": (2, "string"), "log_directory": (3, "string"),
                  "labels": (6, "map"), "annotations": (7, "map"), "linux": (8, LINUX_SANDBOX)}
CONTAINER_METADATA = {"name": (1, "string"), "attempt": (2, "int")}
IMAGE_SPEC = {"image": (1, "string")}
MOUNT = {"container_path": (1, "string"), "host_path": (2, "string"), "readonly": (3, "int"), "propagation": (5, "int")}
CAPABILITY = {"add_capabilities": (1, ["string"]), "drop_capabilities": (2, ["string"])}
SECURITY_PROFILE = {"profile_type": (1, "int")}  # 0 = RuntimeDefault
INT64_VALUE = {"value": (1, "int")}
CONTAINER_SECURITY = {"capabilities": (1, CAPABILITY), "privileged": (2, "int"), "namespace_options": (3, NAMESPACE_OPTION),
                      "run_as_user": (5, INT64_VALUE), "readonly_rootfs": (7, "int"), "no_new_privs": (11, "int"),
                      "run_as_group": (12, INT64_VALUE), "masked_paths": (13, ["string"]),
                      "readonly_paths": (14, ["string"]), "seccomp": (15, SECURITY_PROFILE)}
CONTAINER_RESOURCES = {"cpu_period": (1, "int"), "cpu_quota": (2, "int"), "cpu_shares": (3, "int"),
                       "memory_limit_in_bytes": (4, "int"), "cpuset_cpus": (6, "string"), "unified": (9, "map")}
LINUX_CONTAINER = {"resources": (1, CONTAINER_RESOURCES), "security_context": (2, CONTAINER_SECURITY)}
KEY_VALUE = {"key": (1, "string"), "value": (2, "string")}
CONTAINER_CONFIG = {"metadata": (1, CONTAINER_METADATA), "image": (2, IMAGE_SPEC), "command": (3, ["string"]),
                    "args": (4, ["string"]), "envs": (6, [KEY_VALUE]), "mounts": (7, [MOUNT]), "labels": (9, "map"),
                    "annotations": (10, "map"), "log_path": (11, "string"), "linux": (15, LINUX_CONTAINER)}
CONTAINER = {"id": (1, "string"), "pod_sandbox_id": (2, "string"), "metadata": (3, CONTAINER_METADATA),
             "state": (6, "int"), "labels": (8, "map")}
CONTAINER_STATUS = {"id": (1, "string"), "metadata": (2, CONTAINER_METADATA), "state": (3, "int"),
                    "exit_code": (7, "int"), "message": (11, "string")}
SANDBOX_ID, CONTAINER_ID, NOTHING = {"pod_sandbox_id": (1, "string")}, {"container_id": (1, "string")}, {}

CALLS = {
    "Version": ({"version": (1, "string")}, {"runtime_name": (2, "string"), "runtime_version": (3, "string")}),
    "RunPodSandbox": ({"config": (1, SANDBOX_CONFIG), "runtime_handler": (2, "string")}, SANDBOX_ID),
    "StopPodSandbox": (SANDBOX_ID, NOTHING),
    "RemovePodSandbox": (SANDBOX_ID, NOTHING),
    "CreateContainer": ({**SANDBOX_ID, "config": (2, CONTAINER_CONFIG), "sandbox_config": (3, SANDBOX_CONFIG)},
                        CONTAINER_ID),
    "StartContainer": (CONTAINER_ID, NOTHING),
    "StopContainer": ({**CONTAINER_ID, "timeout": (2, "int")}, NOTHING),
    "RemoveContainer": (CONTAINER_ID, NOTHING),
    "UpdateContainerResources": ({**CONTAINER_ID, "linux": (2, CONTAINER_RESOURCES)}, NOTHING),
    "ListContainers": ({}, {"containers": (1, [CONTAINER])}),
    "ContainerStatus": (CONTAINER_ID, {"status": (1, CONTAINER_STATUS)}),
    "ExecSync": ({**CONTAINER_ID, "cmd": (2, ["string"]), "timeout": (3, "int")},
                 {"stdout": (1, "bytes"), "stderr": (2, "bytes"), "exit_code": (3, "int")}),
}


class Runtime:
    CALL_SECONDS = 300  # an emulated machine that starts fifty containers at once is slow, not stuck

    def __init__(self):
        # Go's HTTP/2 server refuses the escaped socket path that grpc would send as the authority.
        self._channel = grpc.insecure_channel(SOCKET, options=[("grpc.default_authority", "localhost")])

    def call(self, name, **values):
        request, response = CALLS[name]
        method = self._channel.unary_unary(f"/runtime.v1.RuntimeService/{name}",
                                           request_serializer=lambda v: protobuf.encode(request, v),
                                           response_deserializer=lambda data: protobuf.decode(response, data))
        return method(values, timeout=max(self.CALL_SECONDS, values.get("timeout", 0)), wait_for_ready=True)

    def execute(self, container_id, *command):
        """Runs a command in the container, and so in its cgroup; its standard output."""
        answer = self.call("ExecSync", container_id=container_id, cmd=command, timeout=self.CALL_SECONDS)
        if answer.get("exit_code", 0) != 0:
            raise RuntimeError(f"{command[0]} in the container: exit status {answer['exit_code']}: "
                               + answer.get("stderr", b"").decode(errors="replace")[-400:])
        return answer.get("stdout", b"").decode(errors="replace")

    def answers(self):
        """containerd opens its socket before the CRI plugin is ready, and refuses calls until then."""
        try:
            return bool(self.call("Version", version="v1"))
        except grpc.RpcError:
            return False
