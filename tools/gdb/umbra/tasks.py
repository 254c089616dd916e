"""Processes and threads: what runs, what waits, and who holds which lock."""

import gdb

from . import kernel
from .command import command

# How a thread sleeps, which is no news of what for.
SLEEPING = ("kernel/proc/sched.c", "kernel/proc/waitq.c")


def where(address):
    """Return 'function at file:line' of an address of the program."""
    line = gdb.find_pc_line(address)
    block = gdb.block_for_pc(address)
    while block and not block.function:
        block = block.superblock
    name = block.function.name if block else "??"
    if not line.symtab:
        return name
    return f"{name} at {line.symtab.filename}:{line.line}"


def frames(thread):
    """Yield the return addresses on the kernel stack of a thread that does not run.

    Source: frame pointers, as the kernel is compiled [psabi §2.1]: s0 points above
    where the caller's address and its s0 are.
    """
    context = thread["arch"]["context"]
    top = int(thread["arch"]["kernel_sp"])
    pc, frame = int(context["ra"]), int(context["s"][0])
    low = int(context["sp"])
    yield pc
    while low < frame <= top:
        pc, low = kernel.read64(frame - 8), frame
        if gdb.block_for_pc(pc - 2) is None:
            return
        yield pc
        frame = kernel.read64(frame - 16)


def state(thread):
    """Return what a thread does: where it runs, or what it waits in."""
    hart = kernel.hart_of(thread)
    if hart is not None:
        return f"on hart {int(hart['hartid'])}"
    if kernel.name_of("thread_state", thread["state"]) == "runnable":
        return "runnable"
    for pc in frames(thread):
        name, _, place = where(pc - 1).partition(" at ")
        if place.split(":")[0] not in SLEEPING:
            return f"in {name}"
    return "sleeping"


@command("ps")
def ps(_words):
    """Processes and their threads, and what each does."""
    print(f"{'PID':>5} {'PPID':>5} {'TID':>5} {'NAME':15} WHAT")
    for process in kernel.processes():
        parent = process["parent"]
        ppid = int(parent["pid"]) if int(parent) else 0
        zombie = kernel.name_of("process_state", process["state"]) == "zombie"
        head = f"{int(process['pid']):5} {ppid:5}"
        name = kernel.string(process["name"])
        if zombie:
            print(f"{head} {'-':>5} {name:15} zombie")
            continue
        for thread in kernel.threads(process):
            print(f"{head} {int(thread['tid']):5} {name:15} {state(thread)}")
    for cpu, queue in kernel.harts():
        thread = queue["current"]
        if int(thread) and not int(thread["process"]):
            what = "idle" if int(thread) == int(queue["idle"]) else "kernel thread"
            print(f"{'-':>5} {'-':>5} {'-':>5} {kernel.string(thread['name']):15} "
                  f"{what} on hart {int(cpu['hartid'])}")  # fmt: skip


def thread_named(tid):
    """Return the thread with that number."""
    for process in kernel.processes():
        for thread in kernel.threads(process):
            if int(thread["tid"]) == tid:
                return thread
    raise gdb.GdbError(f"no thread {tid}; ps lists them")


@command("bt [PID]")
def bt(words):
    """Backtrace of a process or thread, asleep or not; without a number, gdb's own.

    A number is a PID or TID, as ps lists them; for gdb's "the innermost N" type
    `backtrace N`.
    """
    if len(words) != 1 or not words[0].isdigit():
        gdb.execute("backtrace " + " ".join(words))
        return
    thread = thread_named(int(words[0]))
    hart = kernel.hart_of(thread)
    if hart is not None:
        gdb.execute(f"thread {int(hart['hartid']) + 1}", to_string=True)
        gdb.execute("backtrace")
        return
    for n, pc in enumerate(frames(thread)):
        print(f"#{n:<2} {pc:#018x} in {where(pc - 1)}")
    kind = gdb.lookup_type("struct trapframe")
    top = int(thread["arch"]["kernel_sp"])
    if int(thread["process"]):
        frame = gdb.Value(top - kind.sizeof).cast(kind.pointer())
        print(f"user pc {int(frame['sepc']):#x}, sp {int(frame['sp']):#x}, "
              f"ra {int(frame['ra']):#x}, a7 {int(frame['a'][7])}")  # fmt: skip


def spin_locks(cpu):
    """Yield the spin locks that a hart holds, the last taken first."""
    lock = cpu["last_lock"]
    while int(lock):
        yield lock
        lock = lock["before"]


@command("locks")
def locks(_words):
    """Locks that are held, by which hart or thread, and who waits."""
    held = 0
    for cpu, _ in kernel.harts():
        for lock in spin_locks(cpu):
            held += 1
            print(f"hart {int(cpu['hartid'])} holds spin lock "
                  f"{kernel.string(lock['name'])}, rank "
                  f"{kernel.name_of('lock_rank', lock['rank'])}, at {int(lock):#x}")  # fmt: skip
    for process in kernel.processes():
        for thread in kernel.threads(process):
            for i in range(int(thread["nheld"])):
                held += 1
                lock = thread["held"][i]
                waiters = kernel.entries(lock["waitq"]["waiters"], "waiter", "node")
                tids = [str(int(w["thread"]["tid"])) for w in waiters]
                print(f"thread {int(thread['tid'])} holds sleep lock of rank "
                      f"{kernel.name_of('lock_rank', lock['rank'])}, at {int(lock):#x}"
                      + (f"; {', '.join(tids)} wait" if tids else ""))  # fmt: skip
    if not held:
        print("no lock is held")

