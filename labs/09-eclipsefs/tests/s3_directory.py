"""Step 3: directories."""

import struct

from _image import BLOCK, DIRECTORY, ENTRIES, TYPE, Node, entry, number, of_nodes, one_record, tlv
from _script import ENOENT, EUCLEAN, Script, ask

from grading import check, check_equal, test

SECTION = "Step 3: Directories"
HIDDEN = [b"", b".", b"..", b"/", b"a/b", b"/a", b"a/", b"\0", b"a\0", b"\0a", b"n" * 256]
SHOWN = [b"a", b"...", b".a", b"..a", b"a.", b" ", b"\xff\xfe", b"n" * 255, b".\\", b"-"]


def names(random, count):
    """Return names of all lengths, none twice."""
    found = set()
    while len(found) < count:
        length = random.choice((1, 2, random.randrange(1, 20), random.randrange(1, 256)))
        name = bytes(random.choice(b"abcdefghijk.\x01\x80\xffXYZ ") for _ in range(length))
        if name not in (b".", b".."):
            found.add(name)
    return random.sample(sorted(found), count)


def directory(entries, **how):
    """Return an image whose root has these entries, and 40 inodes."""
    nodes = {n: Node() for n in range(2, 41)}
    return of_nodes({1: Node(DIRECTORY, entries=entries), **nodes}, **how)


def raw(data, **how):
    """Return an image of one inode, a directory of these bytes."""
    return one_record(number(TYPE, DIRECTORY) + tlv(ENTRIES, data), **how)


def drawn(random, count):
    """Return entries that lead anywhere."""
    return [(name, random.randrange(1, 41)) for name in names(random, count)]


def starts(entries):
    """Return the position of each entry, and that behind the last."""
    at = [0]
    for name, _ in entries:
        at.append(at[-1] + 8 + len(name))
    return at


@test(points=2, step="directory", section=SECTION, blames="efs_name_is_hidden",
      evidence="answers",
      hint="memchr looks for a byte among len of them; the name has no terminator.")
def some_names_no_path_can_have(run):
    """A name is hidden if it is empty, ., .., over 255 bytes, or has / or NUL in it."""
    plan = [(name, True) for name in HIDDEN] + [(name, False) for name in SHOWN]
    plan += [(name, False) for name in names(run.random, 10)]
    run.random.shuffle(plan)
    script = Script(directory([]))
    for name, _ in plan:
        script.hidden(name)
    [[_, *found]] = yield from ask(run, script)
    for (name, hidden), seen in zip(plan, found):
        check_equal(seen, hidden, f"efs_name_is_hidden of {name[:40]!r}, {len(name)} bytes")


@test(points=3, step="directory", section=SECTION, blames="next_in_list", evidence="answers",
      hint="Head, name, head, name: the next entry begins where the name ends.")
def all_entries_are_met(run):
    """A walk meets all entries in their order, with their names, inodes and positions."""
    for count in (0, 1, 30, 150):
        entries = drawn(run.random, count)
        image = directory(entries, random=run.random)
        [[_, (found, end)]] = yield from ask(run, Script(image).walk(1))
        check_equal(end, 0, "efs_dir_next at the end")
        check_equal([(e.name, e.inode) for e in found], entries, f"{count} entries")
        check_equal([e.length for e in found], [len(name) for name, _ in entries], "entry->len")
        at = starts(entries)
        check_equal([e.pos for e in found], at[:-1], "entry->link.pos")
        check_equal([e.next for e in found], at[1:], "entry->next")


@test(points=1, step="directory", section=SECTION, blames="next_in_list", evidence="answers",
      hint="dir->pos is where the next entry begins, at the start of a walk, too.")
def a_walk_goes_on_where_one_ended(run):
    """A walk that begins at an entry's `next` meets what comes behind it."""
    entries = drawn(run.random, 25)
    at = starts(entries)
    picks = [*run.random.sample(range(25), 6), 25]
    script = Script(directory(entries, random=run.random))
    for pick in picks:
        script.walk(1, at[pick])
    [[_, *walks]] = yield from ask(run, script)
    for pick, (found, end) in zip(picks, walks):
        check_equal((end, [e.name for e in found]), (0, [name for name, _ in entries[pick:]]),
                    f"a walk from entry {pick} on")


@test(points=2, step="directory", section=SECTION, blames="next_in_list", evidence="answers",
      hint="What is left of the directory is node->data_len - dir->pos: for the head, and then "
           "for the name.")  # fmt: skip
def entries_stay_in_their_directory(run):
    """An entry that reaches past its directory is damage, there and not before."""
    first = drawn(run.random, 5)
    good = b"".join(entry(*e) for e in first)
    tails = [b"1", b"1234567", struct.pack("<II", 1, 2), struct.pack("<II", 5, 2) + b"four",
             struct.pack("<II", 0xFFFFFFFF, 2) + b"x" * 300, struct.pack("<II", 1 << 31, 2),
             struct.pack("<II", 0xFFFFFFF8, 2) + bytes(8)]  # fmt: skip
    images = [raw(good + tail) for tail in tails]
    seen = yield from ask(run, *(Script(i, size=1 << 16).walk(1).state() for i in images))
    for tail, image, [_, (found, end), (_, logged)] in zip(tails, images, seen):
        what = f"5 entries, and then {tail[:20].hex()}"
        check_equal([e.name for e in found], [name for name, _ in first], what)
        check_equal(end, EUCLEAN, f"how the walk ends of {what}")
        where = image.data.index(good) + len(good)
        check_equal(logged, [where], f"where damage is logged, {what}")
    whole = good + entry(b"exactly", 1)
    [[_, (found, end)]] = yield from ask(run, Script(raw(whole)).walk(1))
    check_equal((len(found), end), (6, 0), "entries, and how it ends, if the last one just fits")


