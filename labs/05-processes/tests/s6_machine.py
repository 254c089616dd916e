"""Step 6: the whole kernel, and programs in it."""

import collections
import random
import struct

import _stack
from _stack import Stack

from grading import check, check_equal, test
from grading.errors import ECHILD

SECTION = "Step 6: All of it"
PROMPT = r"umbra# $"
I_AM, I_WAITED = 1, 2
MIX = 6364136223846793005
MILLISECOND = 10**6


@test(points=1, step="machine", section=SECTION, blames="clone_process,exec_stack_build",
      evidence=("answers", "status"), hint="What the log says last is how far it came.")  # fmt: skip
def there_is_a_shell(run):
    """The shell runs a pipeline over a file that only the disk knows."""
    secret = random.Random(f"{run.seed}:secret").randbytes(20).hex()
    lines = "".join(f"{i} {secret if i == 77 else 'x'}\n" for i in range(200))
    record = yield run.boot(files={"/etc/secret": lines.encode()}, prompt=PROMPT,
                            input=("cat /etc/secret | cat | grep 77 | cat",))  # fmt: skip
    check(f"77 {secret}" in record.console, "the line that only the disk knows", record)


# ---- Programs that look at their stack ----


def starts(run):
    """Return the request of a run in which programs are started; their strings."""
    draw = random.Random(f"{run.seed}:starts")
    text = lambda: draw.randbytes(draw.randrange(40)).hex().encode()  # noqa: E731
    programs = [([b"!" + text(), *(text() for _ in range(draw.randrange(12)))],
                 [text() for _ in range(draw.randrange(12))]) for _ in range(6)]  # fmt: skip
    plan = b"".join(bytes([len(argv), len(envp)]) + b"".join(s + b"\0" for s in argv + envp)
                    for argv, envp in programs)  # fmt: skip
    return run.boot("start", files={"/plan": plan}), programs


def left_stacks(record, count):
    """Return the stacks that a run of tests/user/start.c left."""
    check_equal(record.status, 0, "the program's exit status", record)
    data, stacks = record.image().read("/out"), []
    while data:
        sp, size = struct.unpack_from("<QQ", data)
        stacks.append(Stack(sp, data[16 : 16 + size], sp + size))
        data = data[16 + size :]
    check_equal(len(stacks), count, "programs that were started", record)
    return stacks


@test(points=2, step="machine", section=SECTION, blames="exec_stack_build",
      evidence=("disk", "status"),
      hint="The tests of step 2 say what is wrong with the stack.")  # fmt: skip
def programs_get_their_strings(run):
    """Programs find on their stack what they were started with."""
    request, programs = starts(run)
    for (argv, envp), stack in zip(programs, left_stacks((yield request), len(programs)),
                                   strict=True):  # fmt: skip
        check_equal(stack.sp % 16, 0, "sp % 16")
        check_equal(stack.strings(stack.argv), argv, "argv")
        check_equal(stack.after_argv, 0, "what is behind argv")
        check_equal(stack.strings(stack.envp), envp, "envp")


@test(points=1, step="machine", section=SECTION, blames="exec_stack_build",
      evidence=("disk", "status"), hint="auxv, as step 2 has it.")  # fmt: skip
def programs_know_themselves(run):
    """Programs find in auxv where they are, and 16 bytes that nobody knows."""
    request, programs = starts(run)
    stacks = left_stacks((yield request), len(programs))
    for stack in stacks:
        check_equal(stack.string(stack.tag(_stack.EXECFN)), b"/grade/start", "AT_EXECFN")
        check_equal((stack.tag(_stack.PAGESZ), stack.tag(_stack.UID)), (4096, 0),
                    "AT_PAGESZ, AT_UID")  # fmt: skip
        check(0 < stack.tag(_stack.ENTRY) < 1 << 38, "AT_ENTRY is no address of a program")
    found = {stack.data[stack.tag(_stack.RANDOM) - stack.sp :][:16] for stack in stacks}
    check_equal(len(found), len(stacks), "different random numbers")


# ---- A family ----


def family(run, harts):
    """Return the request of a run of a random family, and its plan: for each node
    its parent, its exit code, and whether it waits for its children."""
    draw = random.Random(f"{run.seed}:family:{harts}")
    plan = [(0, 0, 1)]
    for node in range(1, draw.randint(30, 50)):
        plan.append((draw.randrange(max(0, node - 6), node), draw.randrange(250),
                     draw.random() < 0.7))  # fmt: skip
    data = b"".join(struct.pack("<4B", *node, 0) for node in plan)
    return run.boot("tree", machine=run.machine(harts=harts), files={"/plan": data}), plan


class Lives:
    """What the members of a family wrote down."""

    def __init__(self, record, plan):
        check_equal(record.status, 0, "the program's exit status", record)
        self.pid, self.parent, self.value = {}, {}, {}
        self.news = collections.defaultdict(list)
        for kind, node, pid, other, status, value in struct.iter_unpack(
            "<BB2xiiiQ", record.image().read("/out")
        ):
            if kind == I_AM:
                check(node not in self.pid, f"there are two of node {node}", record)
                self.pid[node], self.parent[node], self.value[node] = pid, other, value
            else:
                self.news[node].append((other, status))
        check_equal(set(self.pid), set(range(len(plan))), "members of the family", record)


