"""Step 4: buffers for the device [virtio §2.7.13]."""

from _rings import ENOSPC, INDIRECT, NEXT, TABLE, WRITE, Script, play, token, variants

from grading import check, check_equal, test

SECTION = "Step 4: Chains"
COMES_BACK = "Step 5: What comes back"  # of tests that take a chain back
ALIGN = 4096
AVAIL_EVENT = 4 + 8 * 8  # behind a used ring of 8


@test(points=2, step="chains", section=SECTION, blames="allocate_rings",
      evidence="answers",
      hint="Descriptors take 16 bytes each; the available ring follows; the used ring "
           "begins at the next multiple of VIRTQ_ALIGN [virtio §2.7.2].")  # fmt: skip
def parts_lie_where_legacy_wants_them(run):
    """Descriptor table, available ring, and the used ring on the next page."""
    for size in (1, 4, 64, 128):
        script = Script().init(size=size, legacy=bool(size & 4)).frames()
        queue, _ = script.results((yield play(run, script)))
        check_equal(queue.error, 0, "what virtq_init returned")
        check_equal(queue.desc % ALIGN, 0, "the descriptor table's place in its page")
        check_equal(queue.avail - queue.desc, 16 * size, "the available ring's offset")
        end = queue.avail + 4 + 2 * size + 2
        check_equal(queue.used, (end + ALIGN - 1) // ALIGN * ALIGN, "the used ring")
        check_equal((queue.enabled, queue.told), (1, size), "queue_enable")


@test(points=2, step="used", section=COMES_BACK, blames="start_queue",
      evidence="answers",
      hint="A restarted queue must not show the device what it left there before: "
           "all of the rings is zero, all indices are.")  # fmt: skip
def a_queue_starts_empty(run):
    """Whatever was in the rings, a queue that starts is empty."""
    for legacy, features in variants():
        script = Script().init(features=features, legacy=legacy)
        for i in range(5):
            script.add(i + 1, [], [4])
        script.take()
        for i in range(5):
            script.use(i, 4).pop()
        script.scribble(0x5A).store("u", AVAIL_EVENT, 0x5A5A)
        script.restart().load("a", 0).load("a", 2).load("u", 2).load("u", AVAIL_EVENT)
        script.take().add(9, [3], []).take().has_used()
        seen = script.results((yield play(run, script)))
        restarted, flags, idx, used, event, before, added, after, has = seen[-9:]
        check_equal(restarted[0], 0, "what virtq_restart returned")
        check_equal((flags, idx, used, event), (0, 0, 0, 0),
                    "avail->flags, avail->idx, used->idx and avail_event after the start")  # fmt: skip
        check_equal(before[0], 0, "avail->idx after the start")
        check_equal((added[0], after[0], has), (0, 1, 0), "the first chain after it")


@test(points=1, step="chains", section=SECTION, blames="start_queue",
      evidence="answers",
      hint="What queue_enable returns is the caller's to know.")
def a_refusal_is_passed_on(run):
    """If the device refuses the queue, virtq_init says so and keeps nothing."""
    script = Script().init().destroy().frames()
    for _ in range(20):
        script.init(enable_says=-16)
    script.frames()
    seen = script.results((yield play(run, script)))
    check_equal({q.error for q in seen[3:-1]}, {-16}, "what virtq_init returned")
    check(seen[-1] >= seen[2] - 2, f"{seen[2] - seen[-1]} frames did not come back")


@test(points=2, step="chains", section=SECTION, blames="describe",
      evidence="answers",
      hint="One buffer, one descriptor: its physical address, its length, WRITE if the "
           "device is to write.")  # fmt: skip
def one_buffer_is_one_descriptor(run):
    """A chain of one buffer."""
    for legacy, features in variants():
        out, into = run.random.randint(1, 64), run.random.randint(1, 64)
        script = Script().init(features=features, legacy=legacy)
        script.add(1, [out], []).add(2, [], [into]).take().walk(0).walk(1)
        _, one, two, taken, first, second = script.results((yield play(run, script)))
        check_equal(taken[0], 2, "avail->idx")
        for added, found, length, flags in ((one, first, out, 0),
                                            (two, second, into, WRITE)):  # fmt: skip
            if features & INDIRECT and len(found) == 2 and found[0].flags == TABLE:
                found = found[1:]  # nothing speaks against a table of one
            check_equal(len(found), 1, "descriptors of the chain")
            check_equal(hex(found[0].addr), hex(added[1][0]), "the buffer's address")
            check_equal((found[0].len, found[0].flags), (length, flags), "length, flags")


def chain_is(found, added, outs, ins, what):
    """Descriptors of a chain, in their order, describe the buffers."""
    lens = [*outs, *ins]
    check_equal(len(found), len(lens), f"descriptors of {what}")
    for i, (one, length) in enumerate(zip(found, lens)):
        flags = (WRITE if i >= len(outs) else 0) | (NEXT if i + 1 < len(lens) else 0)
        check_equal(hex(one.addr), hex(added[1][i]), f"{what}: address of buffer {i}")
        check_equal(one.len, length, f"{what}: length of buffer {i}")
        check_equal(one.flags, flags, f"{what}: flags of buffer {i}")


@test(points=2, step="chains", section=SECTION, blames="add_direct",
      evidence="answers",
      hint="NEXT stands in all descriptors but the last, and next is the number of the "
           "one that follows [virtio §2.7.5].")  # fmt: skip
def buffers_make_a_chain(run):
    """Several buffers are one chain, in their order, readable ones first."""
    for legacy in (False, True):
        script, shapes = Script().init(size=16, chain_max=6, legacy=legacy), []
        for _ in range(4):
            outs = [run.random.randint(1, 64) for _ in range(run.random.randint(0, 2))]
            ins = [run.random.randint(1, 64) for _ in range(run.random.randint(1, 2))]
            shapes.append((outs, ins))
            script.add(len(shapes), outs, ins)
        script.take()
        for k in range(4):
            script.walk(k)
        seen = script.results((yield play(run, script)))
        for k, (outs, ins) in enumerate(shapes):
            check_equal(seen[1 + k][0], 0, "what virtq_add returned")
            chain_is(seen[6 + k], seen[1 + k], outs, ins, f"chain {k}")


@test(points=2, step="chains", section=SECTION, blames="add_indirect",
      evidence="answers",
      hint="One descriptor with the flag INDIRECT refers to the table; in the table "
           "next counts from 0 [virtio §2.7.5.3].")  # fmt: skip
def a_table_holds_the_chain(run):
    """With indirect descriptors a chain takes one descriptor, and a table."""
    for legacy in (False, True):
        script = Script().init(size=8, chain_max=4, features=INDIRECT, legacy=legacy)
        shapes = [([5], [6, 7]), ([1, 2, 3], [4]), ([], [9, 8, 7, 6])]
        for i, (outs, ins) in enumerate(shapes):
            script.add(i + 1, outs, ins)
        script.take()
        for k in range(3):
            script.walk(k)
        seen = script.results((yield play(run, script)))
        for k, (outs, ins) in enumerate(shapes):
            found = seen[5 + k]
            check(found, f"chain {k} has no descriptor")
            check_equal(found[0].flags, TABLE, "flags of the descriptor in the ring")
            count = len(outs) + len(ins)
            check_equal(found[0].len, 16 * count, "bytes of the table")
            chain_is(found[1:], seen[1 + k], outs, ins, f"the table of chain {k}")


@test(points=2, step="chains", section=SECTION, blames="take_descriptors",
      evidence="answers",
      hint="A descriptor that is in a chain is not free until the chain comes back.")
def chains_share_nothing(run):
    """Chains in flight have descriptors of their own."""
    script = Script().init(size=32, chain_max=4)
    lens = [run.random.randint(1, 3) for _ in range(9)]
    for i, n in enumerate(lens):
        script.add(i + 1, [1] * n, [])
    script.take()
    for k in range(len(lens)):
        script.walk(k)
    seen = script.results((yield play(run, script)))
    heads = seen[len(lens) + 1][1]
    check_equal(len(set(heads)), len(lens), "different heads")
    used = set(heads)
    for found in seen[-len(lens) :]:
        later = {d.next for d in found if d.flags & NEXT}
        check(not later & used, f"descriptors {sorted(later & used)} are in two chains")
        used |= later
    check_equal(len(used), sum(lens), "descriptors in use")


@test(points=2, step="used", section=COMES_BACK, blames="virtq_add",
      evidence="answers",
      hint="-ENOSPC if there are fewer free descriptors than the chain needs; then "
           "nothing has changed.")  # fmt: skip
def a_full_ring_says_so(run):
    """When no descriptor is free there is no room, until a chain comes back."""
    for features, per_chain in ((0, 2), (INDIRECT, 1)):
        size, chains = 8, 8 // per_chain
        script = Script().init(size=size, chain_max=4, features=features)
        for i in range(chains + 1):
            script.add(i + 1, [3], [4])
        script.take().use(0, 4).pop().add(77, [3], [4]).add(78, [3], [4]).take()
        seen = script.results((yield play(run, script)))
        errors = [added[0] for added in seen[1 : chains + 2]]
        check_equal(errors, [0] * chains + [ENOSPC], "what virtq_add returned")
        check_equal(seen[chains + 2][0], chains, "avail->idx when the ring is full")
        *_, popped, again, more, taken = seen
        check_equal(popped, (0, 1, 4), "the chain that came back")
        check_equal((again[0], more[0]), (0, ENOSPC), "room for one chain, no more")
        check_equal(taken[0], chains + 1, "avail->idx at the end")


@test(points=2, step="used", section=COMES_BACK, blames="virtq_publish,take_used_elem",
      evidence="answers",
      hint="The index grows modulo 65536; the place in the ring is the index modulo the "
           "size of the queue.")  # fmt: skip
def indices_wrap(run):
    """More chains than an index can count."""
    for legacy, features in ((False, 0), (True, INDIRECT)):
        count, first = 66000 + run.random.randint(0, 999), token(run.random)
        script = Script().init(features=features, legacy=legacy).rounds(count, first)
        _, (good, idx) = script.results((yield play(run, script)))
        check_equal(good, count, "chains that came back")
        check_equal(idx, count & 0xFFFF, "avail->idx")