@test(points=2, step="directory", section=SECTION, blames="next_in_list", evidence="answers",
      hint="entry->name has room for 255 bytes.")
def long_names_are_passed(run):
    """A name that is too long is passed, and what is behind it is found."""
    entries = [(b"before", 3), (b"l" * 256, 4), (b"between", 5), (b"m" * 70_000, 6),
               (b"behind", 7)]  # fmt: skip
    image = directory(entries)
    script = Script(image).walk(1).lookup(1, b"behind").lookup(1, b"l" * 255)
    [[_, (found, end), behind, none]] = yield from ask(run, script)
    check_equal(end, 0, "efs_dir_next at the end")
    check_equal([(e.length, e.inode, e.hidden) for e in found],
                [(len(n), i, len(n) > 255) for n, i in entries], "length, inode, hidden")  # fmt: skip
    check_equal(behind[:2], (0, 7), "efs_dir_lookup of a name behind them")
    check_equal(none[0], ENOENT, "efs_dir_lookup of the beginning of a long name")


@test(points=3, step="directory", section=SECTION, blames="find_in_list", evidence="answers",
      hint="Compare lengths, then bytes: names are not terminated.")
def names_are_found(run):
    """Each name leads to its inode; what only begins like one leads nowhere."""
    entries = drawn(run.random, 40)
    wrong = [name + b"a" for name, _ in entries[:9]] + [name[:-1] for name, _ in entries[9:20]]
    wrong += [name[:-1] + bytes([name[-1] ^ 0x20]) for name, _ in entries[20:30]]
    wrong = [name for name in wrong if name and name not in dict(entries) and len(name) < 256]
    script = Script(directory(entries, random=run.random))
    for name, _ in entries:
        script.lookup(1, name)
    for name in wrong:
        script.lookup(1, name)
    [[_, *found]] = yield from ask(run, script)
    for (name, inode), at, seen in zip(entries, starts(entries), found):
        check_equal(seen, (0, inode, at), f"efs_dir_lookup of {name[:40]!r}")
    for name, seen in zip(wrong, found[len(entries) :]):
        check_equal(seen[0], ENOENT, f"efs_dir_lookup of {name[:40]!r}, which is not there")


@test(points=2, step="directory", section=SECTION, blames="find_in_list", evidence="answers",
      hint="A hidden entry is passed; the walk ends with the first one that matches.")
def the_first_of_two_names_counts(run):
    """Of entries with one name the first counts, and hidden ones are not found."""
    entries = [(b".", 2), (b"twice", 3), (b"..", 4), (b"other", 5), (b"twice", 6), (b"a/b", 7),
               (b"", 8), (b"last", 9)]  # fmt: skip
    script = Script(directory(entries))
    for name in (b"twice", b"last", b".", b"..", b"a/b", b""):
        script.lookup(1, name)
    [[_, twice, last, *hidden]] = yield from ask(run, script)
    check_equal((twice[:2], last[:2]), ((0, 3), (0, 9)), "efs_dir_lookup of twice and last")
    check_equal([error for error, _, _ in hidden], [ENOENT] * 4, "of names that no path can have")


@test(points=1, step="directory", section=SECTION, blames="find_in_list,next_in_list",
      evidence="answers",
      hint="Damage behind the name is not met by who stops at it.")
def damage_hides_only_what_is_behind(run):
    """In a damaged directory names before the damage are found, others are -EUCLEAN."""
    good = entry(b"one", 1) + entry(b"two", 1)
    image = raw(good + struct.pack("<II", 99, 1) + b"x")
    script = Script(image).lookup(1, b"one").lookup(1, b"two").lookup(1, b"x").lookup(1, b"none")
    [[_, one, two, *others]] = yield from ask(run, script)
    check_equal((one, two), ((0, 1, 0), (0, 1, 11)), "names before the damage")
    check_equal([error for error, _, _ in others], [EUCLEAN] * 2, "names that may be behind it")


@test(points=2, step="directory", section=SECTION, blames="efs_dir_check_link",
      evidence="answers",
      hint="1 to fs->inode_count. node->data is where the first entry begins.")
def entries_lead_to_inodes(run):
    """An entry that leads to no inode is damage, at its address; others are fine."""
    count = 40
    entries = [(b"first", 1), (b"last", count), (b"zero", 0), (b"over", count + 1),
               (b"far", 0xFFFFFFFF), (b"middle", 17)]  # fmt: skip
    image = directory(entries, spare=run.random.randrange(1, 50))
    script = Script(image, size=len(image.data) // BLOCK * BLOCK + BLOCK)
    for name, _ in entries:
        script.lookup(1, name)
    script.check_link(1, 3, 0).check_link(1, count, 5).check_link(1, 0, 0).state()
    [[_, *found, good, edge, bad, (_, logged)]] = yield from ask(run, script)
    where = image.data.index(entry(b"first", 1))
    wrong = [where + at for (_, inode), at in zip(entries, starts(entries))
             if not 0 < inode <= count]  # fmt: skip
    for (name, inode), seen in zip(entries, found):
        error = 0 if 0 < inode <= count else EUCLEAN
        check_equal(seen[0], error, f"efs_dir_lookup of a name that leads to {inode} of {count}")
        check_equal(seen[1] if not error else 0, inode if not error else 0, "its inode")
    check_equal((good, edge, bad), (0, 0, EUCLEAN), "efs_dir_check_link of inodes 3, 40 and 0")
    check(set(wrong) <= set(logged), f"damage was to be logged at {wrong}, and was at {logged}")
