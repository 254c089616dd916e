"""The demos there are, and how one is run."""

import contextlib
import importlib.util
import json
import os
import re
import sys
import tempfile

from recording import Recording
from stage import HERE, Silent, Stage, harness

FOLDER = os.path.dirname(HERE)
LONGEST = 60  # seconds that a demo may take without a speaker


def names():
    """Return the names of all demos, in order."""
    return sorted(n for n in os.listdir(FOLDER) if re.match(r"\d\d-", n))


def chosen(words):
    """Return the demos that the words name: all, without any."""
    found = [n for n in names() if not words or any(w in n for w in words)]
    for word in words:
        if not any(word in name for name in found):
            sys.exit(f"no demo {word}; make demo lists them")
    return found


def home(name, *parts):
    """Return the path of a demo's folder, or of a file in it."""
    return os.path.join(FOLDER, name, *parts)


def narration(name):
    """Return a demo's Markdown."""
    with open(home(name, "README.md"), encoding="utf-8") as file:
        return file.read()


def title(name):
    """Return the heading of a demo's narration."""
    return narration(name).split("\n", 1)[0].lstrip("# ")


def expected(name):
    """Return what is to come out."""
    try:
        with open(home(name, "expected.txt"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def accept(name, stage):
    """Make what came out what is expected."""
    with open(home(name, "expected.txt"), "w", encoding="utf-8") as file:
        file.write(stage.outcome())


def load(name):
    """Return a demo's module."""
    spec = importlib.util.spec_from_file_location(
        "demo_" + re.sub(r"\W", "_", name), home(name, "demo.py"))  # fmt: skip
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_recorded(name):
    """Return whether a demo's machines can be recorded: they have one hart, and what
    is seen is theirs."""
    return getattr(load(name), "RECORDED", False)


def recording(name, replays):
    """Return the recording of a demo, to be replayed or made anew."""
    return Recording(harness.built(os.path.join("demos", name, "recording")), replays)


def has_recording(name):
    """Return whether a demo has been recorded, to its end."""
    return os.path.exists(harness.built(os.path.join("demos", name, "recording", "whole")))


def perform(name, screen=None, recording=None):
    """Run a demo; return its stage. What was seen is kept for demos/site."""
    demo = load(name).demo
    with tempfile.TemporaryDirectory(prefix="umbra-demo-") as folder:
        stage = Stage(screen or Silent(), folder, home(name), recording)
        mine = len(harness.guests())
        try:
            demo(stage)
        except harness.GuestError as error:
            tails = (guest.tail() for guest in harness.guests()[mine:])
            raise harness.GuestError("\n-- console:\n".join([str(error), *tails])) from error
        finally:
            for guest in harness.guests()[mine:]:
                with contextlib.suppress(ProcessLookupError):
                    guest.close()
            del harness.guests()[mine:]
    if recording:
        recording.end()
    keep(name, stage)
    return stage


def keep(name, stage):
    """Keep what was seen in the build folder."""
    folder = harness.built(os.path.join("demos", name))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as file:
        json.dump(stage.events, file, ensure_ascii=False, indent=0)


def kept(name):
    """Return the events of a demo's last run, or None."""
    try:
        with open(harness.built(os.path.join("demos", name, "run.json")), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