def check_news(lives, plan):
    """Each parent that waits got the news of all its children, and of orphans."""
    want = collections.defaultdict(dict)
    for node, (parent, code, _) in enumerate(plan[1:], 1):
        reaper = parent if plan[parent][2] else 0
        want[reaper][lives.pid[node]] = code << 8
    for node, (_, _, waits) in enumerate(plan):
        if not waits:
            continue
        *news, last = lives.news[node]
        check_equal(dict(news), want[node], f"pids and statuses that node {node} waited for")
        check_equal(len(news), len(want[node]), f"news that node {node} waited for")
        check_equal(last[0], ECHILD, f"the last wait of node {node}")


@test(points=1, step="machine", section=SECTION, blames="clone_process,copy_thread,inherit",
      evidence=("disk", "status"),
      hint="The child goes on with what its parent had, and neither sees what the other does "
           "afterwards.")  # fmt: skip
def each_child_has_its_own_life(run):
    """Of a random family each has a number of its own, its parent's memory, and a parent."""
    request, plan = family(run, 1)
    lives = Lives((yield request), plan)
    check_equal(len(set(lives.pid.values())), len(plan), "different numbers")
    values = {0: 1}
    for node, (parent, _, _) in enumerate(plan[1:], 1):
        values[node] = (values[parent] * MIX + node + 1) % 2**64
        adopted = parent == 0 or not plan[parent][2]
        check_equal(lives.parent[node], 1 if adopted else lives.pid[parent],
                    f"getppid of node {node}, whose parent is {parent}")  # fmt: skip
    check_equal(lives.value, values, "what the nodes have computed from their parents' memory")


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="process_wait,end_process,hand_over_children_locked",
      hint="A number, and the code << 8; orphans are told to process 1.")  # fmt: skip
def each_end_is_told(run):
    """Of a random family each who waits hears of all its children, and init of the orphans."""
    request, plan = family(run, 1)
    check_news(Lives((yield request), plan), plan)


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="process_wait,end_process,hand_over_children_locked,link_child",
      hint="A parent on another hart may wait for its child as soon as it is a zombie, or look "
           "at it as soon as it is in the table.")  # fmt: skip
def a_family_on_four_harts(run):
    """The same on four harts, all at once."""
    request, plan = family(run, 4)
    check_news(Lives((yield request), plan), plan)


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="process_wait,end_process,clone_process,hand_over_children_locked",
      hint="A reference that nobody drops, a zombie that nobody frees: what is it that each "
           "child leaves behind?")  # fmt: skip
def nothing_is_left_of_them(run):
    """When some hundred processes have come and gone, memory is as it was."""
    record = yield run.boot("many", machine=run.machine(harts=1, memory_mib=96))
    check_equal(record.status, 0, "the program's exit status", record)
    before, processes, after, processes_then = struct.unpack("<4Q", record.image().read("/out"))
    check_equal(processes_then, processes, "processes behind 800 more", record)
    check(before - after < 400_000, f"{before - after} bytes less are free behind 800 processes",
          record)  # fmt: skip


# ---- A shared hart ----


def shared(run):
    """Return the request of a run in which processes share a hart, with their
    nice values."""
    draw = random.Random(f"{run.seed}:shared")
    nices = draw.sample(range(0, 10, 3), 3) + [draw.choice((-3, -2))]
    plan = struct.pack("<QQ8q", 400 * MILLISECOND, len(nices), *nices, *[0] * 4)
    machine = run.machine(harts=1)
    return run.boot("share", machine=machine, files={"/plan": plan}), nices


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="fair_weight,fair_put,fair_take_first",
      hint="Time on the hart goes by weight: who weighs more has a slower clock.")  # fmt: skip
def programs_share_by_nice_values(run):
    """Processes that compute have of a hart what their nice values weigh."""
    request, nices = shared(run)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    counts = dict(struct.iter_unpack("<qQ", record.image().read("/counts")))
    check_equal(set(counts), set(nices), "who has counted", record)
    whole, weights = sum(counts.values()), sum(1.25**-n for n in nices)
    for nice, count in counts.items():
        got, exact = count / whole, 1.25**-nice / weights
        check(abs(got - exact) < 0.2 * exact + 0.02,
              f"nice {nice} among {nices} counted {got:.1%} of all, its weight is {exact:.1%}",
              record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, evidence=("disk", "status"),
      blames="fair_forgive,fair_put,process_wait",
      hint="Who comes back from a sleep is behind the others. Who waits needs no hart.")  # fmt: skip
def sleepers_come_in_time(run):
    """Beside them one that sleeps most of the time is not late, and a parent only waits."""
    request, _ = shared(run)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    late, busy = struct.unpack("<2Q", record.image().read("/out"))
    check(late < 15 * MILLISECOND, f"the sleeper was {late / MILLISECOND:.1f} ms late", record)
    check(busy < 100_000, f"the parent had the hart for {busy / 1000:.0f} ms", record)
