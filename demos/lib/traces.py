"""Recordings of what a demo shows, for the viewer of traces (docs/trace-view.md).

A demo.py may say

    TRACE = "virtq,blk"                     # what the kernel is to trace
    TRACED = ("cat /etc/motd >/dev/null",)  # what is done meanwhile, if not the boot
    VIEW = "virtq"                          # where the viewer begins
    TRACED_DISK = make                      # of a stage, an image; if not root.img

or NO_TRACE, why there is none.

A machine of its own is booted for it, since a trace is no part of the outcome.
"""

import json
import os
import subprocess
import sys
import time

import demos
from machine import disk
from stage import ROOT, Silent, Stage, harness

VIEW = os.path.join(ROOT, "tools", "trace-view")
VIEWER = os.path.join(VIEW, "embed.py")
sys.path.insert(0, VIEW)

import embed  # noqa: E402

PORT = "/dev/hvc0"
LAST = "basename"  # a program that is run when all is done: its record is the last


def app():
    """Return the viewer without a recording, if `make trace-view` has made it."""
    path = harness.built("trace-view/app.html")
    return path if os.path.exists(path) and os.path.exists(VIEWER) else None


def wait_for_last(path):
    """Wait until the trace has come out of the machine: its reader looks by the clock."""
    began = harness.awake()
    while True:
        with open(path, "rb") as file:
            # The name is text of 16 bytes; the table at the head has no zero before one.
            if LAST.encode().ljust(16, b"\0") in file.read():
                return
        if harness.awake() - began > harness.SILENCE:
            raise harness.GuestError("the trace did not come out of the machine")
        time.sleep(0.05)


def record(demo, image, path):
    """Boot from an image and do what the demo says, with its events traced: from the
    boot on if there is nothing else to do. Return what the console said."""
    port = ["-device", "virtio-serial-device", "-chardev", f"file,id=trace,path={path}",
            "-device", "virtconsole,chardev=trace"]  # fmt: skip
    drive = harness.Disk(image, write=True)
    with harness.Guest(disks=[drive], harts=getattr(demo, "TRACED_HARTS", 1), extra=port,
                       bootargs="" if demo.TRACED else f"trace={demo.TRACE}") as guest:  # fmt: skip
        guest.boot()
        guest.command(f"cat /dev/trace >{PORT} &")
        if demo.TRACED:
            guest.command(f"echo {demo.TRACE},proc >/dev/trace")  # who is who
        for line in demo.TRACED:
            guest.command(line)
        guest.command(f"echo +proc.exec >/dev/trace; {LAST} x")
        wait_for_last(path)
        guest.command("kill %1")
        guest.send("poweroff")
        if guest.wait() != 0:
            raise harness.GuestError("the machine did not end well")
        return guest.output


def page(name, tmp, folder):
    """Make the page of a demo's trace in a folder, if it has one; return its address
    there, or None."""
    demo = demos.load(name)
    if not hasattr(demo, "TRACE") or not app():
        return None
    stage = Stage(Silent(), tmp, demos.home(name))
    make = getattr(demo, "TRACED_DISK", lambda stage: disk(stage, "actor"))
    image, trace = make(stage), os.path.join(tmp, "trace")
    about = {"report": embed.boot_report(record(demo, image, trace)),
             "command": "\n".join(demo.TRACED)}  # fmt: skip
    with open(os.path.join(tmp, "about.json"), "w", encoding="utf-8") as file:
        json.dump(about, file)
    words = [VIEWER, "--about", os.path.join(tmp, "about.json"), "--disk", f"vda={image}", "--efs", harness.built("host/efs")]
    subprocess.run([*words, app(), trace, os.path.join(folder, f"{name}-trace.html")],
                   check=True)  # fmt: skip
    return f"{name}-trace.html#view={demo.VIEW}"
