#!/usr/bin/env python3
"""Boot Umbra, have it do a little, and record all of it for the viewer.

Usage: tools/trace-view/record.py BUILD HARTS PREFIX

Boots a copy of BUILD/root.img with everything traced and makes PREFIX.trace,
the recording; PREFIX.img, the disk as it was afterwards; and PREFIX.json, what
else the viewer wants to know. The stream leaves the guest by a port of its own,
so that it does not come to be what it records.
"""

import json
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A pipe, writing that is synced, many readers at once, more work than harts.
COMMANDS = (
    "cat /etc/passwd | grep root",
    "echo remember >/root/note; sync",
    "cp /bin/sh /root/copy; sync",
    "rm /root/copy; sync",
    "sh -c 'for f in find svc ps dd stat xargs su tr; do cat /bin/$f >/dev/null & done; wait'",
    "sh -c 'for i in 1 2 3 4 5 6; do seq 3000 | sort -r | tail -1 & done; wait'",
    "ls -l /bin | head -2",
)


def record(harness, image, harts, trace):
    """Boot from the image and do the commands; return what the console said."""
    port = ["-device", "virtio-serial-device", "-chardev", f"file,id=trace,path={trace}",
            "-device", "virtconsole,chardev=trace"]  # fmt: skip
    with harness.Guest(disks=[harness.Disk(image, write=True)], harts=harts, memory="256M",
                       bootargs="trace=all", extra=port) as guest:  # fmt: skip
        guest.boot()
        guest.command("cat /dev/trace >/dev/hvc0 &")
        for command in COMMANDS:
            guest.command(command)
        guest.command("kill %1")
        guest.send("poweroff")
        if guest.wait() != 0:
            sys.exit("trace-view: the guest did not end well")
        return guest.output


def main():
    """Make the three files."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    build, harts = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    prefix = os.path.abspath(sys.argv[3])  # QEMU runs in a folder of its own
    os.environ["UMBRA_BUILD"] = build
    sys.dont_write_bytecode = True
    sys.path[:0] = [os.path.join(ROOT, "tests", "guest"), os.path.join(ROOT, "tools", "trace-view")]
    import embed
    import harness  # it reads UMBRA_BUILD

    image, trace = prefix + ".img", prefix + ".trace"
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    shutil.copyfile(os.path.join(build, "root.img"), image)
    try:
        said = record(harness, image, harts, trace)
    except harness.GuestError as error:
        sys.exit(f"trace-view: {error}\n" + "".join(g.tail() for g in harness.guests()))
    queues = re.findall(r"^\[[\d. ]+\] (virtio\d+) +\w+, (\d+) descriptors?", said, re.M)
    about = {
        "command": "\n".join(COMMANDS),
        "queues": {name: int(size) for name, size in queues},
        "report": embed.boot_report(said),
    }
    with open(prefix + ".json", "w", encoding="utf-8") as file:
        json.dump(about, file)
    print(f"trace-view: {os.path.getsize(trace)} bytes of trace from {harts} harts")


if __name__ == "__main__":
    main()
