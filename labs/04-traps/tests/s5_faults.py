"""Step 5: pages that are not there yet."""

from _uaccess import (COW, EFAULT, ENOMEM, ENXIO, NOT_WAITING, PAGE, PROT_READ, PROT_WRITE,
                      READ_ONLY, WRITABLE, Copies, content, place, play)  # fmt: skip

from grading import check_equal, test

SECTION = "Step 5: Pages that are not there"


def accesses(copied):
    """[(page, access)] of the faults of a copy."""
    return [(va & -PAGE, access) for va, access in copied.faults]


@test(points=3, step="faults", section=SECTION, evidence="answers",
      blames="pin_faulted,uaccess_read,uaccess_write,copy_pages",
      hint="space_fault does what it would do for the program; then look again.")
def missing_pages_are_brought_in(run):
    """A copy brings in pages that are missing, with the access that it needs."""
    va, word = place(run.random, 3), run.random.getrandbits(64)
    data = run.random.randbytes(PAGE + 100)
    script = Copies().page(va, word).plan(va + PAGE, PROT_READ, READ_ONLY)
    script.read(va + PAGE - 16, 32)
    script.plan(va + 2 * PAGE, PROT_WRITE, WRITABLE).plan(va + 3 * PAGE, PROT_WRITE, WRITABLE)
    script.write(va + 3 * PAGE - 50, data[:100]).memory(va + 3 * PAGE, 50)
    script.memory(va + 3 * PAGE - 50, 50)
    read, wrote, second, first = (yield from play(run, script))[0]
    read.copied(content(word)[-16:] + bytes(16), "uaccess_read")
    check_equal(accesses(read), [(va + PAGE, PROT_READ)], "faults of the read")
    check_equal(wrote.result, 0, "what uaccess_write returned")
    check_equal(accesses(wrote), [(va + i * PAGE, PROT_WRITE) for i in (2, 3)],
                "faults of the write")  # fmt: skip
    check_equal(first + second, data[:100], "what was written")
    wrote.idle("the write")


@test(points=3, step="faults", section=SECTION, evidence="answers", blames="pin,pin_faulted",
      hint="A page without W is not written to, though the kernel could: the fault makes "
           "a copy of it first.")  # fmt: skip
def shared_pages_are_not_written_to(run):
    """A write to a page that is shared faults first, as the program's own would; a read
    does not."""
    va, word = place(run.random), run.random.getrandbits(64)
    data, at = run.random.randbytes(40), run.random.randrange(PAGE - 40)
    script = Copies().page(va, word, READ_ONLY | COW).plan(va, PROT_WRITE, WRITABLE)
    script.read(va + at, 40).write(va + at, data).memory(va + at, 40).write(va + at, data[:8])
    read, wrote, memory, again = (yield from play(run, script))[0]
    read.copied(content(word)[at : at + 40], "uaccess_read")
    check_equal((read.faults, again.faults), ([], []), "faults of the read, of a later write")
    check_equal((wrote.result, again.result), (0, 0), "what uaccess_write returned")
    check_equal(accesses(wrote), [(va, PROT_WRITE)], "faults of the first write")
    check_equal(memory, data, "what was written")


@test(points=1, step="faults", section=SECTION, evidence="answers", blames="pin,pin_faulted",
      hint="An entry without V says nothing, whatever else is in it.")
def an_entry_without_v_is_no_page(run):
    """A page whose entry has all rights but V faults, and is then read and written."""
    va = place(run.random)
    script = Copies().page(va, 5, READ_ONLY & ~1).plan(va, PROT_READ, READ_ONLY)
    script.plan(va, PROT_WRITE, WRITABLE).read(va, 8).write(va, b"12345678").read(va, 8)
    seen = (yield from play(run, script))[0]
    seen[0].copied((5).to_bytes(8, "little"), "uaccess_read")
    check_equal(accesses(seen[0]), [(va, PROT_READ)], "faults of the read")
    check_equal(accesses(seen[1]), [(va, PROT_WRITE)], "faults of the write")
    seen[2].copied(b"12345678", "uaccess_read")


