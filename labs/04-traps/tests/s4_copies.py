"""Step 4: in and out of user memory."""

from _uaccess import (DIRECT, EFAULT, IMAGE, PAGE, READ_ONLY, U, USER_END, V, WRITABLE,
                      Copies, R, content, place, play)  # fmt: skip
from grading.steps import watch

from grading import check, check_equal, pack, test

SECTION = "Step 4: In and out"


def spot(random, length=None):
    """(offset in a page, bytes that fit behind it)"""
    length = length or random.randrange(1, 300)
    return random.randrange(PAGE - length + 1), length


@test(points=3, step="copies", section=SECTION, evidence="answers",
      blames="pin,copy_at_once,uaccess_read_at_once,uaccess_write_at_once",
      hint="From the root of the running thread's space down; what leads on are physical "
           "addresses, phys_to_virt reaches them.")  # fmt: skip
def bytes_go_in_and_out(run):
    """Bytes within a page that is there are copied, in both directions, at once."""
    script, cases = Copies(), []
    for _ in range(4):
        va, word = place(run.random), run.random.getrandbits(64)
        (at, n), (to, m) = spot(run.random), spot(run.random)
        data = run.random.randbytes(m)
        page = bytearray(content(word))
        cases.append((bytes(page[at : at + n]), page, to, data))
        script.page(va, word).read_at_once(va + at, n).write_at_once(va + to, data)
        script.memory(va, PAGE)
    seen = (yield from play(run, script))[0]
    for number, (wanted, page, to, data) in enumerate(cases):
        read, wrote, memory = seen[3 * number : 3 * number + 3]
        check_equal((read.result, wrote.result), (1, 1), "what the copies returned")
        check_equal(read.data[: len(wanted)], wanted, "bytes that were read")
        page[to : to + len(data)] = data
        check_equal(memory, bytes(page), "the page that was written to")
        check_equal(read.faults + wrote.faults, [], "faults")
        read.idle("the read"), wrote.idle("the write")


@test(points=2, step="copies", section=SECTION, evidence="answers",
      blames="pin,copy_at_once",
      hint="V and U, and W for a write [riscv-priv §4.3.1]: what the program could not do "
           "itself must not be done for it.")  # fmt: skip
def rights_are_looked_at(run):
    """At once, only what the page's flags let the program do is done; nothing else."""
    script, word, data = Copies(), run.random.getrandbits(64), run.random.randbytes(24)
    kinds = [(WRITABLE, True, True), (READ_ONLY, True, False), (WRITABLE & ~U, False, False),
             (WRITABLE & ~V, False, False), (V | R | U | 1 << 8, True, False)]  # fmt: skip
    places = [place(run.random) for _ in kinds]
    for va, (flags, _, _) in zip(places, kinds):
        script.page(va, word, flags).read_at_once(va + 40, 24)
        script.write_at_once(va + 80, data).memory(va + 80, 24)
    script.read_at_once(place(run.random), 8)
    seen = (yield from play(run, script))[0]
    page = content(word)
    for number, (flags, reads, writes) in enumerate(kinds):
        read, wrote, memory = seen[3 * number : 3 * number + 3]
        check_equal((read.result, wrote.result), (reads, writes),
                    f"whether a page with flags {flags:#x} was read and written")  # fmt: skip
        check_equal(read.data[:24] == page[40:64], reads, "the bytes were read")
        check_equal(memory, data if writes else page[80:104], "the page")
        check_equal(read.faults + wrote.faults, [], "faults")
        read.idle("the read"), wrote.idle("the write")
    check_equal(seen[-1].result, 0, "a read of what is not there")


@test(points=2, step="copies", section=SECTION, evidence="answers", blames="copy_at_once",
      hint="The pages that follow each other in user space do not in memory.")
def at_once_is_one_page(run):
    """At once, bytes up to the end of a page are copied, and not one more."""
    va, words = place(run.random, 2), [run.random.getrandbits(64) for _ in range(2)]
    n = run.random.randrange(8, 200)
    script = Copies().page(va, words[0]).page(va + PAGE, words[1])
    script.read_at_once(va + PAGE - n, n).read_at_once(va + PAGE - n, n + 1)
    script.write_at_once(va + PAGE - n, bytes(n + 1)).memory(va + PAGE - n, n)
    script.read_at_once(va, PAGE).read_at_once(va + 1, PAGE)
    fits, over, wrote, memory, whole, shifted = (yield from play(run, script))[0]
    end = content(words[0])[-n:]
    check_equal((fits.result, whole.result), (1, 1), "what fits")
    check_equal((fits.data[:n], whole.data[:PAGE]), (end, content(words[0])), "bytes")
    check_equal((over.result, wrote.result, shifted.result), (0, 0, 0), "what does not")
    check_equal(memory, end, "the page")


@test(points=3, step="copies", section=SECTION, evidence="answers",
      blames="copy_pages,uaccess_read,uaccess_write,bytes_to_page_end",
      hint="Page by page: the first and the last one in part.")
