"""Step 3: many requests, and little room."""

from _disk import INDIRECT, MQ, READ, SECTOR, WRITE, Script, play, repeated, variants

from grading import check, check_equal, test

SECTION = "Step 3: Many at once"


@test(points=1, step="many", section=SECTION, blames="blk_submit,start_request",
      evidence="answers",
      hint="Nobody waits for an answer before the next request is given to the device.")
def many_are_in_flight(run):
    """The device has as many requests at once as its queue takes."""
    for features, size, room in ((INDIRECT, 128, 128), (INDIRECT, 16, 16), (0, 128, 42)):
        script = Script().new(features=features, size=size)
        for i in range(room + 20):
            script.submit(READ, i, [SECTOR])
        script.kick().take()
        _, chains = script.results((yield play(run, script)))
        check_equal(len(chains), room, f"requests in flight, queue of {size}")


@test(points=2, step="many", section=SECTION, blames="fill,blk_submit",
      evidence="answers",
      hint="A request that finds no room goes to the end of `waiting`; whoever comes "
           "later may not overtake it, even if it would fit.")  # fmt: skip
def nobody_is_overtaken(run):
    """Requests reach the device in the order they were submitted."""
    for legacy in (False, True):
        script = Script().new(legacy=legacy, size=16)  # no tables: 3 to 8 of 16 each
        count, turns = 12, 8
        for i in range(count):
            script.submit(READ, i, [SECTOR] * run.random.choice((1, 1, 6)))
        script.kick().take()
        for k in range(turns):
            script.answer(k).interrupt().take()
        seen = script.results((yield play(run, script)))
        sectors = [c.header[2] for part in seen if isinstance(part, list) for c in part]
        check(len(sectors) > turns, f"{len(sectors)} requests reached the device")
        check_equal(sectors, list(range(len(sectors))), "sectors, as the device saw them")


@test(points=2, step="many", section=SECTION, blames="blk_queue_poll,fill",
      evidence="answers",
      hint="What comes back makes room for what waits. Who else would start it?")
def what_waits_is_started(run):
    """A completion starts requests that wait, and rings."""
    for legacy, features in variants():
        script = Script().new(features=features, legacy=legacy, size=4)
        for i in range(6):
            script.submit(READ, i, [SECTOR])
        script.kick().take().state()
        script.answer(0).interrupt().state().take()
        _, first, before, _, after, second = script.results((yield play(run, script)))
        room = 4 if features & INDIRECT else 1
        check_equal((len(first), len(second)), (room, 1),
                    "chains at first, and when one was done")  # fmt: skip
        check_equal(after.bells, before.bells + 1, "bells, with that for the second")


@test(points=1, step="many", section=SECTION, blames="fill,blk_submit,retire",
      evidence="answers",
      hint="list_pop_front takes a request off the list: if it does not fit after all, it "
           "must be put back, at the front.")  # fmt: skip
def no_request_gets_lost(run):
    """Hundreds of requests go through a small queue, each once."""
    count, script = 300, Script().new(features=INDIRECT, size=8)
    content = run.random.randbytes(31)
    for i in range(count):
        script.submit(WRITE if i % 3 == 0 else READ, i, [SECTOR], b"w")
    script.kick().take()
    for k in range(count):
        script.answer(k, content=content)
        if k % 5 == 4 or k >= count - 8:
            script.interrupt().take()
    for i in range(count):
        script.result(i)
    # With eight in flight the device has always one to be done with.
    seen = script.results((yield play(run, script)))
    chains = [c.header[2] for part in seen if isinstance(part, list) for c in part]
    check_equal(sorted(chains), list(range(count)), "sectors, as the device saw them")
    results = seen[-count:]
    check_equal({r.done for r in results}, {1}, "how often done was called")
    check_equal({r.status for r in results}, {0}, "statuses")


@test(points=1, step="many", section=SECTION, blames="blk_queue_poll",
      evidence="answers",
      hint="While the waiters are told, the device could be busy already.")
def the_device_gets_work_first(run):
    """New requests reach the device before waiters hear of old ones."""
    script = Script().new(features=INDIRECT, size=4)
    for i in range(8):
        script.submit(READ, i, [SECTOR])
    script.kick().take().state().answer(0).answer(1).interrupt().result(0).result(1)
    *_, before, _, one, two = script.results((yield play(run, script)))
    check_equal((one.done, two.done), (1, 1), "how often done was called")
    check_equal((one.bells, two.bells), (before.bells + 1,) * 2, "bells, when done was called")


@test(points=1, step="many", section=SECTION, blames="blk_kick,blk_queue_poll",
      evidence="answers",
      hint="virtq_notify is slow: release the lock first.")
def bells_ring_without_a_lock(run):
    """Bells are rung while no lock is held."""
    script = Script().new(features=INDIRECT, size=4)
    for i in range(8):
        script.submit(READ, i, [SECTOR])
    script.kick().take().answer(0).interrupt().state()
    *_, state = script.results((yield play(run, script)))
    check(state.bells >= 2, f"{state.bells} bells; there were two reasons for one")
    check_equal(state.held, 0, "bells that were rung with a lock held")


@test(points=1, step="many", section=SECTION, blames="blk_kick",
      evidence="answers",
      hint="A thread may have moved to another hart between submit and kick.")
def all_queues_are_told(run):
    """With several queues, whatever was submitted is done."""
    harts = run.random.randint(2, 4)
    count, script = 40, Script().new(features=MQ | INDIRECT, num_queues=4, size=16)
    content = run.random.randbytes(23)
    for i in range(count):
        script.submit(READ, i, [SECTOR])
    script.kick().take().state()
    first = 16  # at least: they may be all in one queue
    for k in range(first):
        script.answer(k, content=content)
    script.interrupt()
    for i in range(count):
        script.result(i)
    seen = script.results((yield play(run, script, harts=harts)))
    chains, state, results = seen[1], seen[2], seen[-count:]
    check(len(chains) >= first, f"{len(chains)} requests reached the device")
    check_equal(state.bells, len({c.queue for c in chains}), "bells, one for each queue in use")
    done = {c.header[2] for c in chains[:first]}
    for i, result in enumerate(results):
        check_equal(result.done, i in done, f"how often done was called, request {i}")
        if result.done:
            check_equal(result.data, repeated(content, SECTOR), f"the data, request {i}")
