"""make record and make replay: the same run over and over, forwards and backwards."""

import os
import re
import select
import shutil
import subprocess
import time

import harness

TOOL = os.path.join(harness.ROOT, "tools", "record")
SHORT = "init=/bin/date init.exit=poweroff"
REPLAYS = 10


def arguments_of(**machine):
    """Return QEMU's arguments for a machine."""
    with harness.Guest(**machine) as guest:
        return guest.arguments


def run(mode, folder, arguments, keys):
    """Record or replay; type each line of keys at a prompt. Return the output."""
    with subprocess.Popen(
        [TOOL, mode, folder, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as qemu:  # fmt: skip
        output, heard = b"", harness.awake()
        while True:
            if not select.select([qemu.stdout], [], [], 1.0)[0]:
                # A replay that strays from its recording stands still.
                if harness.awake() - heard > 2 * harness.SILENCE:
                    qemu.kill()
                continue
            piece, heard = os.read(qemu.stdout.fileno(), 65536), harness.awake()
            if not piece:
                break
            output += piece
            if keys and output.endswith(b"umbra# "):
                qemu.stdin.write(keys.pop(0))
                qemu.stdin.flush()
    assert qemu.returncode == 0, output[-500:]
    return output


def test_record_replay(tmp):
    """What was typed into a recorded run is typed again, and answered alike; also
    when the recording lies elsewhere."""
    here, there = os.path.join(tmp, "here"), os.path.join(tmp, "there")
    # More than fits the FIFO at once is lost by QEMU while it records.
    keys = [b"uname -a\n", b"poweroff\n"]
    recorded = run("record", here, arguments_of(harts=4), keys)
    assert b"umbra# uname -a" in recorded, recorded[-500:]
    os.rename(here, there)
    assert run("replay", there, [], []) == recorded


def test_over_and_over(tmp):
    """A recorded run is the same each time."""
    done = subprocess.run(
        [TOOL, "check", str(REPLAYS), tmp, *arguments_of(harts=1, bootargs=SHORT)],
        text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert f"{REPLAYS} of {REPLAYS} replays are identical" in done.stdout, done.stdout
    assert done.returncode == 0


def test_backwards(tmp):
    """gdb goes back in a replay: a step, and to where a breakpoint was."""
    debugger = shutil.which("gdb-multiarch")
    if not debugger:
        raise harness.Skip("no gdb-multiarch")
    run("record", tmp, arguments_of(harts=1, bootargs=SHORT), [])
    commands = ["break virtq_notify", "continue", "print/x $pc", "stepi", "print/x $pc",
                "reverse-stepi", "print/x $pc", "delete", "break virtq_add",
                "reverse-continue", "info symbol $pc"]  # fmt: skip
    words = [debugger, "-q", "-nx", "-batch", os.path.join(tmp, "kernel.elf"),
             "-ex", f"target remote {tmp}/gdb"]  # fmt: skip
    for command in commands:
        words += ["-ex", command]
    tool = harness.record_tool()
    command = tool.recorded(tmp) + tool.CONSOLE
    with subprocess.Popen(
        [*command, "-S", "-gdb", "unix:gdb,server=on,wait=off"], cwd=tmp,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    ) as qemu:  # fmt: skip
        while not os.path.exists(os.path.join(tmp, "gdb")) and qemu.poll() is None:
            time.sleep(0.02)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        qemu.kill()
    here, next_one, back = re.findall(r"^\$\d+ = (0x\w+)$", done.stdout, re.M)
    assert here == back != next_one, done.stdout
    assert re.search(r"^virtq_add( \+ \d+)? in section .text", done.stdout, re.M), done.stdout


def test_nothing_recorded(tmp):
    """Replaying what is not there is refused in one line."""
    done = subprocess.run(
        [TOOL, "replay", tmp], text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 1 and "make record" in done.stdout, done.stdout
