"""Each demo comes out as its expected.txt says, and is told about in full."""

import os
import re
import sys

from harness import ROOT, cases

sys.path.insert(0, os.path.join(ROOT, "demos", "lib"))

import demos  # noqa: E402


@cases(**{name: {"name": name} for name in demos.names()})
def test_outcome(name):
    """What was seen on stage is what the lecturer will say is seen."""
    found = demos.perform(name).outcome()
    assert found == demos.expected(name), f"expected otherwise:\n{found}"


def test_narration():
    """Every scene has a heading in the narration, in order; and there is more."""
    for name in demos.names():
        text = demos.narration(name)
        scenes = [s for s in demos.expected(name).splitlines() if not s.startswith(" ")]
        told = re.findall(r"^### (.*)$", text, re.M)
        assert told == scenes, (name, told, scenes)
        for heading in ("## Scenes", "## Questions", "## In the code"):
            assert f"\n{heading}\n" in text, (name, heading)
        assert re.search(r"^- `[\w./-]+:\w+`", text, re.M), f"{name} names no code"
