"""Step 7: the whole kernel, and all harts at once."""

import random
import struct

from grading import check, check_equal, pack, pagetable, test

SECTION = "Step 7: All of it"
PROMPT = r"umbra# $"
PAGE = 4096
BUDGET = 1_000_000_000  # harts that wait for each other count as busy
ROUNDS, FILLED = 6, 24 << 20  # user/fill.c


def harts(run):
    """A machine of several harts, the same for all that ask."""
    count = random.Random(f"{run.seed}:harts").randrange(2, 5)
    return run.machine(harts=count, memory_mib=96), count


def work(run, rounds=300):
    """Return what came of harts that take and give back at the same time."""
    machine, _ = harts(run)
    seed = run.random.getrandbits(63) | 1
    answer = yield run.ask("harts", "blocks", pack("u64", seed, "u32", rounds),
                           machine=machine, budget=BUDGET)  # fmt: skip
    return answer.u64(), answer.u64(), answer.u64(), answer.i64()


@test(points=2, step="machine", section=SECTION, evidence="answers",
      blames="frame_alloc,frame_free,take_cached,put_cached,slab_alloc,slab_free",
      hint="Which lock guards the lists, and what does a hart do that has none of it?")
def no_block_has_two_owners(run):
    """While all harts take and give back, nobody finds another's data in a block."""
    _, damaged, refused, _ = yield from work(run)
    check_equal(damaged, 0, "blocks with another hart's data")
    check_equal(refused, 0, "blocks that were refused, with memory left")


@test(points=1, step="machine", section=SECTION, evidence="answers",
      blames="frame_alloc,frame_free,take_cached,put_cached",
      hint="Two harts that count at the same time without a lock count once.")
def nothing_is_lost(run):
    """When all harts have given back all, as many frames are free as before."""
    before, _, _, more = yield from work(run)
    check(before > 1000, f"{before} free frames before")
    check(abs(more) < 200, f"{more:+} free frames after all was given back")


@test(points=1, step="machine", section=SECTION, evidence="answers",
      blames="frame_ref,frame_unref",
      hint="refs += 1 is three steps, and another hart may be between them.")
def harts_count_together(run):
    """References that harts take and drop at the same time are all counted."""
    machine, count = harts(run)
    plan = [(n, run.random.randrange(n)) for n in
            (run.random.randrange(100_000, 200_000) for _ in range(count))]  # fmt: skip
    pieces = [x for refs, unrefs in plan for x in ("u32", refs, "u32", unrefs)]
    answer = yield run.ask("harts", "references", pack(*pieces), machine=machine,
                           budget=BUDGET)
    check_equal(answer.u32(), 1 + sum(r - u for r, u in plan), "references in the end")


def boot(run, machine):
    """Return the request of a boot in which a file is read; and what is in it."""
    secret = random.Random(f"{run.seed}:secret").randbytes(24).hex()
    request = run.boot(
        files={"/etc/secret": (secret + "\n").encode()}, machine=machine,
        prompt=PROMPT, input=("cat /etc/secret",),
    )  # fmt: skip
    return request, secret


@test(points=1, step="machine", section=SECTION, evidence="answers", blames="frame_alloc",
      hint="What the log says last is how far it came.")
def the_kernel_boots(run):
    """The kernel boots to a shell, in machines of several sizes."""
    sizes = (64, 4 * run.random.randrange(30, 200), 1024)
    boots = [boot(run, run.machine(harts=2, memory_mib=size)) for size in sizes]
    records = yield [request for request, _ in boots]
    for megabytes, (_, secret), record in zip(sizes, boots, records):
        check(secret in record.console, f"with {megabytes} MiB the file was not read")


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="frame_free,frame_unref",
      hint="What a process had is free again when it has ended.")  # fmt: skip
def memory_comes_back(run):
    """Programs that need more memory than there is find it, one after the other."""
    keys = [run.random.getrandbits(64) for _ in range(ROUNDS)]
    record = yield run.boot("fill", files={"/keys": struct.pack(f"<{ROUNDS}Q", *keys)},
                            machine=run.machine(harts=1, memory_mib=64))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    sums = record.image().read("/sums")
    check_equal(len(sums), 8 * ROUNDS, "bytes that the children wrote", record)
    pages = FILLED // PAGE
    wanted = [key * (pages * (pages + 1) // 2) % 2**64 for key in keys]
    check_equal(list(struct.unpack(f"<{ROUNDS}Q", sums)), wanted, "what was read back", record)


@test(points=2, step="machine", section=SECTION, evidence="memory",
      blames="frame_alloc",
      hint="A frame that two have is written to by both.")
def the_page_tables_are_sound(run):
    """No frame of the running kernel is a page table and something else."""
    machine = run.machine(harts=1)
    with run.start(machine=machine, disks=[run.image(userland=True)],
                   bootargs="root=vda") as guest:  # fmt: skip
        guest.run_to("process_become_init")
        guest.run_to("sys_write", "sys_wait4")
        tables, pages = tables_and_pages(guest)
        check(len(tables) >= 5, f"only {len(tables)} page tables")
        check(len(pages) >= 5, f"only {len(pages)} user pages")
        check_equal(len(tables & pages), 0, "frames that are a page table and a user's page")
        kernel = guest.elf.physical(guest.symbol("_text"))
        inside = [p for p in tables | pages
                  if kernel <= p < guest.elf.physical(guest.symbol("_end") - 1)]  # fmt: skip
        fresh = [p for p in inside if p in pages]
        check_equal(len(fresh), 0, "user pages inside of the kernel's image")


def tables_and_pages(guest):
    """Return the physical addresses of page tables, and of user pages."""
    root = pagetable.root(guest)
    tables, pages = {root}, set()
    todo = [(root, 2)]
    while todo:
        table, level = todo.pop()
        for entry in pagetable.entries(guest, table):
            at = (entry >> 10 & (1 << 44) - 1) * PAGE
            if not entry & pagetable.V:
                continue
            if entry & (pagetable.R | pagetable.W | pagetable.X):
                if entry & pagetable.U:
                    pages.add(at)
            elif level:
                tables.add(at)
                todo.append((at, level - 1))
    return tables, pages