@test(points=3, step="faults", section=SECTION, evidence="answers",
      blames="pin_faulted,copy_pages,uaccess_read,uaccess_write",
      hint="Whatever space_fault says, the call that copies says -EFAULT.")
def what_is_nowhere_is_efault(run):
    """A copy to or from what is nowhere is -EFAULT, whatever the reason; what comes before
    may have been copied."""
    va, word = place(run.random, 2), run.random.getrandbits(64)
    errors = [EFAULT, ENOMEM, ENXIO, -13]
    scripts = []
    for error in errors:
        script = Copies().page(va, word).plan(va + PAGE, PROT_READ, error=error)
        script.plan(va + PAGE, PROT_WRITE, error=error)
        script.read(va + PAGE - 30, 60).write(va + PAGE - 30, bytes(60)).read(va + PAGE, 8)
        scripts.append(script.read(va, 30).write(va, bytes(8)))
    for error, seen in zip(errors, (yield from play(run, *scripts))):
        check_equal([s.result for s in seen], [EFAULT, EFAULT, EFAULT, 0, 0],
                    f"results with space_fault's {error}, and of copies without it")  # fmt: skip
        for one in seen:
            one.idle("the copy")
        check_equal(set(seen[0].data[30:]), {0x5A}, "bytes from the page that is nowhere")
        seen[3].copied(content(word)[:30], "a read of what is there")
        check_equal(len(seen[2].faults), 1, "faults of a read")


@test(points=2, step="faults", section=SECTION, evidence="answers",
      blames="copy_at_once,uaccess_read_at_once,uaccess_write_at_once,uaccess_peek",
      hint="They may be called with a spin lock held: no fault, whatever is missing.")
def at_once_never_faults(run):
    """What is done at once never faults a page in; what may take its time then does."""
    va = place(run.random)
    script = Copies().plan(va, PROT_READ, READ_ONLY).plan(va, PROT_WRITE, WRITABLE)
    script.read_at_once(va, 8).write_at_once(va, b"abcdefgh").peek(va, 3).read(va, 8)
    script.write_at_once(va, b"abcdefgh").peek(va, 3)
    read, wrote, (peek, value), good, again, (found, word) = (yield from play(run, script))[0]
    check_equal((read.result, wrote.result, peek.result, value), (0, 0, EFAULT, 3),
                "what is done at once, when there is no page")  # fmt: skip
    check_equal(read.faults + wrote.faults + peek.faults, [], "its faults")
    good.copied(bytes(8), "uaccess_read")
    check_equal((again.result, found.result, word), (0, 0, 0), "a write to a page that is "
                "read-only, a word of it")  # fmt: skip


@test(points=1, step="faults", section=SECTION, evidence="answers", blames="uaccess_read_now",
      hint="no_waiting of the thread tells space_fault; only as long as this copy takes.")
def now_does_not_wait(run):
    """uaccess_read_now tells faults not to wait, and later copies not to mind."""
    va, word = place(run.random, 3), run.random.getrandbits(64)
    script = Copies().page(va, word)
    for i in (1, 2):
        script.plan(va + i * PAGE, PROT_READ, READ_ONLY)
    script.read_now(va + 2 * PAGE - 8, 16).read_now(va + 3 * PAGE, 8).read(va + PAGE - 8, 8)
    script.plan(va + 3 * PAGE, PROT_READ, READ_ONLY).read(va + 3 * PAGE, 8)
    now, none, there, later = (yield from play(run, script))[0]
    now.copied(bytes(16), "uaccess_read_now")
    check_equal(accesses(now), [(va + PAGE, PROT_READ | NOT_WAITING),
                                (va + 2 * PAGE, PROT_READ | NOT_WAITING)], "its faults")  # fmt: skip
    check_equal((none.result, there.result), (EFAULT, 0), "where nothing is, where a page is")
    later.copied(bytes(8), "uaccess_read")
    check_equal(accesses(later), [(va + 3 * PAGE, PROT_READ)], "faults of a later read")
