"""Step 1: what a log says after the power has gone."""

import struct

from _journal import (BLOCK, COMMIT, COUNT, DESCRIPTOR, DISK, EIO, EUCLEAN, FIRST, HEAD,
                      PER_BLOCK, START, TAGS, Disk, Script, ask, commit, content, descriptor, head, heads,
                      total, transaction)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 1: What the log says"


def contents(run, *blocks):
    """Return {block: bytes} of blocks, counted from FIRST, that were drawn."""
    return {FIRST + n: run.random.randbytes(8) * 512 for n in blocks}


def log(first, *changes):
    """Return the blocks of transactions that follow one another."""
    return [b for n, (new, freed) in enumerate(changes, first)
            for b in transaction(n, new, freed)]  # fmt: skip


def opened(disk, *blocks, read_only=False):
    """Return the script of opening a disk and looking at blocks."""
    script = Script(disk).open(read_only)
    for block in blocks:
        script.cached(block)
    return script


@test(points=2, step="replay", section=SECTION, blames="journal_log_sum", evidence="answers",
      hint="(sum ^ word) * multiplier, then sum ^= sum >> 32, for each of the 512 words.")
def the_sum_is_as_specified(run):
    """The checksum goes over all 64-bit words of the blocks, in their order."""
    plan = [run.random.randbytes(BLOCK * n) for n in (1, 2, 3)] + [b"", bytes(BLOCK)]
    script = Script()
    for data in plan:
        script.sum(data)
    [found] = yield from ask(run, script)
    for data, seen in zip(plan, found):
        parts = [data[i : i + BLOCK] for i in range(0, len(data), BLOCK)]
        check_equal(seen, total(*parts), f"the sum of {len(parts)} blocks")


@test(points=3, step="replay", section=SECTION, blames="read_head", evidence="answers",
      hint="Magic, kind, and the CRC-32C of the 16 bytes before it.")
def the_head_is_checked(run):
    """A journal begins with a head: of its kind, with the right checksum."""
    first = run.random.randrange(1, 1 << 40)
    good = Disk(first, log(first, (contents(run, 1), ())))
    bad = [head(first, kind=DESCRIPTOR), head(first, magic=b"EJNM"), bytes(512),
           head(first, checksum=run.random.randrange(1, 1 << 31)), head(first, kind=COMMIT)]
    bad.append(head(first)[:8] + struct.pack("<Q", first + 1) + head(first)[16:])
    disks = [good]
    for sector in bad:
        disks.append(Disk(first, log(first, (contents(run, 1), ()))))
        disks[-1].pieces[START * PER_BLOCK] = sector
    seen = yield from ask(run, *(opened(disk) for disk in disks))
    check_equal(seen[0][0], 1, "journal_open with a sound head and one transaction")
    for sector, [result] in zip(bad, seen[1:]):
        check_equal(result, EUCLEAN, f"journal_open with the head {sector[:20].hex()}")


@test(points=4, step="replay", section=SECTION, blames="replay_next,apply_block,replay_block",
      evidence="answers",
      hint="A transaction takes its contents and two blocks more; the next one follows it and "
           "has the next sequence.")  # fmt: skip
def whole_transactions_are_replayed(run):
    """All transactions that are whole are replayed, and counted."""
    first = run.random.randrange(1, 1 << 40)
    for count in (0, 1, 4):
        new = [contents(run, *run.random.sample(range(40), 5)) for _ in range(count)]
        last = {block: data for one in new for block, data in one.items()}
        disk = Disk(first, log(first, *((one, ()) for one in new)))
        [[result, *found]] = yield from ask(run, opened(disk, *last))
        check_equal(result, count, f"journal_open, {count} transactions being in the log")
        for block, data in zip(last, found):
            check(data == last[block], f"block {block} is not as the last transaction has it")


@test(points=3, step="replay", section=SECTION, blames="is_whole", evidence="answers",
      hint="The sum over the descriptor and all contents, compared with what the commit block "
           "says, if there is one.")  # fmt: skip
def what_is_not_whole_never_happened(run):
    """Without each of its blocks a transaction is not replayed, nor is what follows."""
    first = run.random.randrange(1, 1 << 40)
    one, two, three = (contents(run, n, n + 10, n + 20) for n in (1, 2, 3))
    blocks = log(first, (one, ()), (two, ()), (three, ()))
    old = contents(run, 2, 12, 22)
    scripts = []
    for missing in (6, 7, 8, 9):
        broken = list(blocks)
        left = 16 if missing == 9 else 8 * run.random.randrange(500)
        broken[missing] = broken[missing][:left].ljust(BLOCK, b"\1")
        scripts.append(opened(Disk(first, broken, old), *one, *two, *three))
    for result, *found in (yield from ask(run, *scripts)):
        check_equal(result, 1, "journal_open, the second of three transactions being torn")
        check(found[:3] == list(one.values()), "the first transaction was to be replayed")
        check(found[3:6] == list(old.values()), "the torn transaction was not to be replayed")
        check(found[6:] == [bytes(BLOCK)] * 3, "nor what follows it")


