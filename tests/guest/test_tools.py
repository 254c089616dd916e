"""The programs that change files, by scripts that run in the guest."""

import os
import re

import harness
from harness import Guest, cases

# What the scripts are called that stand in tests/guest/tools.
SCRIPTS = ("attributes", "contents", "copy", "mounts", "remove", "search", "shell")


def run_script(guest, name, folder):
    """Run a script in the folder; fail with what it found wrong."""
    output = guest.command(f"sh /tests/tools/{name}.sh {folder}")
    found = re.search(r"(\d+) checks, (\d+) failures$", output)
    assert found, harness.printable(output)[-1500:]
    assert int(found[1]) > 0 and found[2] == "0", harness.printable(output)[-1500:]


def test_all_listed():
    """No script is left out."""
    folder = os.path.join(harness.ROOT, "tests", "guest", "tools")
    names = {os.path.splitext(f)[0] for f in os.listdir(folder)}
    assert names == {*SCRIPTS, "lib"}


@cases(**{name: {"name": name} for name in SCRIPTS})
def test_memory(name):
    """The programs do what they should on a file system in memory."""
    with Guest() as guest:
        guest.boot()
        run_script(guest, name, "/tmp")


def test_history():
    """A shell knows what was typed in earlier ones."""
    with Guest() as guest:
        guest.boot()
        guest.command("export HOME=/tmp")
        guest.command("sh")
        guest.command("echo once said")
        guest.command("exit")
        assert guest.command("tail -n 2 /tmp/.sh_history") == "echo once said\nexit"
        guest.command("sh")
        assert "echo once said" in guest.command("history")
