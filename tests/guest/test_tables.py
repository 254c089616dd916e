"""The page tables of a running machine, as the processor walks them."""

import json
import re
import socket
import subprocess

import harness
from harness import Guest, cases

USER_END = 1 << 38


class Page:
    """A range of pages with one protection, of one hart's table."""

    def __init__(self, va, pa, size, flags):
        self.va, self.pa, self.size, self.flags = va, pa, size, flags

    def __repr__(self):
        return f"{self.va:#x} -> {self.pa:#x}, {self.size:#x} bytes, {self.flags}"

    def has(self, flags):
        """Return whether all the flags are set."""
        return set(flags) <= set(self.flags)


def tables(guest):
    """Stop a machine; return the page table of each hart, as QEMU walks it."""
    with socket.socket(socket.AF_UNIX) as qmp:
        qmp.connect(f"{guest.folder}/qmp")
        stream = qmp.makefile("rw", encoding="utf-8")

        def ask(command, **arguments):
            """Give a command; return what QEMU answers."""
            stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            stream.flush()
            while "return" not in (answer := json.loads(stream.readline())):
                assert "error" not in answer, answer
            return answer["return"]

        ask("qmp_capabilities")
        ask("stop")
        count = len(ask("query-cpus-fast"))
        return [
            parse(ask("human-monitor-command", **{"command-line": "info mem", "cpu-index": hart}))
            for hart in range(count)
        ]


def parse(text):
    """Return the pages that QEMU's `info mem` prints."""
    return [
        Page(*(int(number, 16) for number in found[:3]), found[3].replace("-", ""))
        for found in re.findall(r"^(\w{16}) (\w{16}) (\w{16}) ([rwxugad-]{7})", text, re.M)
    ]


def symbols():
    """Return the addresses of the kernel's symbols."""
    text = subprocess.run(
        ["nm", harness.built("kernel.elf")], capture_output=True, text=True, check=True
    ).stdout
    return {name: int(at, 16) for at, _, name in map(str.split, text.splitlines())}


def offences(pages, at):
    """Return what is wrong with the pages of a table; at: the kernel's symbols."""
    image = [page for page in pages if page.va <= at["_text"] < page.va + page.size]
    found = [(page, "not mapped") for page in [None] if not image]
    text = range(at["_text"], at["_etext"])
    offset = image[0].pa - image[0].va if image else 0
    fixed = range(at["_text"] + offset, at["_erodata"] + offset)
    for page in pages:
        last, last_pa = page.va + page.size - 1, page.pa + page.size - 1
        kernels = page.va >= USER_END
        if page.has("wx"):
            found.append((page, "is written and executed"))
        if page.has("u") == kernels:
            found.append((page, "is the kernel's and the user's"))
        if kernels and page.has("x") and not (page.va in text and last in text):
            found.append((page, "is executed, and is not the text"))
        if page.has("w") and page.pa < fixed.stop and last_pa >= fixed.start:
            found.append((page, "is a way to write to the text"))
    return found


def test_nothing_is_written_and_executed():
    """No page is, of kernel and program; the text has no second name to write by."""
    at = symbols()
    with Guest(harts=2, extra=("-qmp", "unix:qmp,server=on,wait=off")) as guest:
        guest.boot()
        guest.command("while true; do true; done & while true; do true; done &")
        found = tables(guest)
        assert len(found) == 2, found
        assert any(page.has("xu") for pages in found for page in pages), "no program"
        for pages in found:
            assert len(pages) > 5 and not offences(pages, at), offences(pages, at)


@cases(
    both=dict(page="ffffffff80210000 0000000080210000 0000000000001000 rwx-gad"),
    data=dict(page="ffffffff80800000 0000000080800000 0000000000001000 r-x-gad"),
    alias=dict(page="ffffffc080200000 0000000080200000 0000000000200000 rw--gad"),
    open=dict(page="ffffffff80800000 0000000080800000 0000000000001000 rw-ugad"),
    program=dict(page="0000000000010000 0000000081000000 0000000000001000 rwxu-ad"),
)
def test_a_wrong_page_is_seen(page):
    """One wrong page in a table that is as it should be is an offence."""
    at = {"_text": 0xFFFFFFFF80200000, "_etext": 0xFFFFFFFF80220000,
          "_erodata": 0xFFFFFFFF80230000}  # fmt: skip
    right = """
ffffffc080200000 0000000080200000 0000000000030000 r---gad
ffffffff80200000 0000000080200000 0000000000020000 r-x-gad
ffffffff80220000 0000000080220000 0000000000010000 r---gad
"""
    assert not offences(parse(right), at)
    assert offences(parse(right + page), at)
