"""Run a workload in a guest whose disk writes a log of what happens to it.

QEMU's blklogwrites lies under the disk. The guest runs /tests/crash
(user/tests/crash.c), which takes one operation at a time; when it answers,
nothing of that operation is still on its way, and the length of the log is
noted. From the base image, the log and the trace of operations,
build/host/crash-check makes every disk that power loss could have left.
"""

import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "guest"), HERE]

import harness  # noqa: E402
import workloads  # noqa: E402

SECTOR = 512
FLUSH = 1
QUICK = 6000  # blocks of the disk: 24 MiB
SMALL = 700  # of one that is to be filled, or to have the smallest journal


class LogReader:
    """Counts the entries of a growing dm-log-writes log."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.at, self.entries = SECTOR, 0

    def count(self):
        """Return how many whole entries there are by now."""
        size = os.fstat(self.file.fileno()).st_size
        while self.at + SECTOR <= size:
            self.file.seek(self.at)
            _, sectors, flags, _ = struct.unpack("<4Q", self.file.read(32))
            end = self.at + SECTOR * (1 + sectors)
            if (sectors == 0 and not flags & FLUSH) or end > size:
                break
            self.at, self.entries = end, self.entries + 1
        return self.entries

    def close(self):
        """Close the log."""
        self.file.close()


def disk_arguments(base, log):
    """Return QEMU's arguments for the logged disk, the guest's second."""
    return [
        "-blockdev", f"driver=file,node-name=base,filename={base}",
        "-blockdev", f"driver=file,node-name=log,filename={log}",
        "-blockdev", "driver=blklogwrites,node-name=logged,file=base,log=log",
        "-device", "virtio-blk-device,drive=logged",
    ]  # fmt: skip


class Machine:
    """A guest that runs operations on the logged disk and keeps the trace."""

    def __init__(self, guest, log):
        self.guest, self.log, self.trace = guest, log, []
        self._answer()

    def _answer(self):
        return self.guest.expect(r"^= (ready|-?\d+)\n")[1]

    def do(self, operation):
        """Run one operation; return its result."""
        before = self.log.count()
        self.guest.send(operation)
        result = int(self._answer())
        self.trace.append(f"{result} {before} {self.log.count()} {operation}\n")
        return result


def perform(machine, workload):
    """Run all operations of a workload."""
    try:
        operation = next(workload)
        while True:
            operation = workload.send(machine.do(operation))
    except StopIteration:
        pass


def record(folder, name, seed):
    """Run a workload in a guest; return (base, log, trace) file names."""
    base, disk, log, trace = (
        os.path.join(folder, f"{name}-{seed}.{kind}")
        for kind in ("base", "disk", "log", "trace")
    )
    blocks = SMALL if name in ("full", "replace") else QUICK
    subprocess.run(
        [harness.built("host/mkfs.eclipsefs"), "--reproducible",
         "-s", str(blocks * 4096), base],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    subprocess.run(["cp", base, disk], check=True)
    with open(log, "wb") as file:
        file.truncate(0)
    with harness.Guest(
        bootargs="init=/tests/crash init.exit=poweroff",
        extra=disk_arguments(disk, log),
    ) as guest:
        reader = LogReader(log)
        machine = Machine(guest, reader)
        if machine.do("mount /dev/vdb eclipsefs") < 0:
            raise harness.GuestError("the disk cannot be mounted")
        perform(machine, workloads.ALL[name](seed))
        machine.do("umount")
        guest.send("quit")
        status = guest.wait()
        reader.close()
        if status != 0:
            raise harness.GuestError(f"the guest ended with status {status}")
    with open(trace, "w") as file:
        file.writelines(line for line in machine.trace if " mount " not in line)
    return base, log, trace


def check(files, most, seed, variants=3):
    """Check up to `most` crash images, at each cut one with all writes and
    `variants` with some of them lost; return (images, violations, text)."""
    done = subprocess.run(
        [harness.built("host/crash-check"), "-m", str(most), "-s", str(seed),
         "-v", str(variants), *files],
        capture_output=True, text=True,
    )  # fmt: skip
    last = done.stdout.rstrip().rpartition("\n")[2].split()
    if done.returncode not in (0, 1) or len(last) != 4:
        raise harness.GuestError(
            f"the checker ended with status {done.returncode}:\n"
            f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return int(last[0]), int(last[2]), done.stdout
