"""Step 5: the power goes, at any moment."""

from _journal import FIRST, NONE, Disk, Script, ask, content

from grading import check, test

SECTION = "Step 5: When the power goes"
BLOCKS = 12  # that are looked at
ALL = (
    "read_head,is_next,is_whole,apply_block,replay_next,journal_log_write,journal_log_reset,"
    "seal_transaction,checkpoint,close_running,start_log,replay_block,commit"
)


class Work:
    """A workload: changes, commits and flushes that were drawn; the states between
    them, and which of them are promised."""

    def __init__(self, run, steps):
        self.script, self.states = Script().open(), [dict.fromkeys(range(BLOCKS), 0)]
        self.promised, self.random = [(0, 0)], run.random
        self.script.brief()
        for _ in range(steps):
            for _ in range(self.random.randrange(1, 3)):
                self.change()
            self.script.commit() if self.random.random() < 0.75 else self.script.flush()
            self.script.brief()
            self.promised.append((None, len(self.states) - 1))

    def change(self):
        state = dict(self.states[-1])
        for n in self.random.sample(range(BLOCKS), self.random.randrange(1, 5)):
            state[n] = self.random.randrange(1, 1 << 31)
        new = {FIRST + n: x for n, x in state.items() if x != self.states[-1][n]}
        self.script.change(new)
        self.states.append(state)

    def note(self, found):
        """Take what the guest says of the run: how many events there were by each
        commit's end."""
        lists, total = [x for x in found if isinstance(x, list)], 0
        self.events, ends = [], []
        for events in lists:
            self.events += events
            ends.append(len(self.events))
        self.promised = [(end, state) for end, (_, state) in zip(ends, self.promised)]


def found_state(work, seen):
    """Return which state of the workload blocks are in; None: none of them."""
    for number in range(len(work.states) - 1, -1, -1):
        state = work.states[number]
        if all(data == (content(FIRST + n, state[n]) if state[n] else bytes(4096))
               for n, data in enumerate(seen)):  # fmt: skip
            return number
    return None


def run_crashes(run, steps, points):
    """Run a workload, then let the power go at many points; check what is found."""
    work = Work(run, steps)
    [found] = yield from ask(run, work.script)
    work.note(found)
    last, cuts = work.promised[-1][0], []
    for _ in range(points):
        count = run.random.randrange(work.promised[0][0], last + 1)
        mask = run.random.randbytes(last // 8 + 1)
        mask = run.random.choice((mask, b"\xff" * len(mask), b""))
        flush = max([i for i in range(count) if not work.events[i][1]], default=0)
        torn = run.random.randrange(flush, count) if count > flush else NONE
        cuts.append((count, mask, torn, run.random.randrange(1, 8)))
    for count, mask, torn, sectors in cuts:
        work.script.crash(count, mask, torn, sectors).open()
        for n in range(BLOCKS):
            work.script.cached(FIRST + n)
    [found] = yield from ask(run, work.script)
    rest = found[-points * (BLOCKS + 1) :]
    for index, (count, mask, torn, sectors) in enumerate(cuts):
        replayed, *seen = rest[index * (BLOCKS + 1) : (index + 1) * (BLOCKS + 1)]
        where = f"after {count} of {last} writes and flushes, write {torn} being torn"
        check(replayed >= 0, f"journal_open is {replayed}, {where}")
        state = found_state(work, seen)
        check(state is not None, f"what is found is no state between two changes, {where}")
        least = max(state for end, state in work.promised if end <= count)
        check(state >= least, f"state {state} is found, {least} was promised, {where}")


@test(points=5, step="crash", section=SECTION, evidence="answers", blames=ALL,
      hint="Repeat it with the seed that is shown; which write was missing, and who relied on it?")
def any_moment_will_do(run):
    """Whenever the power goes, the disk is as between two changes, and nothing promised is
    missing."""
    for _ in range(2):
        yield from run_crashes(run, 6, 14)


@test(points=2, step="crash", section=SECTION, evidence="answers",
      blames="start_log,journal_log_reset,replay_block,checkpoint",
      hint="Recovery writes, too: blocks, flush, head, flush.")
def recovery_may_be_cut_off(run):
    """The power may go during recovery, and the next one comes to the same end."""
    new = {FIRST + n: run.random.randrange(1, 1 << 31) for n in range(BLOCKS)}
    more = {FIRST + n: run.random.randrange(1, 1 << 31) for n in range(0, BLOCKS, 3)}
    right = [content(n, fill) for n, fill in {**new, **more}.items()]
    script = Script().open().change(new).commit().change(more).commit()
    for after in range(8):
        script.crash().fail(after).open().close().fail(NONE).open()
        for n in range(BLOCKS):
            script.cached(FIRST + n)
    [found] = yield from ask(run, script)
    rest = found[-8 * (BLOCKS + 2) :]
    for after in range(8):
        first, second, *seen = rest[after * (BLOCKS + 2) : (after + 1) * (BLOCKS + 2)]
        check(second >= 0, f"journal_open is {second}, a recovery being cut off after {after} writes")
        check(seen == right, f"what is found when a recovery was cut off after {after} writes")


@test(points=3, step="crash", section=SECTION, evidence="answers",
      blames="start_log,journal_log_reset",
      hint="A transaction that was not whole keeps its number to itself, and so do those that may "
           "lie behind it.")  # fmt: skip
def numbers_are_not_used_again(run):
    """What an old log has left is never taken for a part of a new one."""
    blocks = {FIRST + n: run.random.randrange(1, 1 << 31) for n in range(4)}
    again = Script(Disk()).open().brief().change(blocks).commit().change({FIRST: 7}).commit().brief()
    [first] = yield from ask(run, again)
    before, events = [x for x in first if isinstance(x, list)]
    start = len(before)
    # The first transaction is lost, the second one is whole behind it.
    size = next((i for i, e in enumerate(events) if not e[1]), 0)
    check(size > 0, "a commit wrote nothing, or was not flushed")
    mask = bytearray(b"\xff" * 40)
    for i in range(start, start + size):
        mask[i // 8] &= ~(1 << i % 8)
    again.crash(start + size, bytes(mask)).open().brief().change({FIRST + 9: 5}).commit().brief()
    [found] = yield from ask(run, again)
    opened, new = [x for x in found if isinstance(x, list)][-2:]
    old = {int.from_bytes(e[2][8:16], "little") for e in before + events if e[2][:4] == b"EJNL"}
    used = {int.from_bytes(e[2][8:16], "little") for e in new if e[2][:4] == b"EJNL"}
    check(old and used, "no transaction was written")
    check(min(used) > max(old), f"transactions {sorted(used)} come after a log with {sorted(old)}")
