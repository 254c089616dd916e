"""Step 6: the whole kernel, and programs in it."""

import random
import struct

from grading import check, check_equal, test

SECTION = "Step 6: All of it"
PROMPT = r"umbra# $"
PAGE, PAGES = 4096, 64
WRITE, READ, FORK, END, READ_FILE = range(5)  # tests/user/pages.c
SHARED, PRIVATE, FRESH = range(3)
ALL = 2**64
LARGE, FILLED, STRIDE, CHILDREN = 256 << 20, 24 << 20, 389 * PAGE, 3  # tests/user/sparse.c


@test(points=1, step="machine", section=SECTION, blames="fault_locked,map_page,share_table",
      evidence=("answers", "status"), hint="What the log says last is how far it came.")  # fmt: skip
def there_is_a_shell(run):
    """The shell runs a pipeline over a file that only the disk knows."""
    secret = random.Random(f"{run.seed}:secret").randbytes(20).hex()
    lines = "".join(f"{i} {secret if i == 77 else 'x'}\n" for i in range(200))
    record = yield run.boot(files={"/etc/secret": lines.encode()}, prompt=PROMPT,
                            input=("cat /etc/secret | cat | grep 77 | cat",))  # fmt: skip
    check(f"77 {secret}" in record.console, "the line that only the disk knows", record)


class Memory:
    """The file and the memories of tests/user/pages.c."""

    def __init__(self, data):
        self.file, self.own = bytearray(data), {}

    def copy(self):
        """Return what a child has: the file is the same one."""
        child = Memory(b"")
        child.file, child.own = self.file, dict(self.own)
        return child

    def write(self, memory, offset, value):
        """Write a word."""
        if memory == SHARED:
            struct.pack_into("<Q", self.file, offset, value)
        else:
            self.own[memory, offset] = value

    def read(self, memory, offset):
        """Return a word."""
        there = 0 if memory == FRESH else struct.unpack_from("<Q", self.file, offset)[0]
        return self.own.get((memory, offset), there)


def steps_of(draw, memory, count, depth):
    """Return steps (what, memory, offset, value), and what they find. Shared pages
    are of the file's first half, private ones of the second."""
    steps, found, known = [], [], [(PRIVATE, PAGE * 40), (FRESH, 0), (SHARED, 0)]
    while len(steps) < count:
        where = draw.randrange(3)
        first = {SHARED: 0, PRIVATE: PAGES // 2, FRESH: 0}[where]
        offset = (first + draw.randrange(PAGES // 2)) * PAGE + draw.randrange(512) * 8
        kind = draw.random()
        if kind < 0.4:
            value = draw.getrandbits(64)
            memory.write(where, offset, value)
            known.append((where, offset))
            steps.append((WRITE, where, offset, value))
        elif kind < 0.75:
            where, offset = draw.choice(known) if draw.random() < 0.8 else (where, offset)
            found.append(memory.read(where, offset))
            steps.append((READ, where, offset, 0))
        elif kind < 0.85:
            offset = draw.randrange(PAGES // 2) * PAGE
            found.append(memory.read(SHARED, offset))
            steps.append((READ_FILE, 0, offset, 0))
        elif depth == 0:
            inner, seen = steps_of(draw, memory.copy(), 12, 1)
            steps += [(FORK, 0, 0, 0), *inner, (END, 0, 0, 0)]
            found += seen
    return steps, found


def mapped(run, harts):
    """Return the request of a run of a random plan; what it finds; the file then."""
    draw = random.Random(f"{run.seed}:mapped:{harts}")
    data = draw.randbytes(PAGES * PAGE)
    memory = Memory(data)
    steps, found = steps_of(draw, memory, 300, 0)
    plan = b"".join(struct.pack("<BB2xIQ", *step) for step in steps)
    request = run.boot("pages", machine=run.machine(harts=harts),
                       files={"/in": data, "/plan": plan})  # fmt: skip
    return request, found, bytes(memory.file)


@test(points=2, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="map_page,break_sharing,fault_locked,share_pages",
      hint="The tests of steps 3 and 4 say which of it is wrong.")  # fmt: skip
def a_program_and_its_children_see_their_own(run):
    """A program and its children find in mapped files and fresh memory what they should."""
    request, found, _ = mapped(run, 1)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    seen = [word for (word,) in struct.iter_unpack("<Q", record.image().read("/out"))]
    check_equal(len(seen), len(found), "words that were read", record)
    for number, (word, want) in enumerate(zip(seen, found, strict=True)):
        check_equal(hex(word), hex(want), f"word {number} that was read")


@test(points=2, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="map_page,fault_locked,has_page,will_change",
      hint="A shared page that is written to belongs into the file; the object has to be told, "
           "or it does not know. A private one does not.")  # fmt: skip
def the_file_has_what_was_shared(run):
    """On the disk the file has what was written to shared pages, and nothing else."""
    request, _, data = mapped(run, 1)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    record.image().check()
    seen = record.image().read("/in")
    pages = [n for n in range(PAGES) if seen[n * PAGE :][:PAGE] != data[n * PAGE :][:PAGE]]
    check_equal(pages, [], "pages of the file that are not as they should be")


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="map_page,break_sharing,fault_locked,copy_table,share_table",
      hint="On another hart the program may go on with what this one has changed.")  # fmt: skip
def four_harts_see_the_same(run):
    """The same on four harts."""
    request, found, data = mapped(run, 4)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    seen = [word for (word,) in struct.iter_unpack("<Q", record.image().read("/out"))]
    check(seen == found, "what was read is not what was written", record)
    check(record.image().read("/in") == data, "the file on the disk", record)


def sparse(run):
    """Return the request of a run of tests/user/sparse.c, and its key."""
    key = random.Random(f"{run.seed}:sparse").getrandbits(64)
    machine = run.machine(harts=1, memory_mib=64)
    return run.boot("sparse", machine=machine, files={"/key": struct.pack("<Q", key)}), key


@test(points=2, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="share_table,share_pages,copy_table,break_sharing",
      hint="In 64 MiB four times 24 MiB have room only if they are the same pages.")  # fmt: skip
def more_memory_than_there_is(run):
    """A family has more memory than the machine, and each sees its own."""
    request, key = sparse(run)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    words = [w for (w,) in struct.iter_unpack("<Q", record.image().read("/out"))]
    count = -(-LARGE // STRIDE)
    plain = sum(key ^ i for i in range(1, FILLED // PAGE + 1))
    changed = -(-FILLED // (97 * PAGE))
    want = {who: (plain + who * changed) % ALL for who in range(CHILDREN + 1)}
    size = 1 + 2 * (CHILDREN + 1)
    del words[size]  # what is free behind the first round, and at the end
    for at in range(0, 4 * size, size):
        check_equal(words[at], key * count * (count + 1) // 2 % ALL, "the sum of scattered pages")
        pairs = dict(zip(words[at + 1 : at + size : 2], words[at + 2 : at + size : 2], strict=True))
        check_equal(pairs, want, "sums that parent and children see")


@test(points=2, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="break_sharing,copy_table,map_page,area_remove,area_merge,split_at",
      hint="What is it that each round leaves behind: a frame, a table, an area?")  # fmt: skip
def memory_comes_back(run):
    """What was mapped is free again when it is unmapped, or its owner has ended."""
    request, _ = sparse(run)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    words = [w for (w,) in struct.iter_unpack("<Q", record.image().read("/out"))]
    size = 1 + 2 * (CHILDREN + 1)
    before, after = words[size], words[-1]
    check(before - after < 256_000, f"{before - after} bytes less are free behind three rounds",
          record)  # fmt: skip
