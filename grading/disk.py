"""Disks for graded machines: made before, attached, looked at afterwards.

The host tools that make and read images are the grader's own build. What a
submission's kernel wrote is read in the sandbox only.
"""

import dataclasses
import json
import os
import shutil
import struct
import subprocess
import tempfile

from grading import sandbox
from grading.verdict import Fail, Infra


# What the programs of an image expect, and no archive of files has.
FOLDERS = ("dev", "proc", "sys", "tmp", "run", "mnt", "root", "var/log", "var/lib/init")
LOG_MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4


def make(tools, path, files=(), base=None, size="16M", plain=False):
    """Make an eclipsefs image.

    tools: folder with mkfs.eclipsefs; files: {"/path": bytes}, programs
    are made executable; base: folder whose files come first; plain: of that kind,
    which is only read, and mkfs needs none of the kernel's code for it.
    """
    with tempfile.TemporaryDirectory(prefix="umbra-image-") as stage:
        if base:
            subprocess.run(["cp", "-a", f"{base}/.", stage], check=True)
        for folder in FOLDERS:
            os.makedirs(f"{stage}/{folder}", exist_ok=True)
        for name, content in dict(files).items():
            target = stage + "/" + name.lstrip("/")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
            program = content.startswith((b"\x7fELF", b"#!"))
            os.chmod(target, 0o755 if program else 0o644)
        if os.path.exists(path):
            os.unlink(path)
        kind = ["--plain"] if plain else []
        done = subprocess.run(
            [f"{tools}/mkfs.eclipsefs", *kind, "--reproducible", "-s", size, "-d", stage,
             path], capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise Infra(f"mkfs.eclipsefs: {done.stderr.strip()}")
    return path


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk to be: each run gets a copy of its image.

    errors: rules for QEMU's blkdebug as JSON, for instance [{"iotype": "read",
    "sector": 16, "errno": 5}]; log: all writes are kept, in order, for
    Image.writes(); options: more properties of the device.
    """

    path: str
    tools: str = ""
    errors: str = ""
    log: bool = False
    read_only: bool = False
    options: str = ""

    def private(self, folder, number):
        """Return the path of a run's copy."""
        return os.path.join(folder, f"disk{number}.img")

    def attach(self, folder, number, slot):
        """Copy the image into a run's folder; return QEMU's arguments."""
        copy = self.private(folder, number)
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.path, copy],
                       check=True)  # fmt: skip
        os.chmod(copy, 0o600)
        name = f"disk{number}"
        node = {
            "driver": "raw", "read-only": self.read_only,
            "file": {"driver": "file", "filename": f"/box/disk{number}.img",
                     "cache": {"no-flush": True}},
        }  # fmt: skip
        if self.log:
            open(f"{folder}/{name}.log", "wb").close()
            node = {"driver": "blklogwrites", "file": node,
                    "log": {"driver": "file", "filename": f"/box/{name}.log"}}  # fmt: skip
        if self.errors:
            rules = [{"event": "none", **rule} for rule in json.loads(self.errors)]
            node = {"driver": "blkdebug", "image": node, "inject-error": rules}
        node["node-name"] = name
        device = f"virtio-blk-device,drive={name}"
        if slot is not None:
            device += f",bus=virtio-mmio-bus.{slot}"
        if self.options:
            device += "," + self.options
        return ["-blockdev", json.dumps(node), "-device", device]

    def after(self, folder, number, keep):
        """Move what a run has left into the folder keep; return Image."""
        os.makedirs(keep, exist_ok=True)
        path = os.path.join(keep, f"disk{number}.img")
        shutil.move(self.private(folder, number), path)
        if self.log:
            shutil.move(f"{folder}/disk{number}.log", f"{path}.log")
        return Image(path, self.tools)


@dataclasses.dataclass
class Image:
    """A disk that a run has left; looked at in the sandbox."""

    path: str
    tools: str = ""

    def bytes(self, start=0, size=-1):
        """Return what lies on the disk."""
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(size)

    def writes(self):
        """Yield (sector, bytes, flags) of each write, in order, of a Disk with log.

        The log is dm-log-writes': a sector about itself, then for each write a
        sector about it and its content. flags has FLUSH or FUA.
        """
        with open(f"{self.path}.log", "rb") as file:
            magic, _, count, size = struct.unpack("<QQQI", file.read(28))
            if magic != LOG_MAGIC:
                raise Infra("the log of writes has not been closed")
            at = size
            for _ in range(count):
                file.seek(at)
                sector, sectors, flags, _ = struct.unpack("<QQQQ", file.read(32))
                file.seek(at + size)
                data = b"" if flags & DISCARD else file.read(sectors * size)
                yield sector, data, flags
                at += size + (0 if flags & DISCARD else sectors * size)

    def _tool(self, *words):
        sandbox.give(os.path.dirname(self.path))
        return sandbox.run(
            [f"/tools/{words[0]}", *words[1:]],
            read={"/tools": self.tools, "/disk.img": self.path},
        )  # fmt: skip

    def fsck(self):
        """Return fsck.eclipsefs's complaints: "" if the disk is sound."""
        done = self._tool("fsck.eclipsefs", "-n", "/disk.img")
        return "" if done.status == 0 else _said(done)

    def check(self):
        """Fail unless the disk is sound."""
        said = self.fsck()
        if said:
            raise Fail("the disk is damaged", expected="a sound file system", seen=said)

    def read(self, path):
        """Return a file's content; Fail if it is not there."""
        done = self._tool("efs", "cat", "/disk.img", path)
        if done.status:
            raise Fail(f"{path} cannot be read from the disk", seen=_said(done))
        return done.output

    def exists(self, path):
        """Is there a file of that name?"""
        return self._tool("efs", "cat", "/disk.img", path).status == 0

    def list(self, path="/"):
        """Return the lines that efs ls prints."""
        return self._tool("efs", "ls", "/disk.img", path).output.decode().splitlines()


def _said(done):
    text = (done.errors + done.output).decode("utf-8", "replace")
    return done.reason or "\n".join(text.splitlines()[:12])
