"""What .vscode says is so: targets of the Makefile, and where QEMU waits."""

import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(name):
    """Return a file of .vscode."""
    with open(os.path.join(ROOT, ".vscode", name), encoding="utf-8") as file:
        return json.load(file)


def recipe(*words):
    """Return what make would do."""
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tasks():
    """Each task is something that make can do."""
    tasks = {task["label"]: task for task in read("tasks.json")["tasks"]}
    help_text = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for task in tasks.values():
        words = [w for w in task["command"].split()[1:] if not w.startswith("-")]
        for word in words:
            assert re.search(rf"^  {re.escape(word)} ", help_text, re.M), word


def test_debugger():
    """The debugger goes where the task before it has QEMU wait, and that task is seen
    to be ready."""
    launch = read("launch.json")["configurations"][0]
    task = next(t for t in read("tasks.json")["tasks"] if t["label"] == launch["preLaunchTask"])
    text = recipe(task["command"].split()[1])
    port = launch["target"].split(":")[1]
    assert f"-gdb tcp:127.0.0.1:{port}" in text, text
    said = re.findall(r"echo '(.*)'", text)
    background = task["problemMatcher"]["background"]
    for pattern in (background["beginsPattern"], background["endsPattern"]):
        assert any(re.search(pattern, line) for line in said), (pattern, said)
    for command in launch["autorun"]:
        assert os.path.exists(os.path.join(ROOT, command.split()[1])), command
