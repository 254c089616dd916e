"""The traces' viewer: its models, and what is put into its page."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys

import harness

VIEW = os.path.join(harness.ROOT, "tools", "trace-view")
sys.path.insert(0, VIEW)
import disk  # noqa: E402
import embed  # noqa: E402


def test_models():
    """What the views show of a stream is right; node's own test runner says so."""
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else "v0"
    if int(re.match(r"v(\d+)", version)[1]) < 18:
        raise harness.Skip("Node.js 18 or newer is not installed (tools/setup view)")
    done = subprocess.run(
        [node, "--test", os.path.join(VIEW, "test", "model.test.mjs")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert re.search(r"^(?:#|ℹ) pass [1-9]", done.stdout, re.M), done.stdout[-500:]


def test_layout():
    """The layout of a disk is what `efs` says of it."""
    efs, image = harness.built("host/efs"), harness.built("root.img")
    layout = disk.layout(efs, image)
    regions = {r["name"]: (r["from"], r["count"]) for r in layout["regions"]}
    assert layout["blocks"] * disk.BLOCK == os.path.getsize(image)
    assert regions["header"] == (0, 1) and regions["journal"][0] == 1
    ends = sorted((start, start + count) for start, count in regions.values())
    assert all(before[1] <= after[0] for before, after in zip(ends, ends[1:])), ends
    files = {f["path"]: f for f in layout["files"]}
    with open(image, "rb") as file:
        for start, count in files["/bin/cat"]["extents"][:1]:
            file.seek(start * disk.BLOCK)
            assert file.read(count * disk.BLOCK).startswith(b"\x7fELF")
    taken = [b for f in layout["files"] for s, n in f["extents"] for b in range(s, s + n)]
    assert len(taken) == len(set(taken)) > 100
    assert disk.layout(efs, efs) is None


def test_page():
    """A page has the recording, and nothing in it ends the script it stands in."""
    trace, about = os.urandom(1000), {"command": "echo </script> /*TRACE*/"}
    page = embed.page_with("<a>/*ABOUT*/</a><b>/*TRACE*/</b>", trace, about)
    facts, packed = re.fullmatch(r"<a>(.*)</a><b>(.*)</b>", page, re.S).groups()
    assert gzip.decompress(base64.b64decode(packed)) == trace
    assert json.loads(facts) == about and "</script" not in page


def test_report():
    """The lines of a boot's report are known by their times and subjects."""
    said = "OpenSBI\n[0.000] umbra     0.1 on\n[0.011] uart      ns16550a\numbra# [1.0] no\n"
    assert embed.boot_report(said) == [[0.0, "umbra"], [0.011, "uart"]]
