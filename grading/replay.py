"""Keep a machine that a test failed on, to be run again under a debugger.

A folder holds the kernel with its questions, the disks as they were before, and
QEMU's arguments. On one hart without disks the run that follows is the same to the
instruction; where a disk answers, it may do so at another instruction.
"""

import json
import os
import shutil
import subprocess
import sys

from grading.guest import QEMU

ABOUT = "machine.json"


def save(folder, start):
    """Keep a run's start (record.Record.start) in a folder."""
    kernel, machine, disks, bootargs = start
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copyfile(kernel, f"{folder}/kernel.elf")
    words = [*machine.arguments(), "-kernel", "kernel.elf", "-append", bootargs,
             "-nic", "none"]  # fmt: skip
    if machine.dtb:
        shutil.copyfile(machine.dtb, f"{folder}/board.dtb")
        words += ["-dtb", "board.dtb"]
    for number, disk in enumerate(disks):
        name = f"disk{number}"
        subprocess.run(["cp", "--sparse=always", disk.path, f"{folder}/{name}.img"],
                       check=True)  # fmt: skip
        device = f"virtio-blk-device,drive={name}"
        if number < len(machine.slots):
            device += f",bus=virtio-mmio-bus.{machine.slots[number]}"
        words += ["-drive", f"file={name}.img,if=none,format=raw,snapshot=on,id={name}",
                  "-device", device]  # fmt: skip
    with open(f"{folder}/{ABOUT}", "w", encoding="utf-8") as file:
        json.dump(words, file, indent=1)


def run(root, folder):
    """Become QEMU with what a folder holds; with GDB=1, under gdb."""
    try:
        with open(os.path.join(folder, ABOUT), encoding="utf-8") as file:
            words = json.load(file)
    except OSError:
        sys.exit(f"replay: {folder} holds no machine; a test that failed leaves one")
    os.chdir(folder)
    command = [QEMU, *words]
    if os.environ.get("GDB"):
        debug = os.path.join(root, "tools", "debug")
        os.execv(debug, [debug, ".", *command])
    os.execvp(QEMU, [*command, "-nographic"])
