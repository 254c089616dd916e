"""Step 6: lies, resets, and disks that are given up."""

import struct

from _disk import (
    BLK_SIZE,
    EIO,
    EVENT_IDX,
    FAILED,
    INDIRECT,
    LIVE,
    NEEDS_RESET,
    READ,
    SECTOR,
    SEG_MAX,
    Script,
    check_done,
    play,
    repeated,
    variants,
)

from grading import check, check_equal, test

SECTION = "Step 6: A device that lies"


def in_flight(count=4, size=128, **disk):
    """Begin a script with a disk and requests in flight."""
    script = Script().new(size=size, **disk)
    for k in range(count):
        script.submit(READ, k, [SECTOR])
    return script.kick().take()


def check_dead(script, number):
    """Add a request that a disk that was given up fails at once."""
    return script.submit(READ, 3, [SECTOR]).result(number).kick().take().state()


def is_dead(seen, what):
    """The results of check_dead are those of a dead disk."""
    result, chains, state = seen
    check_done(result, EIO, f"a request to a disk that was given up, {what}")
    check_equal(len(chains), 0, f"requests that it gets all the same, {what}")
    check_equal(state.status, FAILED, f"the device's status, {what}")


def check_works(script, number, chain):
    """Add a request that must work."""
    return (script.submit(READ, 9, [SECTOR]).kick().take().answer(chain, content=b"ok")
            .interrupt().result(number).state())  # fmt: skip


def works(seen, what):
    """The results of check_works are those of a disk that works."""
    chains, _, result, state = seen
    check_equal(len(chains), 1, f"requests that reach the device, {what}")
    check_done(result, 0, f"a request after the reset, {what}")
    check_equal(result.data, repeated(b"ok", SECTOR), f"its data, {what}")
    check_equal(state.early, 0, f"bells before DRIVER_OK, {what}")


@test(points=2, step="recovery", section=SECTION, blames="blk_recover,blk_queue_poll",
      evidence="answers",
      hint="virtq_pop_used says -EIO: the queue is broken, and with it the device.")
def a_liar_is_given_up(run):
    """A device that lies is reset and given up; all its requests fail."""
    for legacy, features in variants():
        script = in_flight(features=features, legacy=legacy)
        script.answer(1).use(head=run.random.randrange(128, 1 << 32)).interrupt()
        for k in range(4):
            script.result(k)
        check_dead(script, 4)
        seen = script.results((yield play(run, script)))
        for k, result in enumerate(seen[3:7]):
            check_done(result, 0 if k == 1 else EIO, f"request {k}")
        is_dead(seen[7:], "after a lie")


@test(points=2, step="recovery", section=SECTION, blames="blk_recover",
      evidence="answers",
      hint="[virtio §3.3.1]: until it has been reset, the device may write to the memory "
           "of requests. Whose is it after done?")  # fmt: skip
def the_reset_comes_first(run):
    """Requests fail after the reset only, and with no lock held."""
    for lie in (True, False):
        script = in_flight(features=INDIRECT)
        if lie:
            script.use(head=500).interrupt()
        else:
            script.become(INDIRECT, NEEDS_RESET).changed()
        for k in range(4):
            script.result(k)
        results = script.results((yield play(run, script)))[-4:]
        for result in results:
            check_done(result, EIO, "in flight at the reset")
            check(result.resets >= 2, "done was called before the device was reset")
            check_equal(result.held, 0, "whether a lock was held")


@test(points=2, step="recovery", section=SECTION, blames="blk_queue_close",
      evidence="answers",
      hint="Slots, and `waiting`.")
def what_waits_fails_too(run):
    """A reset fails what the device has, and what waits for room."""
    script = in_flight(count=12, size=4, features=INDIRECT)
    script.answer(0).interrupt().take()
    script.become(INDIRECT, NEEDS_RESET, size=4).changed()
    for k in range(12):
        script.result(k)
    check_works(script, 12, 5)
    seen = script.results((yield play(run, script)))
    check_equal((len(seen[1]), len(seen[3])), (4, 1), "requests that the device was given")
    for k, result in enumerate(seen[4:16]):
        check_done(result, EIO if k else 0, f"request {k}")
    works(seen[16:], "when all had failed")


@test(points=2, step="recovery", section=SECTION, blames="revive,blk_recover",
      evidence="answers",
      hint="virtio_negotiate, blk_refresh, virtq_restart, virtio_driver_ok; then the "
           "queues are open again.")  # fmt: skip
