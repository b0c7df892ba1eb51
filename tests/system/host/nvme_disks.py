# SPDX-License-Identifier: Apache-2.0
"""The further NVMe disks of a stacks machine, found by serial number like all: plain ones that can be pulled out and
put back while the machine runs, one controller with two namespaces, and one namespace behind two controllers."""
PLAIN = ["disk-a", "disk-b", "disk-c", "disk-d"]
TWO_NAMESPACES, SHARED = "two-namespaces", "shared-namespace"
NAMESPACES = {TWO_NAMESPACES: 2, SHARED: 1}
DISK_BYTES = 1 << 30


class NvmeDisks:
    def __init__(self, folder, monitor):
        self._folder, self._monitor = folder, monitor
        self._drives = [*PLAIN, *(f"{name}-{number}" for name, count in NAMESPACES.items()
                                  for number in range(1, count + 1))]

    def prepare(self):
        for drive in self._drives:
            with open(self._file(drive), "wb") as disk:
                disk.truncate(DISK_BYTES)

    def command_line(self):
        line = []
        for drive in self._drives:
            # -blockdev, not -drive: a drive goes away with its device when that is pulled out. Nobody needs fsync.
            line += ["-blockdev", f"driver=raw,node-name={drive},cache.no-flush=on,"
                                  f"file.driver=file,file.filename={self._file(drive)}"]
        for name in PLAIN:
            line += ["-device", f"nvme,id={name},serial={name},drive={name}"]
        line += ["-device", f"nvme,id={TWO_NAMESPACES},serial={TWO_NAMESPACES}"]
        for number in (1, 2):
            line += ["-device", f"nvme-ns,bus={TWO_NAMESPACES},drive={TWO_NAMESPACES}-{number},nsid={number}"]
        line += ["-device", f"nvme-subsys,id={SHARED},nqn={SHARED}"]
        for path in (1, 2):
            line += ["-device", f"nvme,id={SHARED}-path-{path},serial={SHARED},subsys={SHARED}"]
        return [*line, "-device", f"nvme-ns,bus={SHARED}-path-1,drive={SHARED}-1,nsid=1,shared=on"]

    def do(self, action, disk):
        """What the guest asks for: "pull" returns when the guest's kernel has let the disk go, "plug" when QEMU has
        put it in."""
        if action == "pull":
            self._monitor.command("device_del", id=disk)
            self._monitor.wait_event("DEVICE_DELETED", disk)
        else:
            self._monitor.command("device_add", driver="nvme", id=disk, serial=disk, drive=disk)

    def close(self):
        for drive in self._drives:
            self._file(drive).unlink(missing_ok=True)

    def _file(self, drive):
        return self._folder / f"{drive}.img"
