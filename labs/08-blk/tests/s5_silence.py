"""Step 5: what never comes."""

from _disk import (
    EIO,
    INDIRECT,
    LIVE,
    READ,
    SECTOR,
    Script,
    check_done,
    play,
    repeated,
    variants,
)

from grading import check, check_equal, test

SECTION = "Step 5: Silence"


@test(points=1, step="silence", section=SECTION, blames="interrupt_is_lost,blk_watchdog",
      evidence="answers",
      hint="There are used buffers at a look (virtq_has_used), and at the next, and the "
           "next, and none was taken.")  # fmt: skip
def a_lost_interrupt_is_found(run):
    """What was used without an interrupt is found after half a second."""
    for legacy, features in variants():
        content = run.random.randbytes(40)
        script = Script().new(features=features, legacy=legacy).submit(READ, 4, [SECTOR])
        script.kick().take().answer(0, content=content).looks(300).result(0).state()
        *_, (looks, _), result, state = script.results((yield play(run, script)))
        check_done(result, 0, "without an interrupt")
        check_equal(result.data, repeated(content, SECTOR), "its data")
        check(45 <= looks <= 55, f"it was found by look number {looks}, not 50")
        check_equal(state.resets, 1, "resets: the first handshake's only")


@test(points=1, step="silence", section=SECTION, blames="interrupt_is_lost",
      evidence="answers",
      hint="vq.used_idx moves when buffers are taken: whoever takes some has had an "
           "interrupt.")  # fmt: skip
def who_gets_on_has_lost_nothing(run):
    """While buffers are taken now and then, no interrupt is missing."""
    script = Script().new(features=INDIRECT)
    for k in range(9):
        script.submit(READ, k, [SECTOR])
    script.kick().take()
    for k in range(0, 8, 2):  # there is always one that nobody has taken yet
        script.answer(k).looks(30, k).interrupt().answer(k + 1).looks(15, k + 1)
    seen = script.results((yield play(run, script)))
    looks = [x[0] for x in seen if isinstance(x, tuple)]
    check_equal(looks, [30, 15] * 4, "looks until something was taken; nothing was to be")


@test(points=1, step="silence", section=SECTION, blames="interrupt_is_lost,blk_watchdog",
      evidence="answers",
      hint="Nothing was taken, look after look: has anything been used (virtq_has_used)?")
def a_slow_disk_has_lost_no_interrupt(run):
    """Of a disk that has used nothing yet the log does not say that an interrupt is missing."""
    for legacy, features in variants():
        script = Script().new(features=features, legacy=legacy).submit(READ, 4, [SECTOR])
        script.kick().take().complaints().looks(400).complaints()
        script.answer(0, content=b"late").looks(300).complaints().result(0)
        *_, (looks, _), slow, (found, _), lost, result = script.results(
            (yield play(run, script)))  # fmt: skip
        check_equal(looks, 400, "looks at a disk that has used nothing")
        check_equal(slow, 0, "lines of the log about interrupts, while nothing was used")
        check_equal(lost, 1, "such lines, when something was, and no interrupt came")
        check(45 <= found <= 55, f"it was found by look number {found}, not 50")
        check_done(result, 0, "at last")


@test(points=1, step="silence", section=SECTION, blames="interrupt_is_lost",
      evidence="answers",
      hint="Each interrupt that was lost halves the patience (q->lost); one that came in "
           "time brings it back.")  # fmt: skip
def patience_comes_back(run):
    """Lost interrupts make impatient, and one that came patient."""
    for features in (0, INDIRECT):
        script = Script().new(features=features)
        for k in range(4):
            script.submit(READ, k, [SECTOR]).kick().take().answer(k)
            if k == 2:
                script.interrupt()
            script.looks(300, k)
            if k == 2:  # the watchdog must have seen it
                script.looks(1, 599)
        seen = script.results((yield play(run, script)))
        looks = [x[0] for x in seen if isinstance(x, tuple)]
        for found, wanted in zip(looks[:2] + looks[4:], (50, 25, 50), strict=True):
            check(abs(found - wanted) <= 3, f"it was found by look number {found}, not "
                  f"{wanted}")  # fmt: skip


@test(points=2, step="silence", section=SECTION, blames="request_is_lost,blk_watchdog",
      evidence="answers",
      hint="ANSWER_LOOKS looks after it was sent, not before.")
