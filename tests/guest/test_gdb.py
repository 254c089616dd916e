"""The commands of tools/gdb, on a machine that runs."""

import os
import re
import shutil
import subprocess

import harness
from harness import Guest

SCRIPT = os.path.join(harness.ROOT, "tools", "gdb", "umbra.py")
DEBUGGERS = ("gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-elf-gdb")


def ask(guest, *commands):
    """Stop a machine, give gdb commands, let it go on. Return what each printed."""
    debugger = next(filter(None, map(shutil.which, DEBUGGERS)), None)
    if not debugger:
        raise harness.Skip("no gdb for RISC-V")
    words = [debugger, "-q", "-nx", "-batch", harness.built("kernel.elf"),
             "-x", SCRIPT, "-ex", f"target remote {guest.folder}/gdb"]  # fmt: skip
    for command in commands:
        words += ["-ex", "echo \\n<<<\\n", "-ex", command]
    done = subprocess.run(
        [*words, "-ex", "echo \\n<<<\\n", "-ex", "detach"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    answers = done.stdout.split("\n<<<\n")[1:-1]
    assert len(answers) == len(commands), done.stdout
    return [answer.strip() for answer in answers]


def stopped_machine(**machine):
    """Return a machine that gdb can be attached to."""
    return Guest(extra=("-gdb", "unix:gdb,server=on,wait=off"), **machine)


def test_looks():
    """Each command tells of the machine what the machine says of itself."""
    with stopped_machine(harts=2, bootargs="trace=boot,virtq,proc") as guest:
        guest.boot()
        guest.command("sleep 1000 &")
        pid = int(guest.command("echo $!"))
        # As good as asleep as soon as ps, which runs later, says so.
        while not re.search(rf"{pid} .*\bS\b", guest.command("ps")):
            pass
        inode = int(guest.command("ls -i /etc/passwd").split()[0])
        (ps, slabs, bt, pt, kernel_pt, vmas, virtq, node, cache, said, no_panic,
         traced) = ask(
            guest, "ps", "slabs", f"bt {pid}", f"pt {pid} 0x10000", "pt kmain", f"vmas {pid}",
            "virtq vda", f"inode {inode}", "bcache", "dmesg", "panic", "trace 9999",
        )  # fmt: skip
        assert re.search(rf"^ *{pid} +\d+ +{pid} sleep +in sleep_for$", ps, re.M), ps
        assert re.search(r"^ +1 +0 +1 init ", ps, re.M), ps
        assert "idle on hart" in ps
        processes = set(re.findall(r"^ *([1-9]\d*) +\d+ +\d+ ", ps, re.M))
        used = re.search(r"^process +\d+ +(\d+)$", slabs, re.M)
        assert int(used[1]) == len(processes), (slabs, ps)
        assert re.search(r"^#\d+ +0x\w+ in sys_\w*nanosleep at kernel/sys/", bt, re.M), bt
        assert re.search(r"user pc 0x1\w+, sp 0x3f\w+", bt), bt
        assert re.search(r"level 0 .* VR-XU", pt), pt
        assert "is physical 0x8" in pt
        assert re.search(r"level \d .* VR-X-G", kernel_pt), kernel_pt
        assert re.search(r"0x000000?1\w+-0x\w+ r-x private object", vmas), vmas
        assert "rw- private fresh memory, grows down" in vmas
        assert re.search(r"128 descriptors, 128 free, indirect, event index", virtq), virtq
        assert "in flight: 0" in virtq
        index = re.findall(r"idx (\d+)|we are at (\d+)", virtq)
        assert len({a or b for a, b in index}) == 1, virtq
        assert re.search(rf"inode {inode} of eclipsefs on vda.*\n  -rw-r--r--, 1 links", node)
        assert re.match(r"\d+ of at most \d+ blocks, ", cache), cache
        assert "root: eclipsefs on vda" in said, said
        assert no_panic.startswith("no panic; said last:"), no_panic
        assert re.search(r"boot\.step +name=smp$", traced, re.M), traced
        assert re.search(r"virtq\.publish +dev=0 queue=0 idx=1 head=0$", traced, re.M), traced
        assert re.search(r"proc\.exec +name=ls$", traced, re.M), traced
        # It went on meanwhile.
        assert guest.command("echo here") == "here"


def test_refusals():
    """What is not there is said in one line."""
    with stopped_machine(harts=1) as guest:
        guest.boot()
        answers = ask(guest, "bt 12345", "pt 12345 0", "pt 1 0x3000000000", "vmas",
                      "virtq", "virtq vdz", "inode 999999", "bcache 999999999",
                      "locks", "user 77777", "trace", "umbra")  # fmt: skip
        expected = ["no thread 12345", "no process 12345", "nothing is mapped there",
                    "which process?", "which device?", "no device vdz; there are: vda",
                    "no inode 999999", "no block 999999999", "", "no process 77777",
                    "nothing was traced", "The kernel's log."]  # fmt: skip
        for answer, words in zip(answers, expected, strict=True):
            assert words in answer, (answer, words)
            assert "Traceback" not in answer


def test_programs():
    """A stop in user mode brings the symbols of the program that runs there."""
    with stopped_machine(harts=1) as guest:
        guest.boot()
        guest.command("while true; do sleep 0.01; done &")
        path = harness.built("user/bin/sleep")
        names = subprocess.run(
            ["nm", path], stdout=subprocess.PIPE, text=True, check=True
        ).stdout  # fmt: skip
        main = re.search(r"^(\w+) T main$", names, re.M)[1]
        # Others have code there, too; it is the loop's program soon.
        for _ in range(20):
            _, _, symbol, ps, backtrace = ask(
                guest, f"tbreak *0x{main}", "continue", "info symbol $pc", "ps",
                "backtrace 1",
            )  # fmt: skip
            assert "in section .text of " in symbol, symbol
            assert "on hart 0" in ps, ps
            if path in symbol:
                break
        assert f"main in section .text of {path}" in symbol, symbol
        assert re.search(r"#0 +main \(.*sleep\.c:", backtrace), backtrace
        assert guest.command("echo here") == "here"


def test_break_on():
    """A machine that is traced stops at an event with the values that are asked for."""
    with stopped_machine(harts=1, bootargs="trace=virtq,proc") as guest:
        guest.boot()
        guest.command("while true; do echo x >/x; sync; sleep 0.01; done &")
        unknown, no_field, off, listed, done, desc, caller, _, _, text = ask(
            guest, "break-on virtq.nothing", "break-on virtq.desc colour=3",
            "break-on blk.done status=-5", "break-on", "break-on virtq.desc index=2",
            "continue", "backtrace 20", "delete", "break-on proc.exec name=sleep", "continue",
        )  # fmt: skip
        assert "no event virtq.nothing" in unknown, unknown
        assert "virtq.desc has no field colour=; it has: dev, queue, index" in no_field
        assert "blk is not traced: the boot argument trace=blk" in off, off
        assert "virtq.publish dev queue idx head" in listed.split("\n"), listed
        assert "not traced" not in done, done
        assert re.search(r"^virtq.desc dev=0 queue=0 index=2 addr=0x8\w+ len=\d+ ", desc,
                         re.M), desc  # fmt: skip
        assert re.search(r"^#\d+ .*blk_submit", caller, re.M), caller
        assert re.search(r"^proc.exec name=sleep$", text, re.M), text
        assert guest.command("echo here") == "here"
