"""Objects in place of sources: what a lab's students are not to read.

Each hole is compiled by itself, by the tree's own Makefile, and stripped of all
names and lines that the linker does not need: for the kernel once as usual and
once with SAN=1, and for the tools that share it, fsck in the guest and those of
the machine on which the course is published. The same sources and compilers give
the same bytes.
"""

import os
import platform
import subprocess
import tempfile

from labs.lib.course import File, write

HOST = f"sealed/host-{platform.machine()}"
FSCK = "sealed/fsck"


def variables(folder, *names):
    """Return the values of variables of a tree's Makefile."""
    text = subprocess.run(
        ["make", "-s", "-pn", "folders"], cwd=folder, check=True,
        capture_output=True, text=True, env=environment(),
    ).stdout  # fmt: skip
    found = dict(line.split(" := ", 1) for line in text.splitlines() if " := " in line)
    return [found[name] for name in names]


def environment():
    """Return an environment without the settings of a make above us."""
    above = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "BUILD")
    return {k: v for k, v in os.environ.items() if k not in above}


def seal(trunk, course):
    """Return the objects of a course's holes, as files of its tree."""
    sealed = {}
    holes = course.holes
    with tempfile.TemporaryDirectory(prefix="umbra-seal-") as folder:
        write(trunk, folder)
        strip, hosted, checked = variables(folder, "STRIP", "HOSTFS_SRCS", "FSCK_SRCS")
        hosted = [hole for hole in holes if hole in hosted.split()]
        checked = [hole for hole in holes if hole in checked.split()]

        def take(place, objects, tool, *settings):
            """Compile objects, given as {name in the course: name in a build}."""
            if objects:
                made = _compiled(folder, place, holes, objects.values(), tool, settings)
                sealed.update(zip((f"{place}/{name}.o" for name in objects), made))

        kernel = {hole[:-2]: f"{hole[:-2]}.o" for hole in holes}
        take("sealed", kernel, strip)
        take("sealed/san", kernel, strip, "SAN=1")
        take(FSCK, {hole: f"guest/{hole}.o" for hole in checked}, strip)
        take(HOST, {hole: f"host/{hole}.o" for hole in hosted}, "strip")
    return sealed


def _compiled(folder, place, holes, objects, strip, settings):
    """Compile and strip objects; return them as files."""
    build = os.path.join("build", place)
    paths = [f"{build}/obj/{name}" for name in objects]
    subprocess.run(
        ["make", "-s", f"BUILD={build}", f"HOLES={' '.join(holes)}", *settings, *paths],
        cwd=folder, check=True, env=environment(), stdout=subprocess.PIPE,
    )  # fmt: skip
    subprocess.run(
        [strip, "--strip-unneeded", "-x", "-R", ".comment", *paths], cwd=folder, check=True
    )
    made = []
    for path in paths:
        with open(os.path.join(folder, path), "rb") as file:
            made.append(File(file.read()))
    return made