def copies_cross_pages(run):
    """Copies across several pages are whole, in both directions."""
    pages, va = 4, place(run.random, 5)
    words = [run.random.getrandbits(64) for _ in range(pages)]
    script = Copies()
    for i in run.random.sample(range(pages), pages):
        script.page(va + i * PAGE, words[i])
    memory = bytearray(b"".join(content(word) for word in words))
    at, end = run.random.randrange(1, PAGE), run.random.randrange(3 * PAGE, 4 * PAGE)
    data = run.random.randbytes(run.random.randrange(PAGE + 9, 3 * PAGE))
    script.read(va + at, end - at).write(va + at, data).read(va, pages * PAGE)
    script.read(va + PAGE, 0).write(va, b"")
    first, wrote, all_, nothing, none = (yield from play(run, script))[0]
    first.copied(bytes(memory[at:end]), "uaccess_read")
    check_equal(wrote.result, 0, "what uaccess_write returned")
    memory[at : at + len(data)] = data
    all_.copied(bytes(memory), "uaccess_read behind it")
    check_equal((nothing.result, none.result), (0, 0), "copies of no bytes")


@test(points=3, step="copies", section=SECTION, evidence="answers",
      blames="pin,pin_faulted,copy_pages",
      hint="The kernel's half is in the same table. USER_END is the first address that "
           "no program can have, and addresses can wrap around.")  # fmt: skip
def the_kernel_is_not_readable(run):
    """No address lets a program read the kernel, or make it overwrite itself."""
    secret = run.random.randbytes(64)
    script = Copies().page(USER_END - PAGE, word := run.random.getrandbits(64))
    script.secret(secret)
    seen = (yield from play(run, script))[0]
    where = seen[0]
    hostile = [where, where & (1 << 39) - 1, DIRECT + 0x82000000, IMAGE, USER_END,
               USER_END + run.random.getrandbits(36), 1 << 39, 1 << 39 | USER_END - PAGE, (1 << 64) - 8, 1 << 63,
               run.random.getrandbits(38) | 1 << 38]  # fmt: skip
    script = Copies().page(USER_END - PAGE, word).secret(secret).read(USER_END - PAGE, 16)
    for va in hostile:
        script.read(va, 64).read_at_once(va, 64).read_now(va, 64).string(va, 64)
        script.write(va, bytes(8)).write_at_once(va, bytes(8)).peek(va & -4, 7)
        script.exchange(va & -4, 0, 9)
    script.read(USER_END - 16, 32).write(USER_END - 16, bytes(32)).string((1 << 64) - 4, 32)
    again, good, *seen = (yield from play(run, script))[0]
    check_equal(again, where, "where the secret is")
    good.copied(content(word)[:16], "a read of user memory")
    for va in hostile:
        read, once, now, string, wrote, wrote_once, (peek, value), (swap, _) = seen[:8]
        del seen[:8]
        for what, one in (("uaccess_read", read), ("uaccess_read_now", now)):
            one.refused(EFAULT, f"{what} at {va:#x}")
        check_equal(string.result, EFAULT, f"a string at {va:#x}")
        check(secret[:8] not in string.data, "the secret is in the string")
        once.refused(0, f"a read at once at {va:#x}")
        check_equal((wrote.result, wrote_once.result), (EFAULT, 0), f"writes at {va:#x}")
        check_equal((peek.result, value, swap.result), (EFAULT, 7, EFAULT), f"words at {va:#x}")
    read, wrote, string = seen
    check_equal((read.result, wrote.result, string.result), (EFAULT,) * 3,
                "copies across the end of user space")  # fmt: skip
    check_equal(set(read.data[16:]), {0x5A}, "what was read beyond it")


@test(points=3, step="copies", section=SECTION, evidence="memory", blames="pin",
      hint="mm/shootdown.c takes pages away from an entry, and then looks at copying. You "
           "write copying, then ... and look at entries.")  # fmt: skip
def it_says_so_before_it_looks(run):
    """A copy says which space it is in before it looks at the page table; a fence keeps
    it so; and it says so until the bytes are copied."""
    va, word = place(run.random), run.random.getrandbits(64)
    script = Copies().page(va, word).read_at_once(va + 8, 200)
    question = pack("string", script.ops, *script.pieces)
    with watch(run, "uaccess", "script", question) as hart:
        steps = hart.call("uaccess_read_at_once")
        _, space, root, copying = hart.words("grade_places", 4)
    writes = [i for i, s in enumerate(steps) if s.access == (copying, True)]
    check(writes and steps[writes[0]].stored == space, "copying is not set to the space")
    looks = [i for i, s in enumerate(steps) if s.access and not s.access[1]
             and root <= s.access[0] < root + PAGE]  # fmt: skip
    check(looks, "the root table is not looked at")
    check(writes[0] < looks[0], "the table is looked at before copying is set")
    check(any(s.fence for s in steps[writes[0] : looks[0]]),
          "no fence stands between the write of copying and the look")  # fmt: skip
    check(steps[writes[-1]].stored == 0, "copying is not cleared in the end")
    page = [i for i, s in enumerate(steps) if s.access and not s.access[1]
            and DIRECT <= s.access[0] < DIRECT + (1 << 37)
            and s.access[0] & 0xFFF in range(8, 208)]  # fmt: skip
    reads = [i for i in page if i > looks[0] + 3]
    check(reads and reads[-1] < writes[-1], "copying is cleared before all is copied")
