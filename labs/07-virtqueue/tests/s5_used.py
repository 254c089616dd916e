"""Step 5: buffers back from the device [virtio §2.7.14]."""

from _rings import (
    EAGAIN,
    EIO,
    ENOSPC,
    INDIRECT,
    RAW,
    Script,
    play,
    token,
    variants,
)

from grading import check, check_equal, test

SECTION = "Step 5: What comes back"


@test(points=2, step="used", section=SECTION, blames="virtq_pop_used",
      evidence="answers",
      hint="The used entry names the head; the head's slot has the token.")
def what_was_given_comes_back(run):
    """A chain comes back with its token, and the bytes that were written."""
    for legacy, features in variants():
        mark, length = token(run.random), run.random.randint(0, 20)
        script = Script().init(features=features, legacy=legacy)
        script.add(mark, [4, 4], [12, 8]).take().use(0, length).pop().pop()
        *_, popped, empty = script.results((yield play(run, script)))
        check_equal(popped, (0, mark, length), "result, token and length")
        check_equal(empty[0], EAGAIN, "when there is nothing more")


@test(points=2, step="used", section=SECTION, blames="release_chain",
      evidence="answers",
      hint="A chain goes back to the free list as a whole: its last descriptor is linked "
           "to what was free before.")  # fmt: skip
def any_order_will_do(run):
    """The device completes chains in an order of its own; none gets lost."""
    for legacy, features in variants():
        script, count = Script().init(size=16, features=features, legacy=legacy), 5
        expected = []
        for turn in range(6):
            marks = [token(run.random) for _ in range(count)]
            for mark in marks:
                script.add(mark, [1, 2], [3])
            script.take()
            order = list(range(count))
            run.random.shuffle(order)
            for k in order:
                script.use(turn * count + k, k % 4)
                expected.append((0, marks[k], k % 4))
            for _ in range(count):
                script.pop()
        seen = script.results((yield play(run, script)))
        popped = [x for x in seen if isinstance(x, tuple) and len(x) == 3]
        check_equal(popped, expected, "the chains as they came back")
        adds = [x for x in seen if isinstance(x, tuple) and isinstance(x[1], list)
                and len(x[1]) == 3 and x[1][0] > 65536]  # fmt: skip
        check_equal({x[0] for x in adds}, {0}, "what virtq_add returned")


@test(points=1, step="used", section=SECTION, blames="take_used_elem",
      evidence="answers",
      hint="used->idx says how many there are, your own used_idx how many you have "
           "taken.")  # fmt: skip
def nothing_used_is_no_error(run):
    """While the device works there is nothing to take, and nothing wrong."""
    for legacy, features in variants():
        script = Script().init(features=features, legacy=legacy).pop()
        script.add(1, [], [8]).add(2, [], [8]).has_used().pop().take()
        script.use(1, 8).has_used().pop().pop().has_used()
        seen = script.results((yield play(run, script)))
        check_equal(seen[1][0], EAGAIN, "in an empty queue")
        check_equal((seen[4], seen[5][0]), (0, EAGAIN), "while two are in flight")
        check_equal(seen[8:10], [1, (0, 2, 8)], "when one is done")
        check_equal((seen[10][0], seen[11]), (EAGAIN, 0), "and behind it")


def lied(run, legacy, features, prepare):
    """Return the request and script of a lie among two chains in flight."""
    script = Script().init(size=8, features=features, legacy=legacy)
    script.add(1, [4], [8]).add(2, [4], [8]).take()
    prepare(script)
    script.pop().pop().add(3, [], [8]).has_used()
    return script


def check_broken(seen, what):
    """The first pop after a lie, and everything from then on, fails."""
    popped, again, added, has = seen[-4:]
    check_equal(popped[0], EIO, f"virtq_pop_used, {what}")
    check_equal((again[0], added[0]), (EIO, EIO), f"what follows, {what}")
    check_equal(has, 1, f"virtq_has_used, {what}")


def lie(run, what, prepare, legacies=(False, True)):
    """Tell a lie in each variant."""
    scripts = [lied(run, legacy, features, prepare)
               for legacy in legacies for features in (0, INDIRECT)]  # fmt: skip
    answers = yield [play(run, script) for script in scripts]
    for script, answer in zip(scripts, answers):
        check_broken(script.results(answer), what)


@test(points=2, step="used", section=SECTION, blames="take_used_elem",
      evidence="answers",
      hint="The index cannot have moved by more than the chains in flight; in 16 bits, "
           "backwards is very far forwards.")  # fmt: skip
