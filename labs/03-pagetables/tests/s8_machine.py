"""Step 8: all of it."""

import struct

from _tables import DIRECT, STACK

from grading import check, check_equal, pack, pagetable, test

SECTION = "Step 8: All of it"
BUDGET = 20_000_000_000  # harts wait for each other, and on a busy host that counts


@test(points=1, step="machine", section=SECTION, evidence="memory",
      blames="kmap_init,map_image,map_direct",
      hint="make gdb, break startup; monitor info mem shows what is mapped.")
def the_running_kernel_is_sound(run):
    """On the machine that runs, all harts use a table in which nothing is both written
    and executed."""
    machine = run.machine(harts=3, icount=False)
    with run.start(machine=machine) as guest:
        guest.run_to("startup")
        kernel = pagetable.root(guest)
        found = pagetable.walk(guest)
        for thread in guest.stub.threads():
            guest.stub.select(thread)
            check_equal(pagetable.root(guest), kernel, "the root that a hart uses")
        text, rodata_end = (guest.elf.physical(guest.symbol(s)) for s in ("_text", "_erodata"))
        stack = guest.symbol("boot_stack_guard")
    writable = [m for m in found if m.flags & pagetable.W]
    running = [m for m in found if m.flags & pagetable.X]
    check(writable and running, "there is code, and there are variables")
    for one in writable:
        check(one.physical + one.size <= text or one.physical >= rodata_end,
              f"code or constants can be written to at {one.virtual:#x}")  # fmt: skip
        for other in running:
            check(one.physical + one.size <= other.physical
                  or other.physical + other.size <= one.physical,
                  f"{one.virtual:#x} is written to, {other.virtual:#x} executed")  # fmt: skip
    check(pagetable.find(found, stack) is None, "the boot stack's guard is mapped")
    check(pagetable.find(found, stack + STACK) is not None, "the boot stack is not")
    ram = sum(m.size for m in found if m.virtual < DIRECT + (1 << 37)
              and m.physical >= 1 << 31)  # fmt: skip
    check(ram >= (machine.memory_mib << 20) - (2 << 20), f"{ram >> 20} MiB of RAM are mapped")


def mixed(words):
    """What guest/harts.c makes of what a hart reads."""
    total = 0
    for word in words:
        total = (total * 31 + word) % (1 << 64)
    return total


@test(points=3, step="machine", section=SECTION, evidence="answers",
      blames="space_revoke,tell_harts,space_switch",
      hint="Each hart has a TLB of its own: it sees the old page until it is told.")
def no_hart_sees_an_old_page(run):
    """Harts that look at pages all the time see new ones as soon as they are told that
    there are."""
    asks, expected = [], []
    for pages, rounds in ((2, 30), (20, 12)):
        words = [run.random.getrandbits(64) for _ in range(pages * rounds)]
        expected.append(mixed(words))
        pieces = [x for word in words for x in ("u64", word)]
        machine = run.machine(harts=4, icount=False)
        asks.append(run.ask("harts", "replaced", pack("u32", rounds, "u32", pages, *pieces),
                            machine=machine, budget=BUDGET))  # fmt: skip
    for answer, want in zip((yield asks), expected):
        check_equal([answer.u64() for _ in range(3)], [want] * 3, "what other harts read")


@test(points=1, step="machine", section=SECTION, evidence="answers",
      blames="tell_harts,space_revoke",
      hint="Each copy that had begun must be over when space_revoke returns.")  # fmt: skip
def no_copy_outlives_a_page(run):
    """While other harts copy all the time, no copy is going on that began before."""
    rounds = 40 + run.random.randrange(40)
    answer = yield run.ask("harts", "copied", pack("u32", rounds), budget=BUDGET,
                           machine=run.machine(harts=4, icount=False))  # fmt: skip
    check_equal(answer.u32(), 0, "copies that had begun before, and went on")
    check_equal(answer.u32(), rounds, "new generations")


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="space_revoke,space_switch,space_drop_pages,pt_walk",
      hint="tests/user/pages.c is what runs; a wrong sum is a page that was not the "
           "one to be seen.")  # fmt: skip
def programs_keep_their_pages(run):
    """Programs that fork, map and unmap on four harts find in memory what they put there."""
    keys = [run.random.getrandbits(64) for _ in range(4)]
    record = yield run.boot("pages", files={"/keys": struct.pack("<4Q", *keys)},
                            budget=BUDGET, machine=run.machine(harts=4, icount=False))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    sums = record.image().read("/sums")
    check_equal(len(sums), 32, "bytes that children wrote", record)
    n = 40
    wanted = [sum((key ^ round_) * (i + 1) for round_ in range(12) for i in range(n))
              % (1 << 64) for key in keys]  # fmt: skip
    check_equal(sorted(struct.unpack("<4Q", sums)), sorted(wanted), "what they found", record)
