"""Submissions that try to be graded better than they are, or to do harm.

Each toy/NAME.c is put into the hole of the toy lab (tests/grading/90-toy) and
graded with hidden tests; each function of archives.py makes a hostile archive.
All must score nothing, show nothing of the host, change nothing outside the
grader's own folders and leave no process behind.
"""

import contextlib
import glob
import json
import os
import secrets
import subprocess
import tempfile

from grading import formats, tree
from grading.grade import grade

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = "tests/grading/90-toy"
HOLE = "kernel/lib/crc32c.c"
TESTS = ("sum_of_random_bytes", "file_is_copied", "root_is_mounted", "kept_from_students")

HIDDEN_TEST = '''
from grading import check_equal, pack, test

@test(points=1, blames="crc32c", evidence="answers", hint="{token}")
def kept_from_students(run):
    """A test that students do not see."""
    answer = yield run.ask("hidden", "sum", pack("bytes", b"{token}"))
    check_equal(answer.u32(), {right}, "the sum")
'''


def names():
    """Return the attacks, those from inside a submission first."""
    found = sorted(glob.glob(os.path.join(HERE, "toy", "*.c")))
    return [os.path.basename(path)[:-2] for path in found]


def described(name):
    """Return what an attack tries."""
    with open(os.path.join(HERE, "toy", f"{name}.c"), encoding="utf-8") as file:
        return file.readline().strip("/* \n")


@contextlib.contextmanager
def _place():
    """Give an attack a host: its own temporary folder, and secrets beside it."""
    token = "canary" + secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="umbra-redteam-") as top:
        os.chmod(top, 0o755)
        before = {name: os.environ.get(name) for name in ("TMPDIR", "UMBRA_SECRET")}
        os.mkdir(f"{top}/tmp")
        os.chmod(f"{top}/tmp", 0o755)
        with open(f"{top}/secret", "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        os.environ["TMPDIR"], os.environ["UMBRA_SECRET"] = f"{top}/tmp", token
        tempfile.tempdir = None
        try:
            yield top, token
        finally:
            tempfile.tempdir = None
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _hidden(top, token):
    """Make a folder of hidden tests that hold a secret, too."""
    folder = f"{top}/hidden"
    os.makedirs(f"{folder}/guest")
    with open(f"{folder}/kept.py", "w", encoding="utf-8") as file:
        file.write(HIDDEN_TEST.format(token=token, right=_sum(token.encode())))
    with open(f"{ROOT}/{LAB}/tests/guest/sums.c", encoding="utf-8") as file:
        text = file.read()
    with open(f"{folder}/guest/hidden.c", "w", encoding="utf-8") as file:
        file.write(f"/* {token} */\n{text}")
    return folder


def _sum(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _tree_state():
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "status", "--porcelain"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def _left_behind(word):
    """Return the command lines of other processes that name a path of ours."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if word in line and int(pid) != os.getpid():
            found.append(line[:120])
    return found


def attack(name, make=None, lab=None):
    """Grade an attack; return what it achieved, as lines: none is good.

    For the time it takes, this process has another TMPDIR.

    make(top): makes the submission instead of toy/NAME.c; returns its path. lab:
    whose tests it is aimed at, instead of the toy's and hidden ones.
    """
    toy = tree.labfile(ROOT).load(LAB, ROOT)
    with _place() as (top, token):
        if make:
            path = make(top)
        else:
            path = _submission(name, top, token)
        before = _tree_state()
        if lab:
            report = grade(ROOT, lab, path, out=f"{top}/out", seed=1)
        else:
            report = grade(ROOT, toy, path, hidden=_hidden(top, token),
                           out=f"{top}/out", seed=1, names=TESTS)  # fmt: skip
        return _judge(report, top, token, before)


def _judge(report, top, token, before):
    problems = []
    if report["score"]:
        paid = [t["name"] for t in report["tests"] if t["score"]]
        problems.append(f"scored {report['score']} of {report['max_score']} in "
                        + ", ".join(paid))  # fmt: skip
    if report["status"] == "infra":
        problems.append(f"made trouble for the grader: {_trouble(report)}")
    told = {**report, "tests": [{**t, "hint": ""} for t in report["tests"]]}
    texts = [json.dumps(told)] + [formats.render(n, told)[1] for n in formats.NAMES]
    for text in texts:
        if token in text.replace(f"{top}/", "") or "root:x:" in text:
            problems.append("a secret is in a report")
            break
    for text in texts:
        if any(line.lstrip().startswith("::") for line in text.splitlines()):
            problems.append("a workflow command is in a report")
            break
    if os.listdir(f"{top}/tmp"):
        problems.append(f"left files: {os.listdir(f'{top}/tmp')}")
    with open(f"{top}/secret", encoding="ascii") as file:
        if file.read() != f"{token}\n":
            problems.append("changed a file of the host")
    if _tree_state() != before:
        problems.append("changed the tree")
    if _left_behind(f"{top}/tmp"):
        problems.append(f"left processes: {_left_behind(top)}")
    return problems


def _trouble(report):
    return "; ".join([t["message"] for t in report["tests"] if t["status"] == "infra"]
                     or report["notes"])[:200]  # fmt: skip


def _submission(name, top, token):
    """Write toy/NAME.c into a submission, with the secrets that it goes for."""
    with open(os.path.join(HERE, "toy", f"{name}.c"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("@SECRET@", f"{top}/secret").replace("@TOKEN@", "token")
    path = f"{top}/submission/{HOLE}"
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return f"{top}/submission"
