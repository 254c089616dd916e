"""make record and make replay: the same run twice."""

import os
import subprocess
import threading

import harness

TOOL = os.path.join(harness.ROOT, "tools", "record")


def run(mode, tmp, arguments, keys):
    """Record or replay; type each line of keys at a prompt. Return the output."""
    with subprocess.Popen(
        [TOOL, mode, tmp, *arguments], cwd=tmp,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as qemu:  # fmt: skip
        # A replay that strays from its recording stands still.
        guard = threading.Timer(60, qemu.kill)
        guard.start()
        output = b""
        while piece := os.read(qemu.stdout.fileno(), 65536):
            output += piece
            if keys and output.endswith(b"umbra# "):
                qemu.stdin.write(keys.pop(0))
                qemu.stdin.flush()
        guard.cancel()
    assert qemu.returncode == 0, output[-500:]
    return output


def test_record_replay(tmp):
    """What was typed into a recorded run is typed again, and answered alike."""
    with harness.Guest(harts=4) as guest:
        arguments = [a for a in guest.arguments if a not in ("-serial", "stdio")]
    # More than fits the FIFO at once is lost by QEMU while it records.
    keys = [b"uname -a\n", b"poweroff\n"]
    recorded = run("record", tmp, arguments, keys)
    assert b"umbra# uname -a" in recorded, recorded[-500:]
    assert run("replay", tmp, arguments, []) == recorded


def test_nothing_recorded(tmp):
    """Replaying what is not there is refused in one line."""
    done = subprocess.run(
        [TOOL, "replay", tmp, "qemu"], text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 1 and "make record" in done.stdout, done.stdout