@test(points=3, step="replay", section=SECTION, blames="is_next,is_whole", evidence="answers",
      hint="Magic, kind and sequence must all be right: what an older log has left lies "
           "behind.")  # fmt: skip
def the_log_ends_at_what_is_older(run):
    """A descriptor or commit block of another sequence or kind ends the log."""
    first = run.random.randrange(10, 1 << 40)
    one, two = contents(run, 1), contents(run, 2)
    plan = {}
    for sequence in (first, first + 2, first - 9, first + 1 + (1 << 32)):
        plan[f"a transaction {sequence - first:+}"] = transaction(sequence, two)
    good = transaction(first + 1, two)
    body = good[:2]
    plan["a descriptor of another kind"] = [descriptor(first + 1, list(two), kind=HEAD), *good[1:]]
    plan["a commit block of another sequence"] = [*body, commit(first, *body)]
    plan["a commit block of another kind"] = [*body, commit(first + 1, *body, kind=DESCRIPTOR)]
    plan["a commit block with sum 0"] = [*body, commit(first + 1, sum=0)]
    scripts = [opened(Disk(first, log(first, (one, ())) + tail), *one, *two)
               for tail in [good, *plan.values()]]  # fmt: skip
    seen = yield from ask(run, *scripts)
    check_equal(seen[0][0], 2, "journal_open, a good transaction being the second one")
    for what, (result, first_one, second) in zip(plan, seen[1:]):
        check_equal(result, 1, f"journal_open, behind the first transaction {what}")
        check(first_one == one[FIRST + 1] and second == bytes(BLOCK), f"what is replayed, {what}")


@test(points=3, step="replay", section=SECTION, blames="is_next", evidence="answers",
      hint="count and revoked are the disk's: together they fit the descriptor, and the "
           "transaction fits the log.")  # fmt: skip
def counts_may_lie(run):
    """A descriptor whose counts cannot be is none, whatever they add up to."""
    first = 7
    good = transaction(first, contents(run, 1))
    most = COUNT - 1 - len(good) - 2
    wrong = [(TAGS + 1, 0), (0, TAGS + 1), (TAGS, 1), (1, TAGS), (1 << 31, 1 << 31),
             (0xFFFFFFFF, 2), (1, 0xFFFFFFFF), (most + 1, 0), (0xFFFFFFFE, 0)]  # fmt: skip
    scripts = []
    for counts in wrong:
        block = descriptor(first + 1, [FIRST + 2], counts=counts)
        tail = [block, content(FIRST + 2, 9), commit(first + 1, block, content(FIRST + 2, 9))]
        scripts.append(opened(Disk(first, good + tail), FIRST + 2))
    full = {FIRST + n: content(FIRST + n, n + 1) for n in range(most)}
    disk = Disk(first, good + transaction(first + 1, full))
    names = [*range(START), *range(FIRST + 1, FIRST + 1 + most + 1 - START)]
    over = transaction(first + 1, {n: content(n, n + 1) for n in names})
    beyond = opened(Disk(first, good + over), names[-1])
    *seen, (result, last), (more, none) = yield from ask(
        run, *scripts, opened(disk, FIRST + most - 1), beyond)  # fmt: skip
    check_equal((more, none), (1, bytes(BLOCK)), "a transaction that is whole, but reaches beyond "
                "the log's end")  # fmt: skip
    for counts, (found, data) in zip(wrong, seen):
        check_equal((found, data), (1, bytes(BLOCK)), f"journal_open, the counts being {counts}")
    check_equal((result, last), (2, full[FIRST + most - 1]), "one that just fits into the log")


@test(points=3, step="replay", section=SECTION, blames="replay_next,apply_block,replay_block",
      evidence="answers",
      hint="apply is called with NULL for those that are revoked, behind the contents.")
def revoked_blocks_stay(run):
    """What a later transaction revokes is not replayed; what comes after that is."""
    one, two, three, four = (run.random.randbytes(8) * 512 for _ in range(4))
    a, b, c = FIRST + 1, FIRST + 2, FIRST + 3
    blocks = log(5, ({a: one, b: two, c: one}, ()), ({FIRST + 9: one}, (a, b)),
                 ({b: three}, (FIRST + 30,)), ({FIRST + 8: two}, (c,)), ({}, (FIRST + 9,)))
    old = {a: four, b: four, c: four, FIRST + 9: four}
    [[result, *found]] = yield from ask(run, opened(Disk(5, blocks, old), a, b, c, FIRST + 9,
                                                    FIRST + 8))  # fmt: skip
    check_equal(result, 5, "journal_open of five transactions")
    for what, data, right in zip(("revoked", "revoked, and changed later", "revoked at last",
                                  "revoked by a transaction without contents", "not revoked"),
                                 found, (four, three, four, four, two)):  # fmt: skip
        check(data == right, f"a block that was {what}")


