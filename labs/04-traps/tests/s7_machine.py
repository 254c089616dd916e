"""Step 7: all of it."""

import random
import struct

from grading import check_equal, test

SECTION = "Step 7: All of it"
PROMPT = r"umbra# $"
MASK, TURNS = (1 << 64) - 1, 4  # user/turns.c


@test(points=3, step="machine", section=SECTION, evidence="disk",
      blames="handle_interrupt,do_work,trap_user",
      hint="A program that never calls the kernel is interrupted by the timer, and "
           "user_return may give its hart to another.")  # fmt: skip
def loops_take_turns(run):
    """Two loops on one hart, each waiting for the other, both come to their end; with all
    registers, floating-point ones too, as they were."""
    keys = [run.random.getrandbits(64) | 1 for _ in range(2)]
    record = yield run.boot("turns", files={"/keys": struct.pack("<2Q", *keys)},
                            machine=run.machine(harts=1, icount=False))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    for number, key in enumerate(keys):
        data = record.image().read(f"/registers{number}")
        check_equal(len(data), 512 * TURNS, "bytes of registers", record)
        for turn in range(TURNS):
            x = struct.unpack_from("<32Q", data, 512 * turn)
            f = struct.unpack_from("<32Q", data, 512 * turn + 256)
            for n in range(32):
                if n not in (0, 2, 5):
                    check_equal(hex(x[n]), hex(key * (2 * n + 1 + 64 * turn) & MASK),
                                f"x{n} of process {number}, turn {turn}", record)  # fmt: skip
                check_equal(hex(f[n]), hex(key ^ (n + 1) * 0x0123456789ABCDEF & MASK),
                            f"f{n} of process {number}, turn {turn}", record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, evidence=("disk", "answers"),
      blames="sys_dispatch,uaccess_read,uaccess_write,uaccess_read_string",
      hint="What the log says last is how far it came.")  # fmt: skip
def a_shell_runs(run):
    """On four harts init starts a shell, which reads, pipes and writes files."""
    secret = random.Random(f"{run.seed}:secret").randbytes(20).hex()
    lines = "".join(f"{i} {secret if i == 33 else 'x'}\n" for i in range(99))
    record = yield run.boot(
        machine=run.machine(harts=4, icount=False), files={"/etc/secret": lines.encode()},
        prompt=PROMPT, input=("cat /etc/secret | grep 33 > /found", "sync"),
    )  # fmt: skip
    check_equal(record.image().read("/found"), f"33 {secret}\n".encode(), "the file")


@test(points=1, step="machine", section=SECTION, evidence="disk",
      blames="handle_user_trap,trap_user,read_cause",
      hint="An exception of a program is its own affair: user_exception, with the cause "
           "in the frame.")  # fmt: skip
def a_crash_is_the_programs(run):
    """Programs that do what they must not are ended by the signal for it, and others go
    on."""
    ends = {0: 11, 1: 11, 2: 11, 3: 4, 4: 5, 5: 4, 77: 77 << 8}
    order = run.random.sample(sorted(ends), len(ends))
    record = yield run.boot("crash", files={"/order": bytes(order)},
                            machine=run.machine(harts=2, icount=False))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    statuses = struct.unpack("<7i", record.image().read("/statuses"))
    check_equal({what: status & 0xFF7F for what, status in zip(order, statuses)}, ends,
                "how each of them ended", record)  # fmt: skip