def a_slow_disk_is_left_alone(run):
    """A disk that takes a minute is slow, not broken."""
    for legacy in (False, True):
        script = Script().new(legacy=legacy).submit(READ, 4, [SECTOR]).kick().take()
        script.looks(8500).state().answer(0, content=b"s").interrupt().result(0)
        _, _, (looks, watched), state, _, result = script.results((yield play(run, script)))
        check_equal((looks, watched), (8500, 1), "looks, and whether they go on")
        check_equal((state.status & LIVE, state.resets), (7 if legacy else LIVE, 1),
                    "the device's status, and resets")  # fmt: skip
        check_done(result, 0, "after a minute")


@test(points=2, step="silence", section=SECTION, blames="request_is_lost,blk_watchdog",
      evidence="answers",
      hint="Each slot with a request knows in `since` at which look it was sent.")
def a_lost_request_is_found(run):
    """A request that is never answered fails, after 90 seconds."""
    for legacy in (False, True):
        script = Script().new(features=INDIRECT, legacy=legacy)
        for k in range(3):
            script.submit(READ, k, [SECTOR])
        script.kick().take().answer(0).answer(2).interrupt().looks(9500, 1)
        script.result(0).result(1).result(2).state()
        *_, (looks, _), one, two, three, state = script.results((yield play(run, script)))
        check_done(one, 0, "answered")
        check_done(three, 0, "answered")
        check_done(two, EIO, "never answered")
        check(8950 <= looks <= 9050, f"it was found by look number {looks}, not 9000")
        check(state.resets > 1, "the device was not reset, and may write to the request")


@test(points=1, step="silence", section=SECTION, blames="start_request,request_is_lost",
      evidence="answers",
      hint="A new request has not waited yet, however long the queue has been watched.")
def each_request_has_its_time(run):
    """Patience begins anew with each request."""
    script = Script().new(features=INDIRECT)
    for k in range(4):
        script.submit(READ, k, [SECTOR])
        if k > 0:  # one is always in flight
            script.kick().take().answer(k - 1).interrupt().looks(6000, k)
    script.state()
    seen = script.results((yield play(run, script)))
    looks = [x[0] for x in seen if isinstance(x, tuple)]
    check_equal(looks, [6000] * 3, "looks, in each of which nothing was lost")
    check_equal(seen[-1].resets, 1, "resets: the first handshake's only")


@test(points=2, step="silence", section=SECTION, blames="request_is_lost",
      evidence="answers",
      hint="The device may be busy with other requests, and have forgotten this one.")
def one_is_lost_among_many(run):
    """A lost request is found though others come and go."""
    script, rounds = Script().new(features=INDIRECT), 20
    script.submit(READ, 0, [SECTOR]).kick().take()
    for k in range(1, rounds):
        script.submit(READ, k, [SECTOR]).kick().take().answer(k).interrupt().looks(500, 0)
    script.result(0)
    seen = script.results((yield play(run, script)))
    looks = sum(x[0] for x in seen if isinstance(x, tuple))
    check_done(seen[-1], EIO, "never answered")
    check(8950 <= looks <= 9050, f"it was found by look number {looks}, not 9000")


@test(points=1, step="silence", section=SECTION, blames="blk_watch",
      evidence="answers",
      hint="A timer is set as long as the device has something.")
def what_is_in_flight_is_watched(run):
    """The watchdog is set whenever there is something in flight."""
    script = Script().new()
    for k in range(3):
        script.submit(READ, k, [SECTOR]).kick().take().looks(7, k)
        script.answer(k).interrupt().looks(5, 599)
    seen = script.results((yield play(run, script)))
    found = [x for x in seen if isinstance(x, tuple)]
    check_equal(found[::2], [(7, 1)] * 3, "looks while one is in flight, and whether they go on")


@test(points=2, step="silence", section=SECTION, blames="blk_watchdog",
      evidence="answers",
      hint="The look that finds nothing in flight sets no timer, and says so in "
           "`watching`.")  # fmt: skip
def an_idle_disk_is_left_alone(run):
    """When nothing is in flight, the watchdog is not set."""
    for legacy in (False, True):
        script = Script().new(legacy=legacy)
        for k in range(2):
            script.submit(READ, k, [SECTOR]).kick().take().looks(3, k)
            script.answer(k).interrupt().looks(50, 599)
        seen = script.results((yield play(run, script)))
        found = [x for x in seen if isinstance(x, tuple)]
        check_equal([x for x, _ in found[::2]], [3, 3], "looks while one is in flight")
        for looks, watched in found[1::2]:
            check(looks <= 2 and not watched, f"{looks} looks at an idle disk")
