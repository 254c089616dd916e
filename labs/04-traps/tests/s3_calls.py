"""Step 3: calls."""

import struct

from _calls import (BACK, BUFFER, COPIED, DATA, EFAULT, ENOSYS, EPERM_OF_FILTER, FRESH, PAGE, SHOWN,
                    called)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 3: Calls"


@test(points=3, step="calls", section=SECTION, evidence="disk",
      blames="sys_dispatch,make_call,dispatch_slowly",
      hint="calls[] by the number in a7; the result goes into a0.")
def calls_are_made(run):
    """Calls come to what their number says, with up to six arguments, and return."""
    made, record, after = yield from called(run)
    data = bytes(made.buffer[DATA - BUFFER :][: made.length])
    check_equal(made.results("write") + made.results("read"), [made.length] * 2,
                "results of pwrite64 and pread64", record)  # fmt: skip
    check_equal(after[BACK - BUFFER :][: made.length] == data, True, "what was read back")
    check_equal(made.results("map"), [SHOWN], "the result of mmap", record)
    first = made.position - 2 * PAGE
    check_equal(after[SHOWN - BUFFER + first :][:20], data[:20],
                "what is mapped (six arguments)")  # fmt: skip
    written = record.image().read("/data")
    check_equal(written[made.position :][: made.length] == data, True, "the file on the disk")


@test(points=2, step="calls", section=SECTION, evidence="disk",
      blames="sys_dispatch,make_call,dispatch_slowly",
      hint="The first call of a thread goes another way than those behind it; both are "
           "the same call.")  # fmt: skip
def the_first_is_as_the_others(run):
    """A call has the same result each time."""
    made, record, _ = yield from called(run)
    ids = made.results("same")
    check(ids[0] > 0, "getpid returns a process")
    check_equal(ids, [ids[0]] * 6, "getpid and gettid, three times", record)
    check_equal(made.results("root"), [0], "getuid")


@test(points=3, step="calls", section=SECTION, evidence="disk",
      blames="dispatch_slowly,sys_dispatch",
      hint="A number is 64 bits wide, and unsigned; the table has gaps, and ends.")
def unknown_numbers_are_enosys(run):
    """Numbers that are no call's return -ENOSYS, however large; the next call is made."""
    made, record, _ = yield from called(run)
    unknown = made.results("unknown")
    check_equal(unknown, [ENOSYS] * len(unknown), "results of unknown calls", record)
    check_equal(made.results("kind_result"), [0], "uname, behind them", record)


@test(points=3, step="calls", section=SECTION, evidence="disk",
      blames="make_call,sys_dispatch,trap_user,dispatch_slowly",
      hint="A call returns a0. Every other register is the program's, whatever a C "
           "function may do to them: the frame has them all.")  # fmt: skip
def calls_keep_registers(run):
    """Behind a call all registers but a0 are as they were, of each call there was."""
    made, record, _ = yield from called(run)
    for number, call in enumerate(made.calls):
        for n, wanted in enumerate(call.wanted):
            if n not in (0, 2, 10):
                check_equal(hex(call.registers[n]), hex(wanted),
                            f"x{n} behind call {number}, {call.number}", record)  # fmt: skip


@test(points=2, step="calls", section=SECTION, evidence="disk",
      blames="dispatch_slowly,sys_dispatch",
      hint="seccomp_allows says what comes of a call that is not to be made; a thread "
           "with filters asks it each time.")  # fmt: skip
def filters_are_asked(run):
    """Behind a filter of system calls, what it refuses is refused, and the rest is made."""
    made, record, _ = yield from called(run)
    check_equal(made.results("filter"), [0, 0], "the filter was taken", record)
    check_equal(made.results("refused"), [-EPERM_OF_FILTER], "getuid")
    check_equal(made.results("allowed"), made.results("same")[:1], "getpid")
    check_equal(made.results("still_unknown"), [ENOSYS], "an unknown call")


@test(points=2, step="calls", section=SECTION, evidence="disk", blames="make_call",
      hint="-EINTR is not a0's: signal_interrupt_call looks whether the call is to be "
           "made once more.")  # fmt: skip
def interrupted_calls_end_or_go_on(run):
    """A read that a signal interrupts ends with EINTR, or goes on, as its handler wants."""
    secret = run.random.randrange(1, 256)
    record = yield run.boot("restart", files={"/secret": bytes([secret])},
                            machine=run.machine(harts=1, icount=False))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    ends, count, byte, handled = struct.unpack("<4q", record.image().read("/results"))
    check_equal(ends, -4, "the read that is to end", record)
    check_equal((count, byte), (1, secret), "the read that is to go on", record)
    check(handled >= 3, "signals came")


@test(points=2, step="calls", section="Step 5: Pages that are not there", evidence="disk",
      blames="pin,pin_faulted,copy_pages,uaccess_write,uaccess_read",
      hint="What a program may do to a page, it may have the kernel do.")
def calls_reach_what_a_program_can(run):
    """Calls copy to pages that nobody has touched, and to copies of shared ones, and not
    to what is read-only."""
    made, record, after = yield from called(run)
    data = bytes(made.buffer[DATA - BUFFER :][: made.length])
    check_equal(made.results("fresh") + made.results("fresh_in"), [FRESH, 300], "results")
    check_equal(after[FRESH - BUFFER + PAGE - 100 :][:300], data[:300], "fresh pages")
    check_equal(made.results("shown_again") + made.results("shown_in"), [0, 40], "results")
    check_equal(after[COPIED - BUFFER :][:40], data[1000:1040], "a copy of a file's page")
    check_equal(made.results("read_only") + made.results("read_only_in")
                + made.results("read_only_out"), [0, EFAULT, 8],
                "a page made read-only: a read into it, a write out of it", record)  # fmt: skip
    file = record.image().read("/data")
    check_equal(file[made.position :][: made.length] == data, True, "the file itself")


@test(points=3, step="calls", section="Step 4: In and out", evidence="disk",
      blames="pin,pin_faulted,copy_pages,copy_at_once",
      hint="USER_END. The kernel's pages have no U; but it is your walk, not the "
           "hardware's.")  # fmt: skip
def no_pointer_reaches_the_kernel(run):
    """Calls that are given addresses of the kernel's are -EFAULT, and nothing leaks."""
    made, record, _ = yield from called(run)
    for name in ("hostile_in", "hostile_out", "hostile_path", "hostile_result"):
        for call in made.named[name]:
            pointer = call.args[0 if name == "hostile_result" else 1]
            check_equal(call.result, EFAULT, f"call {call.number} with {pointer:#x}", record)
    written = record.image().read("/data")
    check_equal(len(written), (1 << 16) + 8, "bytes in the file that was written to")
    check_equal(made.results("kind_result"), [0], "uname with an address of its own")
