"""Step 5: objects smaller than a frame."""

from _memory import PAGE, Slabs, holes, panics, play, whole

from grading import check, check_equal, test

SECTION = "Step 5: Slabs"
HEADER = 64  # of a slab: SLAB_HEADER


def size_of(run):
    """A size that nobody rounds by accident."""
    return run.random.choice((1, 8, 24, 40, 72, 136, 200, 300, 500, 513, 700, 1100, 2000, 2048))


def rounded(size):
    """What an object of a cache takes: (bytes, order of its slabs)."""
    return (size + 15) // 16 * 16, 2 if size > 512 else 0


def capacity(size):
    """Objects in a slab."""
    size, order = rounded(size)
    return ((PAGE << order) - HEADER) // size


def apart(addresses, size, what="objects"):
    """Check that objects are there, are aligned, and do not overlap."""
    check(0 not in addresses, f"NULL among {len(addresses)} {what}")
    check(not any(a % 16 for a in addresses), f"{what} are aligned to 16 bytes")
    order = sorted(addresses)
    near = [b for a, b in zip(order, order[1:]) if b - a < size]
    check(not near, f"{len(near)} of {len(order)} {what} of {size} bytes overlap")


@test(points=2, step="slabs", section=SECTION, blames="new_slab", evidence="answers",
      hint="Objects begin behind the header, cache->size apart; as many as fit.")
