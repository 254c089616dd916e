"""From power-on to the prompt and down again; on other machines: test_machines.py."""

import os
import re
import struct

import harness
from harness import PROMPT, RECOVERY, Guest, cases


def blank(guest_name, size=1 << 20):
    """Return the path of an empty image; made once, only read."""
    path = harness.built(f"blank-{guest_name}.img")
    if not os.path.exists(path):
        with open(path, "wb") as image:
            image.truncate(size)
    return path


@cases(
    direct_one=dict(aia="aplic", harts=1, how="direct"),
    direct=dict(aia="aplic", harts=4, how="direct"),
    messages_one=dict(aia="aplic-imsic", harts=1, how="by messages"),
    messages=dict(aia="aplic-imsic", harts=4, how="by messages"),
)
def test_aia(aia, harts, how):
    """The other interrupt controllers: disk and console, each on its own hart."""
    if harness.qemu_version() < (7, 0):
        raise harness.Skip("this QEMU has no aia")
    with Guest(machine=f"virt,aia={aia}", harts=harts) as guest:
        assert re.search(rf"aplic +\d+ sources, {how}, at", guest.boot())
        before = interrupts(guest)
        guest.command("cp /bin/sh /copy; sync /copy")
        assert guest.command("cmp /copy /bin/sh; echo $?") == "0"
        after = interrupts(guest)
        for name in ("virtio0", "uart"):
            assert sum(after[name]) > sum(before[name]), (before, after)
        both = [n for n in zip(after["virtio0"], after["uart"]) if all(n)]
        assert len(both) == (len(after["uart"]) == 1), after
        assert "interrupt was lost" not in guest.output
        guest.send("poweroff")
        assert guest.wait() == 0


def interrupts(guest):
    """Return how often each handler ran on each hart, by its name."""
    lines = guest.command("cat /proc/interrupts").splitlines()[1:]
    return {line.split()[-1]: [int(n) for n in line.split()[1:-1]] for line in lines}


def test_shell_text():
    """sh -c takes its text after all options, and says if there is none."""
    with Guest() as guest:
        guest.boot()
        for words in ("-c", "-c --", "-ce", "-c -e"):
            command = f"sh {words} 'echo $0 $1; false; exit 4' name one"
            assert guest.command(command) == "name one"
            status = "1" if "e" in words else "4"
            assert guest.command("echo $?") == status, words
        assert guest.command("sh -c") == "sh: -c needs a text to run"
        assert guest.command("echo $?") == "2"


def test_reboot():
    """reboot comes back to the prompt."""
    with Guest() as guest:
        guest.boot()
        guest.send("reboot")
        guest.expect(r"OpenSBI")
        guest.expect(PROMPT)


def test_queue_statistics():
    """lsdev tells what a queue did, and reads of a disk are counted there."""
    line = (
        r"queue 0: size \d+, 0 used by 0 of "
        r"(\d+) requests, (\d+) notified, (\d+) batches\n"
    )
    interrupts = r"block +blk +\S+ +\d+ +(\d+) +\d+\n"
    with Guest() as guest:
        guest.boot()
        listings = [guest.command("lsdev") + "\n"]
        guest.command("dd if=/dev/vda of=/dev/null bs=4096 count=64")
        listings.append(guest.command("lsdev") + "\n")
    counts = [
        [int(n) for pattern in (line, interrupts) for n in re.search(pattern, t).groups()]
        for t in listings
    ]
    requests, notified, batches, came = (b - a for a, b in zip(*counts))
    assert 0 < requests, listings
    assert 0 < notified <= requests and 0 < batches <= requests, listings
    assert 0 < came, listings


@cases(
    panic=dict(word="test.panic", says="panic: bootarg", names="startup"),
    overflow=dict(
        word="test.overflow", says="panic: kernel stack overflow", names="recurse"
    ),
    text=dict(
        word="test.text", says="panic: store page fault", names="write_to_text"
    ),
)
def test_panic(word, says, names):
    """A panic names its functions and powers off with a failing status."""
    with Guest(bootargs=word) as guest:
        assert guest.wait() != 0
        assert says in guest.output
        assert re.search(r"\bs0 [0-9a-f]{16}", guest.output), "no registers"
        assert re.search(r"hart \d+ \(hartid \d+\), .*startup", guest.output)
        assert re.search(rf"[0-9a-f]{{16}} {names}[.\w]*\+0x", guest.output), "no names"


