"""Questions to guest/fair.c, and a queue as the header describes it."""

import bisect
import dataclasses

from grading import check_equal, pack

NOBODY = 255
CREDIT = 5_000_000
SHARES = 64


@dataclasses.dataclass(frozen=True)
class Seen:
    """The queue, and the share of the operation, behind an operation."""

    found: int
    time: int
    queued: bool
    count: int
    floor: int


def script(run, ops):
    """Return the request for operations (letter, share, number)."""
    pieces = [x for _, share, number in ops for x in ("u8", share, "u64", number)]
    return run.ask("fair", "script", pack("string", "".join(op[0] for op in ops), *pieces))


def seen(answer, ops):
    """Return a Seen for each operation."""
    return [Seen(answer.u8(), answer.u64(), answer.u8() != 0, answer.u32(), answer.u64())
            for _ in ops]  # fmt: skip


class Queue:
    """A queue of shares in order; what the header promises."""

    def __init__(self):
        self.floor, self.line, self.time = 0, [], {}

    def do(self, op, share, number):
        """Carry out an operation; return whom it finds."""
        if op == "p":
            times = {time for time, _ in self.line}
            while number in times:
                number += 1
            self.time[share] = number
            bisect.insort(self.line, (number, share))
        elif op == "r":
            self.line.remove((self.time[share], share))
        elif op == "g":
            self.time[share] = max(number, self.floor - CREDIT)
        elif op == "F":
            self.floor = number
        elif op == "t" and self.line:
            time, first = self.line.pop(0)
            self.floor = max(self.floor, time)
            return first
        elif op == "f" and self.line:
            return self.line[0][1]
        elif op == "l" and self.line:
            return self.line[-1][1]
        elif op == "b":
            at = bisect.bisect_left(self.line, (self.time[share], 0))
            return self.line[at - 1][1] if at else NOBODY
        return NOBODY


def follow(states, ops, fields=("found", "count", "floor")):
    """Compare what was seen with what the header promises."""
    queue = Queue()
    for number, (op, state) in enumerate(zip(ops, states, strict=True)):
        want = {"found": queue.do(*op), "count": len(queue.line), "floor": queue.floor}
        for field in fields:
            check_equal(getattr(state, field), want[field],
                        f"{field} behind operation {number}: "
                        f"{op[0]} of share {op[1]}")  # fmt: skip


def times(random, count, span=10**9):
    """Return so many times that differ."""
    return random.sample(range(CREDIT, CREDIT + span), count)
