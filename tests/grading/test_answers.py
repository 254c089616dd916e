"""Lab 0's answers: formats that are taken, files that are refused, and that no
two students are asked the same."""

import contextlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import sandbox
from grading.grade import grade

ROOT = toy.ROOT
LAB = os.path.join(ROOT, "labs/00-tools")
sys.path.insert(0, os.path.join(LAB, "tests"))
import _answers  # noqa: E402
import _questions  # noqa: E402
import _student  # noqa: E402

KEYS = {q.key for q in _questions.QUESTIONS} | {"name"}
HOSTILE = {
    "binary": (b"\x7fELF\xff\xfe\x00", "is not UTF-8 text"),
    "zeros": (b"name = \0\0\0\n", "has a character that is no text"),
    "terminal": (b"name = \x1b[2J\x1b]0;owned\x07\n", "has a character that is no text"),
    "reversed": ("name = \u202eadA\n".encode(), "has a character that is no text"),
    "huge": (b"# " + b"x" * (64 << 10), "is over 32 KiB"),
    "lines": (b"\n" * 5000, "has over 400 lines"),
    "line": (b"name = " + b"9" * 3000, "line 1 is over 200 characters"),
    "key": (b"name = A\nboot.rams = 5\n", "line 2: there is no question of that name"),
    "twice": (b"boot.ram = 5\nboot.ram = 6\n", "line 2: boot.ram is answered twice"),
    "prose": (b"I give up\n", "line 1 is neither"),
    "code": (b"__import__('os').system('true')\n", "line 1 is neither"),
}


def refused(function, *arguments):
    """Return what a function says as it refuses, or None."""
    with contextlib.suppress(AssertionError):
        try:
            function(*arguments)
        except _answers.AnswersError as error:
            return str(error)
    return None


def test_numbers():
    """A number may be typed in many ways, and means one thing."""
    for text in ("28", "0x1c", "0X1C", "0x0000_001c", "0b1_1100", "0x1 c", "028"):
        assert _answers.number(text) == 28, text
    assert "0x" in refused(_answers.number, "1c")
    for text in ("", "-1", "28 MiB", "0x", "1e3", "0o34", "٢٨", "inf", "28.0", "()"):
        assert refused(_answers.number, text), text


def test_words():
    """A name may come as a tool prints it."""
    for text in ("just_panic", "`just_panic`", "Just_Panic()", "just_panic+0x14", "<just_panic>"):
        assert _answers.word(text) == "just_panic", text
    for text in ("", "a b", "../x", "'; drop"):
        assert refused(_answers.word, text), text


def test_files():
    """A good file is read whatever made it; any other is refused with a reason."""
    good = "\ufeffname = Zoë\r\n\r\n# why\r\n\tBOOT.ram: 5 # bytes\r\nboot.irq =\r\n"
    assert _answers.read(good.encode(), KEYS) == {"name": "Zoë", "boot.ram": "5"}
    for name, (content, reason) in HOSTILE.items():
        said = refused(_answers.read, content, KEYS)
        assert said and reason in said and said.isprintable(), (name, said)
    assert "is missing" in refused(_answers.read, None, KEYS)


def test_starter():
    """The starter asks for every question, and for the name."""
    with open(os.path.join(LAB, "stub/answers.txt"), "rb") as file:
        text = file.read()
    assert _answers.read(text, KEYS) == {}
    assert {line.split(" =")[0] for line in text.decode().splitlines() if line.endswith(" =")} == KEYS


def test_students_differ():
    """A name decides, not how it is written; few machines are alike."""
    assert _student.named("Ada Lovelace") == _student.named("  ada  LOVELACE ")
    made = [_student.named(f"student {n}") for n in range(300)]
    assert len(set(made)) == 300
    assert len({(s.mebibytes, s.slot, s.program, s.call) for s in made}) > 280


def test_questions_are_printed(tmp):
    """`questions` prints the machine and all questions, or what is wrong."""
    path = os.path.join(tmp, "answers.txt")
    tool = [sys.executable, os.path.join(LAB, "tests/questions"), path]
    for content, status, wanted in ((b"name = Ada\nboot.irq = 3\n", 0, "-> 3"),
                                    (b"boot.irq = 3\n", 1, "write your name"),
                                    (HOSTILE["terminal"][0], 1, "no text")):  # fmt: skip
        with open(path, "wb") as file:
            file.write(content)
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        assert done.returncode == status and wanted in done.stdout + done.stderr, done
        if status == 0:
            assert all(key in done.stdout for key in KEYS - {"name"})


def test_hostile_files_are_graded(tmp):
    """Each gets no points, a reason in each test, and no machine is started."""
    if sandbox.why_not():
        raise harness.Skip(sandbox.why_not())
    path = os.path.join(tmp, _answers.PATH)
    os.makedirs(os.path.dirname(path))
    for name in ("terminal", "lines", "key", "code"):
        content, reason = HOSTILE[name]
        with open(path, "wb") as file:
            file.write(content)
        report = grade(ROOT, 0, tmp, seed=1)
        assert report["status"] == "graded" and report["score"] == 0, report["status"]
        for part in report["tests"]:
            assert part["status"] == "fail" and reason in part["message"], part
    os.unlink(path)
    report = grade(ROOT, 0, tmp, seed=1)
    assert report["status"] == "rejected" and report["score"] == 0