def an_index_that_jumps_is_a_lie(run):
    """More used than in flight: the queue is broken."""
    yield from lie(run, "index moved by 3, 2 in flight", lambda s: s.use(0, 0, step=3))
    yield from lie(run, "index moved back", lambda s: s.use(0, 0, step=0xFFFF))


@test(points=2, step="used", section=SECTION, blames="take_used_elem",
      evidence="answers",
      hint="Check the head before you use it as an index, all 32 bits of it; then, that "
           "a chain in flight begins there.")  # fmt: skip
def a_head_that_is_none_is_a_lie(run):
    """A head that does not exist, or begins no chain in flight."""
    for head, what in ((8, "head 8 of 8"), (0xFFFFFFFF - RAW, "a huge head"),
                       (0x10000, "head 65536")):  # fmt: skip
        yield from lie(run, what, lambda s, h=head: s.use(RAW + h, 0))

    def twice(script):
        script.use(0, 0).pop().use(0, 0)

    yield from lie(run, "a head that has come back already", twice)
    # Of the queue's eight descriptors at most four are in chains: one is free.
    script = Script().init(size=8)
    script.add(1, [4], [8]).take().walk(0)
    _, _, taken, chain = script.results((yield play(run, script)))
    for head, what in ((chain[0].next, "the second of a chain"),
                       (next(i for i in range(8) if i not in
                             (taken[1][0], chain[0].next)), "a free one")):  # fmt: skip
        script = Script().init(size=8)
        script.add(1, [4], [8]).take().use(RAW + head, 0).pop()
        *_, popped = script.results((yield play(run, script)))
        check_equal(popped[0], EIO, f"virtq_pop_used, {what}")


@test(points=1, step="used", section=SECTION, blames="virtq_has_used",
      evidence="answers",
      hint="Whether virtq_pop_used would return anything but -EAGAIN: what does it return "
           "when the queue is broken?")  # fmt: skip
def a_broken_queue_has_news(run):
    """Of a broken queue virtq_has_used says yes, though nothing is in the ring."""
    for legacy, features in variants():
        script = Script().init(size=8, features=features, legacy=legacy)
        script.add(1, [4], [8]).add(2, [4], [8]).take().use(0, 0, step=3).pop()
        script.store("u", 2, 0).has_used().pop()
        *_, first, _, has, again = script.results((yield play(run, script)))
        check_equal((first[0], again[0]), (EIO, EIO), "virtq_pop_used after a lie")
        check_equal(has, 1, "virtq_has_used of a broken queue, with used->idx as it was before")


@test(points=1, step="used", section=SECTION, blames="start_queue", evidence="answers",
      hint="Everything is as before the first request: what do virtq_pop_used and "
           "virtq_end_batch look at?")  # fmt: skip
def a_restart_begins_anew(run):
    """A queue that was broken works again after a restart, and its first batch has a bell."""
    for legacy, features in variants():
        marks = [token(run.random) for _ in range(6)]
        script = Script().init(size=16, features=features, legacy=legacy)
        for mark in marks[:3]:
            script.add(mark, [4], [8])
        script.end_batch().take().use(0, 0, step=9).pop()
        for _ in range(3):
            script.reclaim()
        script.restart()
        for mark in marks[3:]:
            script.add(mark, [4], [8])
        script.end_batch().take().use(0, 5).use(1, 6).use(2, 7).pop().pop().pop()
        seen = script.results((yield play(run, script)))
        check_equal(seen[7][0], EIO, "virtq_pop_used after a lie")
        check_equal(seen[11][0], 0, "what virtq_restart returned")
        check_equal([added[0] for added in seen[12:15]], [0, 0, 0],
                    "what virtq_add returned after the restart")  # fmt: skip
        check_equal(seen[15], 1, "virtq_end_batch: a bell for the first batch after the restart")
        check_equal(seen[-3:], [(0, mark, 5 + i) for i, mark in enumerate(marks[3:])],
                    "the chains of the restarted queue as they came back")  # fmt: skip


@test(points=1, step="used", section=SECTION, blames="take_used_elem,virtq_add",
      evidence="answers",
      hint="vq->added counts chains that the device got, vq->batches the looks that found "
           "something new in the used ring (vq->seen_idx).")  # fmt: skip