def a_lost_request_is_no_end(run):
    """After a reset the disk works again, with the same features."""
    for legacy, features in variants():
        script = in_flight(features=features, legacy=legacy)
        script.answer(0).interrupt().become(features | BLK_SIZE | EVENT_IDX)
        script.looks(9500, 2).state()
        check_works(script, 4, 4)
        seen = script.results((yield play(run, script)))
        disk_state = seen[4]
        check_equal(disk_state.status, 7 if legacy else LIVE, "the device's status")
        check_equal(disk_state.accepted & 0x3FFFFFFF, features, "features accepted again")
        works(seen[5:], "when a request was lost")


@test(points=2, step="recovery", section=SECTION, blames="blk_recover",
      evidence="answers",
      hint="`answered` says whether a request came back since the last reset.")
def a_silent_device_is_given_up(run):
    """A device that is reset, and says nothing again, is given up."""
    script = Script().new().submit(READ, 0, [SECTOR]).kick().take()
    script.answer(0).interrupt()
    for k in (1, 2):
        script.submit(READ, k, [SECTOR]).kick().take().looks(9500, k).result(k).state()
    check_dead(script, 3)
    seen = script.results((yield play(run, script)))
    states = [x for x in seen if hasattr(x, "accepted")]
    check_equal([s.status for s in states[:2]], [LIVE, FAILED],
                "the device's status after the first loss, and after the second")  # fmt: skip
    is_dead(seen[-3:], "when it had been silent twice")


@test(points=2, step="recovery", section=SECTION, blames="drain,revive,blk_recover",
      evidence="answers",
      hint="A disk that gets on in between may lose as many as it likes; `answered` is "
           "forgotten at each reset.")  # fmt: skip
def a_forgetful_device_is_not(run):
    """A device that answers between its losses is never given up."""
    script = Script().new(features=INDIRECT)
    number = 0
    for _ in range(4):
        script.submit(READ, number, [SECTOR]).kick().take().answer(number, content=b"y")
        script.interrupt().submit(READ, number + 1, [SECTOR]).kick().take()
        script.looks(9500, number + 1).result(number).result(number + 1).state()
        number += 2
    seen = script.results((yield play(run, script)))
    for state in (x for x in seen if hasattr(x, "accepted")):
        check_equal(state.status, LIVE, "the device's status")
    results = [x for x in seen if hasattr(x, "order")]
    check_equal([r.status for r in results], [0, EIO] * 4, "the statuses")


@test(points=2, step="recovery", section=SECTION, blames="find_trouble,blk_config_changed",
      evidence="answers",
      hint="DEVICE_NEEDS_RESET is a bit of the status [virtio §2.1.1]; the interrupt for "
           "a change of the configuration tells of it.")  # fmt: skip
def a_device_may_ask_for_it(run):
    """A device that asks for a reset gets one, and goes on."""
    for legacy in (False, True):
        script = in_flight(features=INDIRECT, legacy=legacy)
        script.answer(0).interrupt().become(INDIRECT, NEEDS_RESET).changed()
        for k in range(4):
            script.result(k)
        script.state()
        check_works(script, 4, 4)
        seen = script.results((yield play(run, script)))
        for k, result in enumerate(seen[3:7]):
            check_done(result, EIO if k else 0, f"request {k}")
        check_equal(seen[7].status, 7 if legacy else LIVE, "the device's status")
        works(seen[8:], "which it had asked for")


@test(points=2, step="recovery", section=SECTION, blames="find_trouble,blk_recover",
      evidence="answers",
      hint="Two harts may find the same trouble: the second finds none.")
def without_trouble_there_is_no_reset(run):
    """A device that is well is not reset."""
    script = in_flight(features=INDIRECT).answer(0).interrupt()
    script.recover().state().changed().state()
    script.become(INDIRECT, NEEDS_RESET).recover().recover().state()
    _, _, _, first, state, after, second, third, last = script.results((yield play(run, script)))
    check_equal((first, state.resets, after.resets), (0, 1, 1),
                "blk_recover, and resets before and after a change")  # fmt: skip
    check_equal((second, third), (1, 0), "blk_recover when it asks for it, and once more")
    check_equal(last.status, LIVE, "the device's status")


@test(points=2, step="recovery", section=SECTION, blames="revive,blk_refresh",
      evidence="answers",
      hint="Each step of revive may fail. Requests rest on block size, segments, queues "
           "and features of the first time.")  # fmt: skip
