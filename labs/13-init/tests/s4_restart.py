"""Step 4: how often, and how soon."""

from _init import MS, SECOND
from grading import check_equal, pack, test

NEVER, RING = 2**64 - 1, 16
SHORTEST, LONGEST = 10 * MS, 32 * SECOND
RESTART = {"step": "restart", "section": "step-4-how-often-and-how-soon", "evidence": "answers"}


class History:
    """What user/init/restart.h says, with a list in place of the ring."""

    def __init__(self, limit, window, delay):
        self.limit, self.window, self.delay, self.at = limit, window, delay, []

    def decide(self, now):
        """Return how long to wait."""
        recent = sum(at + self.window > now for at in self.at[-RING:])
        if self.limit and recent >= self.limit:
            return NEVER
        wait = min(max(self.delay, SHORTEST) << recent, LONGEST)
        self.at.append(now + wait)
        return wait


def ask(run, history, times):
    """Return the request for the delays of decisions at these times."""
    flat = [x for at in times for x in ("u64", at)]
    return run.ask("restarts", "delays", pack("u32", history.limit, "u64", history.window,
                                              "u64", history.delay, "u32", len(times), *flat))  # fmt: skip


def compare(answer, history, times):
    """Fail unless each delay is right."""
    wanted = [history.decide(at) for at in times]
    words = [str(w // MS) + " ms" if w != NEVER else "never" for w in wanted]
    seen = [answer.u64() for _ in times]
    said = [str(w // MS) + " ms" if w != NEVER else "never" for w in seen]
    about = f"the delays (limit {history.limit}, window {history.window // MS} ms, delay {history.delay // MS} ms)"
    check_equal(said, words, about)
    check_equal(seen, wanted, about + ", in nanoseconds")


def compare_all(run, made):
    """Ask for all of (History, times), and compare; a generator."""
    for answer, (history, times) in zip((yield [ask(run, *one) for one in made]), made):
        compare(answer, history, times)


def crashes(random, history, count, most):
    """Return times at which a service ends that lives up to `most` each time."""
    model = History(history.limit, history.window, history.delay)
    now, times = random.randrange(SECOND, 1000 * SECOND), []
    for _ in range(count):
        times.append(now)
        wait = model.decide(now)
        now += (0 if wait == NEVER else wait) + random.randrange(1, most)
    return times


@test(points=1, **RESTART, blames="restart_is_due", hint="Three policies, two ways to end.")
def by_its_policy(run):
    """Whether it starts again at all is its file's to say."""
    ways = [(policy, clean) for policy in (0, 1, 2) for clean in (0, 1)]
    answers = yield [run.ask("restarts", "due", pack("u8", p, "u8", c)) for p, c in ways]
    for (policy, clean), answer in zip(ways, answers):
        word = ("never", "on-failure", "always")[policy]
        check_equal(answer.u8() != 0, policy == 2 or (policy == 1 and not clean),
                    f"whether one with restart = {word} starts again that ended {'well' if clean else 'badly'}")  # fmt: skip


@test(points=2, **RESTART, blames="restart_delay", hint="Twice as long for each one before it in the window.")
def twice_as_long(run):
    """Each restart in a window waits twice as long as the one before it."""
    history = History(0, 3600 * SECOND, run.random.randrange(SHORTEST, 400 * MS))
    times = crashes(run.random, history, 6, 50 * MS)
    compare((yield ask(run, history, times)), history, times)


@test(points=2, **RESTART, blames="restart_delay", hint="The limit is compared with those in the window, before this one.")
def only_so_many(run):
    """With as many restarts in the window as its file allows, it is over."""
    made = []
    for limit in (1, 3, run.random.randint(4, 15)):
        history = History(limit, 1000 * SECOND, run.random.randrange(SHORTEST, 40 * MS))
        made.append((history, crashes(run.random, history, limit + 2, 20 * MS)))
    yield from compare_all(run, made)


@test(points=2, **RESTART, blames="restart_delay", hint="One that happened a whole window ago, or more, counts no more.")
def the_window_moves_on(run):
    """What happened longer ago than the window counts no more."""
    window = run.random.randrange(2, 60) * SECOND
    history = History(2, window, 100 * MS)
    start = run.random.randrange(SECOND, 99 * SECOND)
    first = start + 100 * MS  # when the first restart happens
    times = [start, start + SECOND, first + window - 1, first + window, first + 3 * window]
    compare((yield ask(run, history, times)), history, times)


@test(points=1, **RESTART, blames="restart_delay", hint="It counts from when it happens: now and the delay.")
def it_counts_when_it_happens(run):
    """A restart is in the window from when it happens, not from when it was decided on."""
    delay = run.random.randrange(SECOND, 5 * SECOND)
    history = History(1, 10 * SECOND, delay)
    start = run.random.randrange(SECOND, 99 * SECOND)
    times = [start, start + 10 * SECOND + delay // 2, start + 10 * SECOND + delay]
    compare((yield ask(run, history, times)), history, times)


@test(points=1, **RESTART, blames="restart_delay", hint="Between 10 ms and 32 s; a delay that overflows is short again.")
def not_too_soon_nor_too_late(run):
    """No restart comes sooner than in 10 ms, or later than in 32 s."""
    made = []
    for delay in (0, 1, 9 * MS, 20 * SECOND, 31 * SECOND, 50 * SECOND, 2**62):
        history = History(0, 10**6 * SECOND, delay)
        made.append((history, crashes(run.random, history, 18, 10 * MS)))
    yield from compare_all(run, made)


@test(points=1, **RESTART, blames="restart_delay", hint="A ring of CONFIG_RESTARTS; what is counted must be in it.")
def a_long_life(run):
    """Over a hundred restarts, the last sixteen are what counts."""
    made = []
    for limit, most in ((16, 3 * SECOND), (0, SECOND), (3, 20 * SECOND), (5, 90 * SECOND)):
        history = History(limit, 60 * SECOND, 10 * MS)
        made.append((history, crashes(run.random, history, 100, most)))
    yield from compare_all(run, made)