def what_is_counted_has_happened(run):
    """Chains that found no room are not counted; several that come at once are one batch."""
    for legacy, features in variants():
        size, together = 4, run.random.randint(2, 4)
        script = Script().init(size=size, chain_max=1, features=features, legacy=legacy)
        for i in range(size + 2):
            script.add(i + 1, [], [4])
        script.take().counts()
        for i in range(together):
            script.use(i)
        for _ in range(together + 1):
            script.pop()
        script.counts()
        seen = script.results((yield play(run, script)))
        check_equal([added[0] for added in seen[1 : size + 3]], [0] * size + [ENOSPC] * 2,
                    "what virtq_add returned")  # fmt: skip
        before, after = seen[size + 4], seen[-1]
        check_equal(before[0], size, f"vq->added after {size} chains and two without room")
        check_equal(after[2] - before[2], 1, f"vq->batches for {together} chains that came "
                    "back at once, and were popped one by one,")  # fmt: skip


@test(points=2, step="used", section=SECTION, blames="take_used_elem",
      evidence="answers",
      hint="It cannot have written more than it was offered; what is offered, the slot "
           "knows.")  # fmt: skip
def a_length_beyond_is_a_lie(run):
    """A modern device that says it wrote more than there was room for."""
    for length in (9, 13, 0xFFFFFFFF):
        yield from lie(run, f"{length} bytes of 8", lambda s, n=length: s.use(0, n),
                       legacies=(False,))  # fmt: skip
    script = Script().init().add(1, [4], [8]).take().use(0, 8).pop()
    *_, popped = script.results((yield play(run, script)))
    check_equal(popped, (0, 1, 8), "all that was offered, which is no lie")
    # All descriptors were in chains with more room before.
    script = Script().init(size=2, chain_max=1).add(1, [], [60]).add(2, [], [60]).take()
    script.use(0, 60).use(1, 60).pop().pop().add(3, [], [4]).add(4, [], [4]).take()
    script.use(2, 20).pop()
    *_, popped = script.results((yield play(run, script)))
    check_equal(popped[0], EIO, "virtq_pop_used, 20 bytes of 4, where chains of 60 were before")


@test(points=2, step="used", section=SECTION, blames="take_used_elem",
      evidence="answers",
      hint="[virtio §2.7.8.1]: legacy devices wrote nonsense there, and everybody lived "
           "with it: cut it to what was offered.")  # fmt: skip
def legacy_lengths_are_cut(run):
    """A legacy device may say what it likes; we believe what is possible."""
    for length, expected in ((9, 8), (0xFFFFFFFF, 8), (3, 3)):
        script = Script().init(legacy=True)
        script.add(5, [4], [8]).take().use(0, length).pop()
        *_, popped = script.results((yield play(run, script)))
        check_equal(popped, (0, 5, expected), f"{length} bytes of 8")


@test(points=2, step="used", section=SECTION, blames="release_chain",
      evidence="answers",
      hint="Nothing that the device can write to is read back: slots[], not desc[], "
           "knows how a chain goes on.")  # fmt: skip
def what_is_shared_is_not_believed(run):
    """A device overwrites all it can; chains come back all the same."""
    for legacy in (False, True):
        script = Script().init(size=8, legacy=legacy)
        for i in range(2):
            script.add(i + 1, [1, 1], [2]).take()
        script.use(0, 2).use(1, 2).scribble(0xFF).pop().pop().restart()
        for i in range(8):
            script.add(i + 11, [], [2])
        script.add(99, [], [2]).take()
        seen = script.results((yield play(run, script)))
        pops = [x for x in seen if isinstance(x, tuple) and len(x) == 3]
        check_equal(pops, [(0, 1, 2), (0, 2, 2)], "the chains as they came back")
        check_equal(len(set(seen[-1][1])), 8, "free descriptors afterwards")


@test(points=2, step="used", section=SECTION, blames="virtq_reclaim",
      evidence="answers",
      hint="After a reset the caller takes back what was in flight, one by one: slots "
           "with a token.")  # fmt: skip
def what_is_in_flight_is_reclaimed(run):
    """After a reset each chain in flight is taken back, once."""
    for legacy, features in variants():
        marks = [token(run.random) for _ in range(4)]
        script = Script().init(size=16, features=features, legacy=legacy)
        for mark in marks:
            script.add(mark, [1], [2, 3])
        script.take().use(2, 1).pop()
        for _ in range(4):
            script.reclaim()
        script.restart()
        for i in range(4):
            script.add(i + 1, [1], [2, 3])
        script.take()
        seen = script.results((yield play(run, script)))
        *reclaimed, last = seen[8:12]
        left = [m for i, m in enumerate(marks) if i != 2]
        check_equal(sorted(reclaimed), sorted(left), "tokens that were reclaimed")
        check_equal(last, 0, "when nothing is left")
        check_equal(seen[-1][0], 4, "avail->idx after the restart, with four chains")
