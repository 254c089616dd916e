"""Documents that list what code defines list all of it, and nothing else."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def test_system_calls():
    """docs/abi.md has the calls of syscalls.def, in their order."""
    defined = re.findall(
        r"^SYSCALL\((\d+), (\w+),", read("kernel", "abi", "syscalls.def"), re.M
    )
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \|", read("docs", "abi.md"), re.M)
    assert listed == defined


def test_boot_arguments():
    """docs/boot.md has the words that the kernel looks for."""
    sources = ("main.c", "sys/startup.c", "sys/selftest.c")
    code = "".join(read("kernel", *s.split("/")) for s in sources)
    used = set(re.findall(r'bootarg_(?:find|copy)\("([\w.-]+)"', code))
    used |= set(re.findall(r'\{"(test\.[\w-]+)",', code))
    table = read("docs", "boot.md")
    listed = re.findall(r"^\| `([\w.-]+)(?:=\S*)?` \|", table, re.M)
    assert set(listed) == used, (listed, used)
