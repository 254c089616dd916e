"""Step 6: who is told, and when [virtio §2.7.7, §2.7.10]."""

from _rings import EVENT_IDX, INDIRECT, Script, play

from grading import check_equal, test

SECTION = "Step 6: Bells"
SIZE = 8
USED_EVENT = 4 + 2 * SIZE  # behind the available ring
AVAIL_EVENT = 4 + 8 * SIZE  # behind the used ring
NO_NOTIFY = NO_INTERRUPT = 1


def moved(script, count):
    """Move all indices on by a number of chains."""
    if count:
        script.rounds(count, 1).end_batch()
    return script


@test(points=2, step="bells", section=SECTION, blames="virtq_end_batch",
      evidence="answers",
      hint="Without event index used->flags says whether the device wants to be told.")
def a_flag_says_whether_to_ring(run):
    """Without event index: told, unless the device's flag says no."""
    for legacy in (False, True):
        for features in (0, INDIRECT):
            script = Script().init(size=SIZE, features=features, legacy=legacy)
            script.add(1, [], [1]).end_batch()
            script.store("u", 0, NO_NOTIFY).add(2, [], [1]).end_batch()
            script.store("u", 0, 0).add(3, [], [1]).end_batch()
            seen = script.results((yield play(run, script)))
            bells = [seen[2], seen[5], seen[8]]
            check_equal(bells, [1, 0, 1], "bells: with flag 0, flag 1, flag 0")


@test(points=2, step="bells", section=SECTION, blames="virtq_end_batch",
      evidence="answers",
      hint="vq->batch_idx remembers where the last batch ended: nothing new, no bell.")
def one_bell_for_a_batch(run):
    """A batch of several chains is one bell, and an empty one none."""
    for features in (0, EVENT_IDX):
        script = Script().init(size=SIZE, features=features).end_batch()
        for i in range(5):
            script.add(i + 1, [], [1])
        script.end_batch().end_batch()
        seen = script.results((yield play(run, script)))
        check_equal(seen[1], 0, "a bell before anything was added")
        check_equal(seen[7:], [1, 0], "bells after the batch, and once more")


@test(points=2, step="bells", section=SECTION, blames="passed_event",
      evidence="answers",
      hint="Told if the index has gone past avail_event in this batch: "
           "the way from event to now is shorter than that from old to now, in 16 bits.")  # fmt: skip
def an_index_says_when_to_ring(run):
    """With event index: told when the index passes the device's; that is counted."""
    for start in (0, run.random.randint(1, 60000), 65533):
        tries = ((0, 1), (1, 1), (2, 3), (3, 3), (0, 3), (-1, 3), (5, 3))
        scripts = [rung(start, event, count) for event, count in tries]
        answers = yield [play(run, script) for script in scripts]
        for (event, count), script, answer in zip(tries, scripts, answers):
            seen, wanted = script.results(answer), int(0 <= event < count)
            check_equal(seen[-2], wanted,
                        f"a bell: index {start} + {count}, event {start} + {event}")  # fmt: skip
            before = seen[-3 - count]
            check_equal(tuple(b - a for a, b in zip(before[:2], seen[-1])), (count, wanted),
                        "what was counted: chains in vq->added, bells in vq->notified")  # fmt: skip


@test(points=1, step="bells", section=SECTION, blames="virtq_end_batch",
      evidence="answers",
      hint="[virtio §2.7.10.1] says what of used->flags means something when the event "
           "index was negotiated.")  # fmt: skip
def with_the_index_the_flag_means_nothing(run):
    """With event index the device's flag is not looked at."""
    for legacy in (False, True):
        script = Script().init(size=SIZE, features=EVENT_IDX, legacy=legacy)
        script.store("u", 0, NO_NOTIFY).store("u", AVAIL_EVENT, 0).add(1, [], [1]).end_batch()
        script.store("u", 0, 0).add(2, [], [1]).end_batch()
        seen = script.results((yield play(run, script)))
        check_equal(seen[4], 1, "virtq_end_batch: a chain that avail_event waits for, "
                                "used->flags being VIRTQ_USED_F_NO_NOTIFY,")  # fmt: skip
        check_equal(seen[7], 0, "virtq_end_batch: a chain that avail_event does not wait for, "
                                "used->flags being 0,")  # fmt: skip


