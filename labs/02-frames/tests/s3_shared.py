"""Step 3: frames with several owners, and blocks found by an address inside."""

from _memory import Frames, holes, panics, play, step, whole

from grading import check, check_equal, test
from grading.steps import watch

SECTION = "Step 3: Shared frames"


@test(points=1, step="shared", section=SECTION, blames="frame_alloc", evidence="answers",
      hint="A block comes with one reference: its owner's.")
def a_new_frame_has_one_reference(run):
    """A frame has one reference when it comes, also the second time."""
    script = Frames(whole())
    for slot in range(3):
        script.alloc(slot).refs(slot).ref(slot).ref(slot).refs(slot)
        script.unref(slot).unref(slot).refs(slot).free(slot)
    for slot in range(20):
        script.alloc(slot).refs(slot)
    seen = script.results((yield script.play(run)))
    counts = [tuple(seen[i + k] for k in (1, 4, 7)) for i in (0, 9, 18)]
    check_equal(counts, [(1, 3, 1)] * 3, "references: at first, two more, two fewer")
    check_equal(seen[28::2], [1] * 20, "references of frames that came again")


@test(points=1, step="shared", section=SECTION, blames="frame_ref,frame_unref",
      evidence="answers",
      hint="frame_ref is one more, frame_unref one fewer.")  # fmt: skip
def references_are_counted(run):
    """Each reference more is one more, and each fewer one fewer."""
    script, wanted, counts = Frames(holes(run.random)), [], [1] * 5
    for slot in range(5):
        script.alloc(slot)
    for _ in range(60):
        slot = run.random.randrange(5)
        if counts[slot] > 1 and run.random.random() < 0.5:
            script.unref(slot)
            counts[slot] -= 1
        else:
            script.ref(slot)
            counts[slot] += 1
        script.refs(slot)
        wanted.append(counts[slot])
    seen = script.results((yield script.play(run)))
    check_equal(seen[6::2], wanted, "references after each step")


@test(points=1, step="shared", section=SECTION, blames="frame_ref,frame_unref",
      evidence="memory",
      hint="refs += 1 is three steps, and another hart may be between them: an atomic "
           "operation is one.")  # fmt: skip
def references_change_in_one_step(run):
    """References are counted atomically: no other hart can come in between."""
    script = Frames(whole()).alloc(0).ref(0).ref(0).unref(0).unref(0)
    with watch(run, "frames", "script", script.question) as hart:
        for function in ("frame_ref", "frame_unref"):
            steps = hart.call(function)
            check(any(s.atomic for s in steps),
                  f"{function} ran {len(steps)} instructions, none of them atomic: refs was "
                  "loaded, changed and stored, and what another hart counts meanwhile is lost")


@test(points=2, step="shared", section=SECTION, blames="frame_unref", evidence="answers",
      hint="The one that brings the count to 0 frees the frame; frame_free wants one "
           "reference, so put it back first.")  # fmt: skip
def the_last_reference_frees(run):
    """With its last reference a frame is free, and not before; then it comes again."""
    more = run.random.randrange(1, 5)
    script = Frames(whole()).take_all().free_all(step(run)).counts().alloc(0)
    for _ in range(more):
        script.ref(0)
    for _ in range(more):
        script.unref(0)
    script.counts().unref(0).counts().take_all()
    seen = script.results((yield script.play(run)))
    total = seen[2][0]
    check_equal(seen[-4][0], total - 1, "free frames before the last reference went")
    check_equal(seen[-2][0], total, "free frames after it")
    check_equal(seen[-1].good().count, total, "frames that can be had then")


@test(points=2, step="shared", section=SECTION, blames="frame_unref_shared",
      evidence="answers",
      hint="True and one fewer if there are others; else false, and nothing changes.")
def the_only_reference_stays(run):
    """frame_unref_shared drops a reference only if it is not the only one."""
    more = run.random.randrange(2, 6)
    script = Frames(whole()).alloc(0)
    for _ in range(more):
        script.ref(0)
    for _ in range(more + 2):
        script.unref_shared(0).refs(0)
    seen = script.counts().free(0).results((yield script.play(run)))[1 + more :]
    check_equal(seen[: 2 * more + 4 : 2], [1] * more + [0, 0], "whether it did")
    left = [*range(more, 0, -1), 1, 1]
    check_equal(seen[1 : 2 * more + 4 : 2], left, "references left")


@test(points=2, step="shared", section=SECTION, blames="frame_find_block",
      evidence="answers",
      hint="A slab's frames know how far back their head is; *order is the head's.")
def a_block_is_found_from_inside(run):
    """Of a slab's block any address leads to its start, its order and its mark."""
    cases, scripts = [], []
    for order in (0, 1, 2, 4):
        last = (4096 << order) - 1
        offsets = [0, last, *(run.random.randrange(last) for _ in range(6))]
        script = Frames(holes(run.random)).alloc(0, order).mark(0)
        for offset in offsets:
            script.find(0, offset)
        scripts.append(script)
        cases.append((order, offsets))
    for (order, offsets), seen in zip(cases, (yield from play(run, *scripts))):
        for offset, found in zip(offsets, seen[2:]):
            check_equal(found, (seen[0], order, 1), f"the block found from {offset} bytes "
                        "in: its start, its order, whether it is a slab's")  # fmt: skip


@test(points=1, step="shared", section=SECTION, blames="frame_find_block",
      evidence="answers",
      hint="*is_slab says whether the block was marked; mark and order are both set, "
           "always.")  # fmt: skip
def other_blocks_are_no_slabs(run):
    """A block that is not marked, or not any more, is found by its head, as no slab."""
    orders = (0, 2, 5)
    scripts = [Frames(whole()).alloc(0, order).find(0, 8).mark(0).mark(0, False)
               .find(0, 16).free(0, order) for order in orders]  # fmt: skip
    for order, seen in zip(orders, (yield from play(run, *scripts))):
        for found in (seen[1], seen[4]):
            check_equal(found, (seen[0], order, 0), "start, order, whether it is a slab's")


@test(points=1, step="shared", section=SECTION, blames="frame_free", evidence="status",
      hint="Whoever frees a frame that others refer to takes it away from them.")
def a_shared_frame_is_not_freed(run):
    """frame_free of a frame with two references ends in a panic."""
    script = Frames(whole()).alloc(0).ref(0)
    yield script.play(run)
    yield from panics(run, script.free(0), "frame_free with two references")
