"""Trying files of our own: up to the first test that is lost, and no further."""

import os
import sys
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import boot, build, schedule, tree, trial, unit, verdict

NAMES = {"sum_of_nothing", "sum_of_random_bytes", "root_is_mounted"}


def first_loss(folder, names=NAMES):
    """Return the name of the test that is lost first, or None."""
    found = trial.first_loss(trial.Court(toy.ROOT, toy.lab()), folder, names, toy.SEED)
    return found and found[0]


def test_first_loss_is_the_last_test(tmp):
    """A wrong sum is found by a question; no machine is started behind it."""
    toy.needs_sandbox(harness)
    wrong = toy.solution().replace("0xFFFFFFFF", "0xFFFFFFF0", 1).replace("~", "", 1)
    assert wrong != toy.solution()
    folder = toy.submission(tmp, wrong)
    with mock.patch("grading.run.Run.start", side_effect=AssertionError) as start:
        assert first_loss(folder) in NAMES - {"root_is_mounted"}
    assert not start.called
    assert first_loss(toy.submission(tmp, toy.solution(), "right"), {"sum_of_nothing"}) is None
    try:
        first_loss(toy.submission(tmp, "int wrong = ;\n", "broken"))
    except verdict.Infra as error:
        assert "kernel/lib/crc32c.c" in error.text and "it does not build" in error.text
    else:
        raise AssertionError("it compiled")


def test_questions_come_first():
    """And what starts machines of its own comes last, as far as there is need."""
    done = []

    def test(name, *requests):
        def plain(run):
            done.append(name)

        def asking(run):
            done.append((yield requests[0]))
            assert name != "lost", "is lost"

        one = mock.Mock(function=asking if requests else plain)
        one.name = name
        return one

    machine = test("machine")
    boots = test("boots", boot.Boot(None))
    asks = test("asks", unit.Ask("p", "c", b"", None))
    lost = test("lost", unit.Ask("p", "d", b"", None))
    grading = mock.Mock(lab=None, seed=1)
    with (
        mock.patch.object(schedule, "_answer", lambda _, asked, __: [r for r in asked]),
        mock.patch.object(schedule, "Run"),
    ):
        for tests, ends in (
            ([machine, boots, asks], [unit.Ask, boot.Boot, str]),
            ([machine, boots, lost], [unit.Ask]),
        ):
            done.clear()
            told = []
            schedule.run_until(grading, tests, "", told.append, lambda o: o.status != "pass")
            assert [type(one) for one in done] == ends, done
            assert [o.status for o in told] == ["pass"] * 3 if len(ends) > 1 else ["infra"]


def test_who_asks_for_nothing_goes_on():
    """A test that yields no request, as a loop over none does, comes to its end."""

    def nothing(run):
        assert (yield []) == []

    one = mock.Mock(function=nothing)
    one.name = "nothing"
    for function, last in ((schedule.run_all, 1), (schedule.run_until, lambda _: False)):
        told, report = [], lambda outcome: told.append(outcome.status)
        words = (report, last) if function is schedule.run_until else (last, report)
        with mock.patch.object(schedule, "Run"):
            function(mock.Mock(lab=None, seed=1), [one], "", *words)
        assert told == ["pass"], function


def test_a_course_is_compiled_once(tmp):
    """Whatever is written into a hole: it is laid over what there is. Answers are
    about the tree as it is."""
    for path, text in (("lab.mk", "HOLES := kernel/a.c \\\n    user/b.c\n"), ("kernel/a.c", "1"),
                       ("user/b.c", "1"), ("kernel/c.c", "1")):  # fmt: skip
        os.makedirs(os.path.dirname(os.path.join(tmp, path)), exist_ok=True)
        with open(os.path.join(tmp, path), "w", encoding="ascii") as file:
            file.write(text)
    loose = tree.loose(tmp, mock.Mock(holes=["kernel/a.c"]))
    assert loose == ["kernel/a.c", "user/b.c"]
    assert tree.loose(tmp, mock.Mock(holes=[])) == []
    first = {"kernel/a.c": b"1", "kernel/c.c": b"1", "user/b.c": b"1"}
    made = build.Base(tmp, first, tmp, loose=loose)
    tree.write(made.source, first, tmp)
    then = build.Base(tmp, {**first, "user/b.c": b"2", "kernel/a.c": b"2"}, tmp, loose=loose)
    other = build.Base(tmp, {**first, "kernel/c.c": b"2"}, tmp, loose=loose)
    assert then.name == made.name != other.name and not made.changed
    assert then.changed == {"user/b.c": b"2", "kernel/a.c": b"2"}
    with mock.patch.object(build, "run") as run:
        build.submission(then, {"kernel/a.c": b"1"}, os.path.join(tmp, "work"))
    assert run.call_args.args[2] == ["kernel", "userland"]
    over = run.call_args.kwargs["over"]
    assert list(over) == ["user/b.c"], over
    with open(over["user/b.c"], "rb") as file:
        assert file.read() == b"2"
    assert build.tools(then) == os.path.join(made.build, "host")
    os.makedirs(os.path.join(made.build, "obj", "host"))
    with open(os.path.join(made.build, "obj", "host", "a.d"), "w", encoding="ascii") as file:
        file.write("build/obj/host/a.o: kernel/a.c \\\n kernel/a.h\n")
    with mock.patch.object(build.Base, "ready", lambda self: self):
        assert build.tools(made) == os.path.join(made.build, "host") != build.tools(then)