def rung(start, event, count):
    """Return the script of a batch of chains; the device waits for one of them."""
    script = moved(Script().init(size=SIZE, features=EVENT_IDX), start)
    script.store("u", AVAIL_EVENT, (start + event) & 0xFFFF).counts()
    for i in range(count):
        script.add(i + 1, [], [1])
    return script.end_batch().counts()


@test(points=1, step="bells", section=SECTION, blames="virtq_disable_irq",
      evidence="answers",
      hint="Without event index: avail->flags.")
def a_flag_keeps_interrupts_away(run):
    """Without event index interrupts are turned off and on by a flag."""
    script = Script().init(size=SIZE).load("a", 0)
    script.disable().load("a", 0).enable().load("a", 0)
    seen = script.results((yield play(run, script)))
    flags = [x & NO_INTERRUPT for x in (seen[1], seen[3], seen[5])]
    check_equal(flags, [0, 1, 0], "the flag: at first, off, on")
    check_equal(seen[4], 0, "used in between, says virtq_enable_irq")


@test(points=2, step="bells", section=SECTION, blames="virtq_disable_irq,virtq_enable_irq",
      evidence="answers",
      hint="The device interrupts when used->idx passes used_event: on, it is the next "
           "entry; off, one that was passed long ago.")  # fmt: skip
def an_index_keeps_interrupts_away(run):
    """With event index: an interrupt for the next buffer, or for none."""
    for start in (0, run.random.randint(1, 60000), 65534):
        script = moved(Script().init(size=SIZE, features=EVENT_IDX), start)
        script.enable().load("a", USED_EVENT).disable().load("a", USED_EVENT)
        seen = script.results((yield play(run, script)))
        now = start & 0xFFFF
        check_equal(seen[-3], now, "used_event with interrupts on")
        # A device interrupts if any of the next buffers passes the event: for
        # no number of buffers that can be in flight may that be so.
        distance = (seen[-1] - now) & 0xFFFF
        check_equal(distance >= SIZE, True, f"used_event {seen[-1]} at index {now} "
                    "keeps interrupts away")  # fmt: skip


@test(points=1, step="bells", section=SECTION, blames="virtq_disable_irq,virtq_enable_irq",
      evidence="answers",
      hint="A driver that has negotiated the event index leaves avail->flags alone "
           "[virtio §2.7.7.1].")  # fmt: skip
def with_the_index_no_flag_is_set(run):
    """With event index avail->flags stays 0, with interrupts off and on."""
    for features in (EVENT_IDX, INDIRECT | EVENT_IDX):
        script = Script().init(size=SIZE, features=features).load("a", 0)
        script.disable().load("a", 0).enable().load("a", 0)
        seen = script.results((yield play(run, script)))
        check_equal([seen[1], seen[3], seen[5]], [0, 0, 0],
                    "avail->flags, at first, with interrupts off, and on,")  # fmt: skip


@test(points=2, step="bells", section=SECTION, blames="virtq_enable_irq",
      evidence="answers",
      hint="Say that you want interrupts, then look into the ring once more.")
def nothing_is_slept_through(run):
    """What was used before interrupts came on is reported by virtq_enable_irq."""
    for features in (0, EVENT_IDX):
        script = Script().init(size=SIZE, features=features)
        script.add(1, [], [4]).add(2, [], [4]).take().disable()
        script.use(0, 4).enable().pop().enable().use(1, 4).enable()
        seen = script.results((yield play(run, script)))
        check_equal(seen[6], 1, "with a used buffer in the ring")
        check_equal(seen[8], 0, "with nothing in the ring")
        check_equal(seen[10], 1, "with the second buffer in the ring")


@test(points=1, step="chains", section="Step 4: Chains", blames="virtq_publish",
      evidence="answers",
      hint="Only the device looks at the ring: virtq_add rings no bell.")
def adding_rings_no_bell(run):
    """Chains are added without a bell; virtq_notify rings one, for its queue."""
    index = run.random.randint(0, 7)
    script = Script().init(size=SIZE, index=index)
    script.add(1, [], [1]).add(2, [], [1]).take().notify()
    seen = script.results((yield play(run, script)))
    check_equal(seen[-2][0], 2, "chains in the available ring")
    check_equal(seen[-1], (1, index), "bells, and the queue of the last one")
