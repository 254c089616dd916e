"""Kernels with a bug on purpose: a copy of the tree, with a demo's patch.

A copy is kept in the build folder, with its objects; what neither the tree nor the
patch has changed is not compiled again. Files are links to the tree's, until a
patch makes one anew.
"""

import os
import shutil
import subprocess

from stage import ROOT, harness

FOLDERS = ("kernel", "user", "mkfs", "tools")
OBJECTS = ("obj/kernel", "obj/gen", "obj/user/recovery", "obj/user/lib", "gen")


def patched(patches):
    """Return the paths that patches change."""
    paths = []
    for patch in patches:
        with open(patch, encoding="utf-8") as file:
            paths += [line[6:].strip() for line in file if line.startswith("+++ b/")]
    return sorted(set(paths))


def content(path):
    """Return what a file has, and when it was written; nothing if it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read(), os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return b"", 0


def copy_tree(folder, patches):
    """Make the sources of a copy anew, patched. What comes out as it was keeps its
    time, for make."""
    before = {path: content(os.path.join(folder, path)) for path in patched(patches)}
    for name in FOLDERS:
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    words = [os.path.join(ROOT, name) for name in (*FOLDERS, "Makefile")]
    subprocess.run(["cp", "-alf", *words, folder], check=True)
    for patch in patches:
        done = subprocess.run(["patch", "-s", "-p1", "--fuzz=0", "-i", patch],
                              cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise harness.GuestError(f"{patch} no longer applies:\n{done.stdout}{done.stderr}")
    for path, (old, time) in before.items():
        copy = os.path.join(folder, path)
        if content(copy)[0] == old:
            os.utime(copy, ns=(time, time))
        parent = os.stat(os.path.dirname(os.path.join(ROOT, path)))
        os.utime(os.path.dirname(copy), ns=(parent.st_mtime_ns, parent.st_mtime_ns))


def copy_objects(build):
    """Take what the tree has compiled, the first time."""
    if os.path.isdir(build):
        return
    for name in OBJECTS:
        os.makedirs(os.path.dirname(os.path.join(build, name)), exist_ok=True)
        for end in ("", ".o", ".d"):
            if os.path.exists(harness.built(name + end)):
                subprocess.run(["cp", "-a", harness.built(name + end),
                                os.path.join(build, os.path.dirname(name))],
                               check=True)  # fmt: skip
    shutil.copy2(harness.built("flags"), build)


def kernel(stage, name, *patches):
    """Return the path of a kernel with the patches of the demo's folder."""
    patches = [os.path.join(stage.home, patch) for patch in patches]
    folder = harness.built(os.path.join("demos", "kernels", name))
    os.makedirs(folder, exist_ok=True)
    copy_tree(folder, patches)
    copy_objects(os.path.join(folder, "build"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    # The flags name the tree; for a copy they are to be the same.
    done = subprocess.run(["make", "-C", folder, "-s", "BUILD=build", f"CURDIR={ROOT}", "kernel"],
                          env=clean, capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise harness.GuestError(f"{name} does not compile:\n{done.stderr}")
    return os.path.join(folder, "build", "kernel.elf")