def objects_lie_apart(run):
    """Objects are aligned, do not overlap, and stay inside of their block."""
    sizes = (16, 48, size_of(run), 2048)
    scripts = [Slabs(holes(run.random)).init(0, size).alloc(0, 0, 3 * capacity(size) + 2)
               for size in sizes]  # fmt: skip
    for (bytes_each, order), found in (yield from play(run, *scripts)):
        apart(found, bytes_each)
        room = PAGE << order
        crossing = [a for a in found if a // room != (a + bytes_each - 1) // room]
        check_equal(len(crossing), 0, "objects that reach beyond their block of frames")


@test(points=2, step="slabs", section=SECTION, blames="new_slab", evidence="answers",
      hint="The capacity is what fits behind the header; the link of the last object "
           "is NULL.")  # fmt: skip
def slabs_are_filled(run):
    """A slab holds as many objects as fit behind its header."""
    cases = [(size, run.random.randrange(2, 5))
             for size in (16, 40, 512, 513, 2048, size_of(run))]  # fmt: skip
    scripts = [Slabs(whole()).init(0, size).count().alloc(0, 0, slabs * capacity(size))
               .count().alloc(0, 4000).count() for size, slabs in cases]  # fmt: skip
    for (size, slabs), seen in zip(cases, (yield from play(run, *scripts))):
        each, order = capacity(size), rounded(size)[1]
        check_equal(seen[1] - seen[3], slabs << order, f"frames of {slabs * each} objects "
                    f"of {size} bytes")  # fmt: skip
        check_equal(seen[3] - seen[5], 1 << order, "frames of one object more")


@test(points=2, step="slabs", section=SECTION, blames="slab_alloc", evidence="answers",
      hint="slab->free is the first of the free objects: what comes next is written in "
           "it.")  # fmt: skip
def objects_keep_their_content(run):
    """What is in an object stays, whatever happens to others."""
    size = size_of(run)
    script, held, damaged = Slabs(holes(run.random)).init(0, size), [], []
    for slot in range(0, 300, 3):
        script.alloc(0, slot, 3)
        held += [slot, slot + 1, slot + 2]
        run.random.shuffle(held)
        script.free(0, held[:2])
        damaged.append(len(script.ops) - 1)
        held = held[2:]
    seen = script.free(0, held).results((yield script.play(run)))
    check_equal(sum(seen[i] for i in damaged) + seen[-1], 0, "objects that changed")
    live = [a for part in seen[1:-1:2] for a in part]
    check(0 not in live, "NULL, with memory left")
    check(not any(a % 16 for a in live), "objects are aligned to 16 bytes")


@test(points=2, step="slabs", section=SECTION, blames="slab_with_room_locked",
      evidence="answers",
      hint="A slab with free objects is used before a new one is made.")
def room_is_used_first(run):
    """Objects that came back are given out before frames are taken for new ones."""
    size = size_of(run)
    many = 4 * capacity(size)
    back = run.random.sample(range(many), many // 2)
    script = Slabs(whole()).init(0, size).alloc(0, 0, many).count().free(0, back)
    script.count().alloc(0, many, len(back)).count()
    seen = script.results((yield script.play(run)))
    apart([a for i, a in enumerate(seen[1]) if i not in back] + seen[5], size)
    check(seen[6] == seen[2], f"{seen[2] - seen[6]} frames more for objects that had come "
          "back before")  # fmt: skip


@test(points=2, step="slabs", section=SECTION, blames="slab_alloc", evidence="answers",
      hint="A slab leaves the partial list with its last free object; slab_free puts it "
           "back.")  # fmt: skip
def full_slabs_are_on_no_list(run):
    """The lists hold the slabs that the header says, at each moment."""
    size = size_of(run)
    each = capacity(size)
    script = Slabs(whole()).init(0, size).lists(0).alloc(0, 0, 1).lists(0)
    script.alloc(0, 1, each - 1).lists(0).alloc(0, each, 1).lists(0)
    script.alloc(0, each + 1, each - 1).lists(0)
    seen = script.results((yield script.play(run)))
    wanted = [(0, 0), (1, 0), (0, 0), (1, 0), (0, 0)]
    check_equal([s for s in seen[1:] if isinstance(s, tuple)], wanted,
                "slabs with room, and empty ones: none, one object, full, one more, full")  # fmt: skip


@test(points=2, step="slabs", section=SECTION, blames="slab_free", evidence="answers",
      hint="The first object that comes back makes a full slab a partial one, the last "
           "one an empty one.")  # fmt: skip
def freed_objects_make_room(run):
    """A full slab is on the list again with the first object that comes back."""
    size = size_of(run)
    each = capacity(size)
    script = Slabs(whole()).init(0, size).alloc(0, 0, 2 * each).lists(0)
    script.free(0, [0]).lists(0).free(0, [each]).lists(0)
    script.free(0, range(1, each - 1)).lists(0).free(0, [each - 1]).lists(0)
    script.free(0, range(each + 1, 2 * each)).lists(0)
    seen = script.results((yield script.play(run)))
    check_equal(seen[2::2], [(0, 0), (1, 0), (2, 0), (2, 0), (1, 1), (0, 1)],
                "slabs with room, and empty ones")  # fmt: skip


@test(points=2, step="slabs", section=SECTION, blames="slab_free", evidence="answers",
      hint="A second empty slab is one too many: not a slab any more, its frames go "
           "back.")  # fmt: skip
def one_empty_slab_is_kept(run):
    """Of the slabs whose objects are all free one is kept; the frames of others are
    free."""
    cases = [(size, run.random.randrange(3, 6)) for size in (48, size_of(run), 900)]
    scripts = []
    for size, slabs in cases:
        back = list(range(slabs * capacity(size)))
        run.random.shuffle(back)
        script = Slabs(whole()).init(0, size).count().alloc(0, 0, len(back))
        scripts.append(script.free(0, back).count().lists(0).take_all())
    for (size, slabs), seen in zip(cases, (yield from play(run, *scripts))):
        order = rounded(size)[1]
        check_equal(seen[3], 0, "objects that changed while they were in use")
        check_equal(seen[1] - seen[4], 1 << order, f"frames kept of {slabs} slabs")
        check_equal(seen[5], (0, 1), "slabs with room, and empty ones")
        check_equal(seen[6], seen[4], "frames that can be had")


@test(points=2, step="slabs", section=SECTION, blames="slab_with_room_locked",
      evidence="answers",
      hint="The empty slab is used before a new one is made, and is then a partial one.")
def the_empty_slab_is_used(run):
    """A slab that became empty is used again."""
    size = size_of(run)
    each = capacity(size)
    script = Slabs(whole()).init(0, size).alloc(0, 0, each).free(0, range(each)).lists(0)
    script.count().alloc(0, 0, each).count().free(0, range(each)).lists(0)
    seen = script.results((yield script.play(run)))
    check_equal((seen[3], seen[8]), ((0, 1), (0, 1)), "slabs with room, and empty ones")
    check_equal(seen[6], seen[4], "free frames, as the empty slab is used")


@test(points=2, step="slabs", section=SECTION, blames="slab_alloc,new_slab",
      evidence="answers",
      hint="Without frames new_slab returns NULL, and so does slab_alloc; the cache is "
           "as it was.")  # fmt: skip
def without_memory_there_is_null(run):
    """Without frames there is NULL; when there are some again, objects."""
    size = size_of(run)
    each = capacity(size)
    script = Slabs(whole()).init(0, size).alloc(0, 0, 1).take_all()
    script.alloc(0, 1, each - 1).alloc(0, each, 2).free(0, [0]).alloc(0, 0, 2)
    script.free_all().alloc(0, each, 2)
    seen = script.results((yield script.play(run)))
    check(0 not in seen[3], "NULL, with room in the slab")
    check_equal(seen[4], [0, 0], "objects without memory")
    check_equal([bool(a) for a in seen[6]], [True, False], "whether there are objects, "
                "after one came back")  # fmt: skip
    check(0 not in seen[8], "NULL, with memory again")


@test(points=1, step="slabs", section=SECTION, blames="slab_free", evidence="status",
      hint="The slab knows its cache: assert that it is this one.")
def strangers_are_not_freed(run):
    """An object given to another cache ends in a panic."""
    object_of_0 = Slabs(whole()).init(0, 64).init(1, 64).alloc(0, 0).alloc(1, 1)
    yield from play(run, object_of_0)
    yield from panics(run, object_of_0.free(1, [0]), "an object given to another cache")


@test(points=1, step="slabs", section=SECTION, blames="slab_alloc,slab_free",
      evidence="status",
      hint="A cache's lists, and each slab's list of free objects, are touched by all "
           "harts: cache->lock.")  # fmt: skip
def a_cache_is_locked(run):
    """Objects come and go with the lock of their cache held."""
    script = Slabs(whole()).init(0, 64).alloc(0, 0, 2)
    yield from play(run, script)
    for last in (script.hold_last_lock().alloc(0, 2),
                 Slabs(whole()).init(0, 64).alloc(0, 0, 2).hold_last_lock().free(0, [0])):  # fmt: skip
        # No lock may be taken behind the last one: whoever takes one is found out.
        yield from panics(run, last, "a cache without its lock", "lock order: graded")