def another_disk_is_not_trusted(run):
    """A disk that has become another one by the reset is given up."""
    features = INDIRECT | BLK_SIZE | SEG_MAX
    good = {"features": features, "blk_size": 512, "seg_max": 16}
    changes = {
        "blk_size": lambda s: s.configure(20, struct.pack("<I", 1024)),
        "seg_max": lambda s: s.configure(12, struct.pack("<I", 8)),
        "nonsense": lambda s: s.configure(12, struct.pack("<I", 0)),
        "features": lambda s: s.become(features & ~INDIRECT, NEEDS_RESET),
        "FEATURES_OK": lambda s: s.become(features, NEEDS_RESET, refuses_features=1),
        "no queue": lambda s: s.become(features, NEEDS_RESET, size=0),
        "a small queue": lambda s: s.become(features, NEEDS_RESET, size=8),
    }
    for what, change in changes.items():
        script = in_flight(**good)
        script.answer(0).interrupt().become(features, NEEDS_RESET)
        change(script)
        script.changed().result(1)
        check_dead(script, 4).become(features, NEEDS_RESET).recover()
        *seen, recovered = script.results((yield play(run, script)))
        check_done(seen[3], EIO, f"in flight, {what}")
        is_dead(seen[4:], what)
        check_equal(recovered, 0, f"blk_recover, when it asks for a reset again, {what}")


@test(points=1, step="recovery", section=SECTION, blames="blk_refresh,blk_config_changed",
      evidence="answers",
      hint="Only disk.sectors follows; a capacity that makes no sense is not believed.")
def the_capacity_may_change(run):
    """A disk may grow and shrink; nothing else of it changes."""
    old, new = run.random.randrange(1000, 5000), run.random.randrange(5000, 9000)
    script = Script().new(capacity=old).submit(READ, 1, [SECTOR]).kick().take().state()
    for value in (new, old // 2, (1 << 64) - 1):
        script.configure(0, struct.pack("<Q", value)).changed().state()
    script.answer(0).interrupt().result(0)
    _, _, *states, _, result = script.results((yield play(run, script)))
    check_equal([s.sectors for s in states], [old, new, old // 2, old // 2],
                "sectors: at first, grown, shrunk, and with a capacity of 2^64-1")  # fmt: skip
    check_equal(states[-1].resets, 1, "resets: the first handshake's only")
    check_done(result, 0, "in flight at that time")


@test(points=1, step="recovery", section=SECTION, blames="blk_refresh,revive",
      evidence="answers",
      hint="revive reads the configuration again: the capacity of the first time need not "
           "be that of now.")  # fmt: skip
def a_reset_may_find_another_capacity(run):
    """A disk that has grown, and then needs a reset, is the same disk."""
    sizes = [run.random.randrange(1000, 9000) for _ in range(3)]
    script = in_flight(capacity=sizes[0], features=INDIRECT)
    script.answer(0).interrupt()
    script.configure(0, struct.pack("<Q", sizes[1])).changed()
    script.configure(0, struct.pack("<Q", sizes[2]))
    script.become(INDIRECT, NEEDS_RESET).changed().state()
    check_works(script, 4, 4)
    seen = script.results((yield play(run, script)))
    check_equal((seen[3].status, seen[3].sectors), (LIVE, sizes[2]),
                "the device's status, and sectors")  # fmt: skip
    works(seen[4:], "with another capacity")


@test(points=2, step="recovery", section=SECTION, blames="blk_submit,blk_queue_poll",
      evidence="answers",
      hint="`closed` means that rings are nobody's: look at it before anything else.")
def a_dead_disk_is_quiet(run):
    """Once given up, nothing is sent, taken or counted twice."""
    script = in_flight(features=INDIRECT).use(head=999).interrupt().state()
    for k in range(4, 7):
        script.submit(READ, k, [SECTOR]).result(k)
    script.kick().take().interrupt().changed().recover().looks(20, 599).state()
    seen = script.results((yield play(run, script)))
    before, (*results, chains, _, recovered, looks, after) = seen[3], seen[4:]
    for result in results:
        check_done(result, EIO, "a request to a disk that was given up")
        check_equal(result.held, 0, "whether a lock was held")
    check_equal((len(chains), recovered, after.resets), (0, 0, before.resets),
                "chains, blk_recover, and resets afterwards")  # fmt: skip
    check_equal(after.errors, 7, "errors: four in flight, three afterwards")
    check(looks[0] <= 2 and not looks[1], "the watchdog of a dead disk is still set")
