# SPDX-License-Identifier: Apache-2.0
"""A container's config.json as containerd 1.7 writes it for a pod with the runtime's default seccomp profile."""
import json

CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
                "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"]
# A part of the 360 names of the default profile: the file is about 6 KB.
SYSCALLS = """accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown clock_adjtime clock_getres
clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2
fadvise64 fallocate fanotify_mark fchdir fchmod fchmodat fchown fchownat fcntl fdatasync fgetxattr flistxattr flock
fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futimesat getcpu getcwd getdents getdents64 getegid
geteuid getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid
getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch inotify_init
inotify_rm_watch io_cancel ioctl io_destroy io_getevents ioprio_get ioprio_set io_setup io_submit kill landlock_add_rule
lchown lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek lsetxattr lstat madvise membarrier
memfd_create mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect mq_getsetattr mq_notify mq_open
mq_timedreceive mq_timedsend mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock munlockall munmap nanosleep
newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv prlimit64
process_mrelease pselect6 pwrite64 pwritev read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg""".split()


def namespaces(sandbox):
    pid = {"ipc": "ipc", "uts": "uts", "network": "net"}
    return [{"type": "pid"}, {"type": "mount"}, {"type": "cgroup"}] + [
        {"type": kind, "path": f"/proc/{4000 + len(sandbox)}/ns/{file}"} for kind, file in pid.items()]


def mounts(pod, name):
    volumes = f"/var/lib/kubelet/pods/{pod}/volumes"
    plain = [("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"), ("/dev/mqueue", "mqueue"),
             ("/sys", "sysfs"), ("/sys/fs/cgroup", "cgroup")]
    bound = [("/data", f"{volumes}/kubernetes.io~csi/data/mount"), ("/etc/hosts", f"/var/lib/kubelet/pods/{pod}/hosts"),
             ("/dev/termination-log", f"/var/lib/kubelet/pods/{pod}/containers/{name}/1b2c3d4e"),
             ("/var/run/secrets/kubernetes.io/serviceaccount",
              f"{volumes}/kubernetes.io~projected/kube-api-access-x7x7x")]
    return [{"destination": to, "type": kind, "source": kind, "options": ["nosuid", "noexec", "nodev"]}
            for to, kind in plain] + [
           {"destination": to, "type": "bind", "source": source, "options": ["rbind", "rprivate", "rw"]}
            for to, source in bound]


def text(container, pod, slice_name):
    """`container` is the id of 64 digits, `pod` the uid, `slice_name` the pod's systemd slice."""
    sandbox = pod.replace("-", "").ljust(64, "5")
    name = "db"
    environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=db-0"] + [
        f"SERVICE_{i}_{key}" for i in range(6)
        for key in ("PORT=tcp://10.96.0.1:443", "SERVICE_HOST=10.96.0.1", "SERVICE_PORT=443")]
    capabilities = ["CAP_" + one for one in CAPABILITIES]
    prefix = "io.kubernetes.cri."
    return json.dumps({
        "ociVersion": "1.1.0",
        "process": {"user": {"uid": 0, "gid": 0, "additionalGids": [0]}, "args": ["postgres", "-c", "fsync=on"],
                    "env": environment, "cwd": "/", "oomScoreAdj": 985, "apparmorProfile": "cri-containerd.apparmor.d",
                    "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")}},
        "root": {"path": "rootfs"}, "mounts": mounts(pod, name),
        "annotations": {prefix + "container-name": name, prefix + "container-type": "container",
                        prefix + "image-name": "docker.io/library/postgres:16", prefix + "sandbox-id": sandbox,
                        prefix + "sandbox-name": "db-0", prefix + "sandbox-namespace": "shop",
                        prefix + "sandbox-uid": pod},
        "linux": {"cgroupsPath": f"{slice_name}:cri-containerd:{container}", "namespaces": namespaces(sandbox),
                  "resources": {"devices": [{"allow": False, "access": "rwm"}], "cpu": {"shares": 102}},
                  "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/sys/firmware"],
                  "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                              "syscalls": [{"names": SYSCALLS, "action": "SCMP_ACT_ALLOW"}] + [
                                  {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
                                   "args": [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]}
                                  for value in (0, 8, 131072, 131080, 4294967295)]}}}, separators=(",", ":"))
