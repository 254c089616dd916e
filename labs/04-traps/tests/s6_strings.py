"""Step 6: strings and words."""

from _uaccess import (EAGAIN, EFAULT, ENAMETOOLONG, PAGE, PROT_READ, PROT_WRITE, READ_ONLY,
                      WRITABLE, Copies, place, play)  # fmt: skip

from grading import check_equal, test

SECTION = "Step 6: Strings and words"


def text(random, n):
    """So many bytes, none of them 0."""
    return bytes(random.randrange(1, 256) for _ in range(n))


@test(points=3, step="strings", section=SECTION, evidence="answers",
      blames="uaccess_read_string",
      hint="The result is the length without the terminator, which is copied, too.")
def strings_end_with_their_terminator(run):
    """A string is copied with its terminator and nothing behind it; its length returned."""
    va, lengths = place(run.random, 2), [0, 1, run.random.randrange(2, 200), 1000]
    script, strings = Copies().page(va, 0).page(va + PAGE, 0), []
    at = va + 5
    for n in lengths:
        strings.append((at, text(run.random, n)))
        script.write(at, strings[-1][1] + b"\0").write(at + n + 1, b"JUNK")
        at += n + 5
    crossing = text(run.random, 300)
    script.write(va + PAGE - 100, crossing + b"\0more")
    strings.append((va + PAGE - 100, crossing))
    for at, _ in strings:
        script.string(at, 2000)
    seen = (yield from play(run, script))[0][-len(strings) :]
    for (_, wanted), one in zip(strings, seen):
        check_equal(one.result, len(wanted), "the length of a string")
        check_equal(one.data[: len(wanted) + 1], wanted + b"\0", "the string")
        check_equal(set(one.data[len(wanted) + 1 :]), {0x5A}, "bytes behind it")
        one.idle("the string")


@test(points=2, step="strings", section=SECTION, evidence="answers",
      blames="uaccess_read_string",
      hint="size counts the terminator; memory behind it is not yours.")
def strings_that_are_too_long(run):
    """A string without terminator in the first bytes is too long, and not one byte too
    many is written."""
    va, n = place(run.random), run.random.randrange(8, 100)
    script = Copies().page(va, 0).write(va, text(run.random, n) + b"\0")
    script.string(va, n + 1).string(va, n).string(va, n - 3).string(va, 1).string(va + n, 1)
    _, fits, short, shorter, one, empty = (yield from play(run, script))[0]
    check_equal([s.result for s in (fits, short, shorter, one, empty)],
                [n, ENAMETOOLONG, ENAMETOOLONG, ENAMETOOLONG, 0],
                "results with room for all, for one byte less, and so on")  # fmt: skip
    for size, s in ((n, short), (n - 3, shorter), (1, one)):
        check_equal(set(s.data[size:]), {0x5A}, f"bytes behind the {size} that there were")


@test(points=2, step="strings", section=SECTION, evidence="answers",
      blames="uaccess_read_string",
      hint="The next page is looked at only if the string goes on there.")
def strings_stop_at_the_page(run):
    """A string that ends at the end of its page needs no next page; one that goes on
    needs it."""
    va, n = place(run.random, 3), run.random.randrange(3, 60)
    script = Copies().page(va, 0).write(va + PAGE - n - 1, text(run.random, n) + b"\0")
    script.string(va + PAGE - n - 1, 500).write(va + PAGE - 1, b"x")
    script.string(va + PAGE - n - 1, 500).string(va + PAGE - n - 1, n + 1)
    script.plan(va + PAGE, PROT_READ, READ_ONLY).string(va + PAGE - n - 1, 500)
    _, ends, _, goes_on, full, faulted = (yield from play(run, script))[0]
    check_equal((ends.result, ends.faults), (n, []), "a string that ends there: length, faults")
    check_equal(goes_on.result, EFAULT, "one that goes on where nothing is")
    check_equal((full.result, full.faults), (ENAMETOOLONG, []), "one that is too long there")
    check_equal(faulted.result, n + 1, "one that goes on in a page that is brought in")


@test(points=2, step="strings", section=SECTION, evidence="answers",
      blames="uaccess_exchange,uaccess_peek",
      hint="One atomic instruction on the page itself: __atomic_compare_exchange_n.")
def words_are_exchanged(run):
    """A word is replaced if it is what was expected; else it is told, and stays."""
    va, at = place(run.random), run.random.randrange(0, PAGE, 4)
    old, new, other = run.random.sample(range(1 << 32), 3)
    script = Copies().page(va, 0).write(va + at, old.to_bytes(4, "little"))
    script.peek(va + at).exchange(va + at, old, new).peek(va + at)
    script.exchange(va + at, other, 1).peek(va + at).memory(va + at, 4)
    seen = (yield from play(run, script))[0][1:]
    results = [(one.result, value) for one, value in seen[:5]]
    check_equal(results, [(0, old), (0, old), (0, new), (EAGAIN, new), (0, new)],
                "results and words: peek, exchange, peek, a wrong exchange, peek")  # fmt: skip
    check_equal(seen[5], new.to_bytes(4, "little"), "the word in memory")
    for one, _ in seen[:5]:
        one.idle("the word's access")


@test(points=1, step="strings", section=SECTION, evidence="answers",
      blames="uaccess_exchange,uaccess_peek",
      hint="An exchange is a write, and may bring the page in; a peek may not.")
def words_of_pages_that_are_missing(run):
    """An exchange brings its page in, to be written to; a peek brings nothing in."""
    va, value = place(run.random, 2), run.random.getrandbits(32) | 1
    script = Copies().plan(va, PROT_WRITE, WRITABLE).plan(va, PROT_READ, READ_ONLY)
    script.peek(va, 9).exchange(va, 0, value).peek(va, 9).exchange(va + PAGE, 0, 1)
    (first, kept), (swap, _), (peek, found), (nowhere, _) = (yield from play(run, script))[0]
    check_equal((first.result, kept, first.faults), (EFAULT, 9, []), "a peek at nothing")
    check_equal((swap.result, [a for _, a in swap.faults]), (0, [PROT_WRITE]), "an exchange")
    check_equal((peek.result, found), (0, value), "a peek behind it")
    check_equal(nowhere.result, EFAULT, "an exchange where nothing is")