def test_panic_halt():
    """With panic=halt the machine stays for a debugger to look at."""
    with Guest(bootargs="test.panic panic=halt") as guest:
        guest.expect(r"halted\n")
        assert guest.process.poll() is None


def test_no_disk():
    """Without a disk the recovery shell says so."""
    with Guest(disks=[]) as guest:
        output = guest.boot(RECOVERY)
        assert re.search(r"(?i)no (block|disk|root)|root.*\bno", output)


def damaged_copy(folder, change):
    """Return a copy of test.img on which change(bytearray) was called."""
    with open(harness.built("test.img"), "rb") as image:
        data = bytearray(image.read())
    change(data)
    path = os.path.join(folder, "damaged.img")
    with open(path, "wb") as image:
        image.write(data)
    return path


def test_no_init():
    """A missing init is named, and the recovery shell starts."""
    with Guest(bootargs="init=/sbin/nowhere") as guest:
        output = guest.boot(RECOVERY)
        assert re.search(r"/sbin/nowhere.*(ENOENT|[Nn]o such|error 2)", output)


def test_broken_init():
    """An init that is no program is named, and the recovery shell starts."""
    with Guest(bootargs="init=/etc/passwd") as guest:
        output = guest.boot(RECOVERY)
        assert re.search(r"/etc/passwd.*(ENOEXEC|[Ee]xec format|error 8|"
                         r"EACCES|[Pp]ermission|error 13)", output)  # fmt: skip


def test_damaged_init():
    """An init whose ELF header was overwritten costs only itself."""

    def spoil(data):
        start = 0
        while (start := data.find(b"\x7fELF", start)) >= 0:
            data[start + 4 : start + 6] = struct.pack("BB", 9, 9)
            start += 4

    with Guest(disks=[]) as scratch:
        path = damaged_copy(scratch.folder, spoil)
        scratch.process.kill()
        with Guest(disks=[path]) as guest:
            output = guest.boot(RECOVERY)
            assert "/sbin/init" in output


def test_init_ends():
    """An init that closed its files, ignored and blocked every signal, and
    ended, leaves the recovery shell a console and signals that work."""
    with Guest(bootargs="init=/tests/leave") as guest:
        assert "init exited with status 3" in guest.boot(RECOVERY)
        assert guest.command("run /bin/echo alive", RECOVERY) == "alive"
        output = guest.command("run /tests/times", RECOVERY)
        assert "\nok " in output and "not ok" not in output, output


def test_garbage_disk():
    """A disk that holds no file system leads to the recovery shell."""
    with Guest(disks=[blank("root")]) as guest:
        guest.boot(RECOVERY)


def test_recovery_poweroff():
    """The recovery shell can switch the machine off."""
    with Guest(disks=[]) as guest:
        guest.boot(RECOVERY)
        guest.send("poweroff")
        assert guest.wait() == 0


def test_quiet():
    """With `quiet` the kernel prints nothing before the prompt."""
    with Guest(bootargs="quiet") as guest:
        guest.boot()
        kernel = guest.output[guest.output.rfind("OpenSBI") :]
        assert not re.search(r"^\[? *\d+\.\d+", kernel, re.MULTILINE), kernel


def test_console_end_of_file():
    """One Ctrl-D at the beginning of a line ends the input."""
    with Guest() as guest:
        guest.boot()
        guest.send("wc -l")
        guest.expect(r"\n")
        guest.send("one")
        guest.expect(r"one\n")
        guest.type("\x04")
        assert guest.expect(r"(\d+)\n(?s:.*)umbra# $")[1] == "1"


def test_console_interrupt():
    """Ctrl-C ends the command, not the shell."""
    with Guest() as guest:
        guest.boot()
        guest.send("sh -c 'echo begun; sleep 1000'")
        guest.expect(r"^begun")
        for _ in range(10):
            guest.type("\x03")
            try:
                guest.expect(PROMPT, silence=1.0)
                break
            except harness.GuestError:
                pass  # typed before sleep was in the foreground
        assert guest.command("echo alive") == "alive"
