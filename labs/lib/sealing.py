"""Objects in place of sources: what a lab's students are not to read.

Each hole is compiled by itself, by the tree's own Makefile, once as usual and
once with SAN=1, and stripped of all names and lines that the linker does not
need. The same sources and compiler give the same bytes.
"""

import os
import subprocess
import tempfile

from labs.lib.course import File, write

VARIANTS = {"sealed": (), "sealed/san": ("SAN=1",)}


def tools(folder):
    """Return the strip that goes with the compiler that the tree finds."""
    text = subprocess.run(
        ["make", "-s", "-pn", "folders"], cwd=folder, check=True,
        capture_output=True, text=True, env=environment(),
    ).stdout  # fmt: skip
    lines = [x for x in text.splitlines() if x.startswith("STRIP := ")]
    return lines[0].removeprefix("STRIP := ")


def environment():
    """Return an environment without the settings of a make above us."""
    above = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "BUILD")
    return {k: v for k, v in os.environ.items() if k not in above}


def seal(trunk, course):
    """Return the objects of a course's holes, as files of its tree."""
    sealed = {}
    with tempfile.TemporaryDirectory(prefix="umbra-seal-") as folder:
        write(trunk, folder)
        strip = tools(folder)
        for place, settings in VARIANTS.items():
            build = os.path.join("build", place)
            objects = [f"{build}/obj/{h[:-2]}.o" for h in course.holes]
            subprocess.run(
                ["make", "-s", f"BUILD={build}", f"HOLES={' '.join(course.holes)}",
                 *settings, *objects],
                cwd=folder, check=True, env=environment(), stdout=subprocess.PIPE,
            )  # fmt: skip
            subprocess.run(
                [strip, "--strip-unneeded", "-x", "-R", ".comment", *objects],
                cwd=folder, check=True,
            )  # fmt: skip
            for hole, path in zip(course.holes, objects):
                with open(os.path.join(folder, path), "rb") as file:
                    sealed[f"{place}/{hole[:-2]}.o"] = File(file.read())
    return sealed
