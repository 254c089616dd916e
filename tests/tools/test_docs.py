"""Documents that list what code defines list all of it, and nothing else."""

import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def test_system_calls():
    """docs/abi.md has every call of Linux, and says which syscalls.def lacks."""
    defined = re.findall(
        r"^SYSCALL\((\d+), (\w+),", read("kernel", "abi", "syscalls.def"), re.M
    )
    listed = re.findall(
        r"^\| (\d+) \| `(\w+)` \| (.*)\|$", read("docs", "abi.md"), re.M
    )
    present = [(n, name) for n, name, how in listed if how != "`ENOSYS` "]
    assert present == defined, set(present) ^ set(defined)
    # Numbers that are no calls: left for other machines, or for 32 bits only.
    unused = {38, *range(244, 258), *range(295, 424)}
    numbers = [int(n) for n, _, _ in listed]
    assert numbers == [n for n in range(463) if n not in unused]


def test_system_calls_tested():
    """usertests makes every call of syscalls.def, and with bad arguments, too."""
    folder = os.path.join(ROOT, "user", "tests", "usertests")
    code = "".join(read(folder, name) for name in os.listdir(folder))
    names = re.findall(r"^SYSCALL\(\d+, (\w+),", read("kernel", "abi", "syscalls.def"), re.M)
    called = set(re.findall(r"\bcall\((\w+)", code))
    bad = {"exit", "exit_group", "rt_sigreturn"}  # they do not return
    bad |= set(re.findall(r"\bbad\(\w+, (\w+)", code))
    bad |= set(re.findall(r"\bcheck_fails\(\w+, call\((\w+)", code))
    bad |= set(re.findall(r"\b(?:never_fails|bad_path)\((\w+)", code))
    called.add("rt_sigreturn")  # as each handler ends
    assert set(names) <= called, f"never called: {set(names) - called}"
    assert set(names) <= bad, f"no bad arguments: {set(names) - bad}"


def test_boot_arguments():
    """docs/boot.md has the words that the kernel looks for."""
    sources = ("main.c", "sys/startup.c", "sys/selftest.c")
    code = "".join(read("kernel", *s.split("/")) for s in sources)
    used = set(re.findall(r'bootarg_(?:find|copy)\("([\w.-]+)"', code))
    used |= set(re.findall(r'\{"(test\.[\w-]+)",', code))
    table = read("docs", "boot.md")
    listed = re.findall(r"^\| `([\w.-]+)(?:=\S*)?` \|", table, re.M)
    assert set(listed) == used, (listed, used)


def test_service_files():
    """docs/init.md has the keys that service files know, and no others."""
    known = re.findall(r'^    \{"([\w-]+)", [A-Z]+, AT', read("user", "init", "keys.c"), re.M)
    listed = re.findall(r"^\| `([\w-]+)` \|.*\|.*\|.*\|$", read("docs", "init.md"), re.M)
    assert sorted(known) == sorted(listed), set(known) ^ set(listed)


def test_eclipsefs(tmp):
    """docs/eclipsefs.md shows the bytes of the image that its commands make."""
    build = os.path.join(ROOT, os.environ.get("UMBRA_BUILD", "build"), "host")
    text = read("docs", "eclipsefs.md")
    commands = re.search(r"^```sh\n(.*?)^```", text, re.M | re.S)[1]
    subprocess.run(
        ["bash", "-euc", commands], cwd=tmp, check=True, timeout=60,
        env={**os.environ, "PATH": build + ":" + os.environ["PATH"]},
    )  # fmt: skip
    with open(os.path.join(tmp, "demo.img"), "rb") as f:
        image = f.read()
    shown = re.findall(r"^    ([0-9a-f]{8})   ((?:[0-9a-f]{2} +){16})", text, re.M)
    assert len(shown) > 30
    for address, line in shown:
        at = int(address, 16)
        assert image[at : at + 16] == bytes.fromhex(line), address
    # And piece by piece, in the table.
    pieces = re.findall(r"^\| ([0-9a-f]{5}) \| (.*?) \|", text, re.M)
    assert len(pieces) > 8
    for address, cell in pieces:
        part = bytes.fromhex("".join(re.findall(r"`([^`]*)`", cell.split("…")[0])))
        at = int(address, 16)
        assert image[at : at + len(part)] == part, address