@test(points=2, step="replay", section=SECTION, blames="apply_block,replay_block",
      evidence="answers",
      hint="Two kinds of numbers cannot be: those of the journal's own blocks, and those "
           "behind the device's end.")  # fmt: skip
def wrong_blocks_are_damage(run):
    """A whole transaction that names a block of the journal, or none of the disk, is damage."""
    new = content(FIRST, 3)
    wrong = [START, START + 1, FIRST - 1, DISK, 0xFFFFFFFF]
    right = [START - 1, FIRST, DISK - 1]
    scripts = [opened(Disk(1, log(1, ({n: new}, ())))) for n in wrong + right]
    scripts += [opened(Disk(1, log(1, ({FIRST: new}, (n,))))) for n in (START, FIRST - 1)]
    seen = [result for [result] in (yield from ask(run, *scripts))]
    check_equal(seen[: len(wrong)], [EUCLEAN] * len(wrong), f"journal_open, blocks {wrong}")
    check_equal(seen[len(wrong) : -2], [1] * len(right), f"journal_open, blocks {right}")
    check_equal(seen[-2:], [EUCLEAN] * 2, "journal_open, a block of the journal being revoked")


@test(points=2, step="replay", section=SECTION, blames="is_whole,replay_next,read_head",
      evidence="answers",
      hint="A block that cannot be read is not one that was never written.")
def a_disk_that_fails_is_an_error(run):
    """If the log cannot be read the journal is not opened, whatever is replayed so far."""
    blocks = log(1, (contents(run, 1, 2), ()), (contents(run, 3, 4), ()))
    bads = [START, START + 1, START + 3, START + 4, START + 6, START + 8]
    scripts = [Script(Disk(1, blocks)).bad(n).open() for n in bads]
    seen = yield from ask(run, Script(Disk(1, blocks)).bad(START + 60).open(), *scripts)
    check_equal(seen[0], [2], "journal_open, a block being bad that it need not read")
    for bad, [result] in zip(bads, seen[1:]):
        check_equal(result, EIO, f"journal_open, block {bad} being bad")


@test(points=3, step="replay", section=SECTION, blames="start_log,checkpoint,journal_log_reset",
      evidence="answers",
      hint="First the blocks, then a flush, then the new head: as one sector, and flushed.")
def replayed_blocks_go_to_their_places(run):
    """What was replayed is written to its places, and then the log is empty."""
    first = run.random.randrange(1, 1 << 40)
    new = contents(run, 3, 4, 9)
    script = Script(Disk(first, log(first, (new, ())))).open().events()
    for block in new:
        script.placed(block)
    [[result, events, *found]] = yield from ask(run, script.crash().open())
    check_equal((result, found[-1]), (1, 0), "journal_open, and again after it")
    check(found[:-1] == list(new.values()), "the blocks are not in their places")
    sequence = (heads(events) or [0])[-1]
    check(sequence > first + COUNT - 2, f"the new head has sequence {sequence}, {sequence - first} "
          "more than the old one: it may have been used in what is left in the log")  # fmt: skip
    order = "".join("f" if not data else "h" if sector == START * PER_BLOCK else "b"
                    for sector, data in events)  # fmt: skip
    check(order.rstrip("f").endswith("fh") and order.endswith("hf") and order[0] == "b",
          f"blocks, flush, head, flush is the order; seen was {order}")


@test(points=2, step="replay", section=SECTION, blames="replay_block,get_entry",
      evidence="answers",
      hint="bcache_get_new, and an entry that holds the block.")
def a_log_can_be_only_read(run):
    """Read-only, replayed blocks are in the cache, where they stay, and nothing is written."""
    new, freed = contents(run, 3, 4, 9), contents(run, 20)
    blocks = log(9, ({**new, **freed}, ()), (contents(run, 30), tuple(freed)))
    script = Script(Disk(9, blocks)).open(read_only=True).begin().events()
    for block in [*new, *freed]:
        script.cached(block)
    [[result, begun, events, *found]] = yield from ask(run, script)
    check_equal((result, begun), (2, -30), "journal_open and journal_begin")
    check_equal(events, [], "writes")
    check(found == [*new.values(), bytes(BLOCK)], "what is in the cache")
