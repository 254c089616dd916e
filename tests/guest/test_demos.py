"""Each demo comes out as its expected.txt says, and is told about in full."""

import html
import json
import os
import re
import signal
import subprocess
import sys

from harness import BUILD, ROOT, Skip, cases

sys.path.insert(0, os.path.join(ROOT, "demos", "lib"))

import demos  # noqa: E402
from recording import Recording  # noqa: E402


AGAIN = "07-fork-copy-on-write"  # make demos-check replays all


@cases(**{name: {"name": name} for name in demos.names() if name != AGAIN})
def test_outcome(name):
    """What was seen on stage is what the lecturer will say is seen."""
    found = demos.perform(name).outcome()
    assert found == demos.expected(name), f"expected otherwise:\n{found}"


def test_replay(tmp):
    """A recorded demo shows the very same again, where gdb stopped the machine, too."""
    first, again = (demos.perform(AGAIN, recording=Recording(os.path.join(tmp, "it"), replays))
                    for replays in (False, True))  # fmt: skip
    assert first.outcome() == demos.expected(AGAIN), first.outcome()
    assert again.events == first.events


def test_told_to_leave(tmp):
    """A demo that is ended leaves no machine behind, and no file."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen(
            [os.path.join(ROOT, "demos", "run"), "--build", BUILD, "03"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": tmp},
            # Where the tests run in the background, they may ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as demo:  # fmt: skip
            while b"virtq" not in (line := demo.stdout.readline()):  # gdb has come
                assert line, "it ended by itself"
            with open(f"/proc/{demo.pid}/task/{demo.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            assert len(children) >= 2, children
            demo.send_signal(number)
            assert demo.wait() == 128 + number
        assert not any(os.path.exists(f"/proc/{child}") for child in children)
        assert not os.listdir(tmp)


def test_narration():
    """Every scene has a heading in the narration, in order; and there is more."""
    for name in demos.names():
        text = demos.narration(name)
        scenes = [s for s in demos.expected(name).splitlines() if not s.startswith(" ")]
        told = re.findall(r"^### (.*)$", text, re.M)
        assert told == scenes, (name, told, scenes)
        recorded = f"*Recorded*: `make demo D={name[:2]} REPLAY=1`" in text
        assert recorded == demos.is_recorded(name) != ("*Not recorded*: " in text), name
        demo = demos.load(name)
        assert hasattr(demo, "TRACE") != hasattr(demo, "NO_TRACE"), name
        for heading in ("## Scenes", "## Questions", "## In the code"):
            assert f"\n{heading}\n" in text, (name, heading)
        assert re.search(r"^- `[\w./-]+:\w+`", text, re.M), f"{name} names no code"


def test_pages(tmp):
    """Each demo has a page with what was said and seen, and the code that it names;
    nothing is fetched."""
    for name in demos.names():
        os.makedirs(os.path.join(tmp, "demos", name))
        events = [("fact", line.strip()) if line.startswith(" ") else ("scene", line)
                  for line in demos.expected(name).splitlines()]  # fmt: skip
        with open(os.path.join(tmp, "demos", name, "run.json"), "w", encoding="utf-8") as file:
            json.dump(events, file)
    done = subprocess.run([os.path.join(ROOT, "demos", "site"), "--kept", tmp],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if "markdown-it is missing" in done.stderr:
        raise Skip(done.stderr)
    assert done.returncode == 0, done.stderr
    for name in demos.names():
        with open(os.path.join(tmp, "demos", "site", f"{name}.html"), encoding="utf-8") as file:
            page = file.read()
        for line in demos.expected(name).splitlines():
            assert html.escape(line.strip(), quote=False) in page, (name, line)
        named = len(re.findall(r"^- `[\w./-]+:\w+`", demos.narration(name), re.M))
        assert page.count("<details>") == named > 0, name
        assert "http" not in re.sub(r'http-equiv="', "", page), name
