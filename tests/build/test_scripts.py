"""The scripts in tools/, on small inputs of their own."""

import json
import os
import shutil
import subprocess
import tempfile

import harness

TOOLS = os.path.join(harness.ROOT, "tools")


def run(*command, cwd=harness.ROOT, text="", env=None):
    """Run a command; return (exit status, stdout and stderr together)."""
    done = subprocess.run(
        command,
        cwd=cwd,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        check=False,
    )
    return done.returncode, done.stdout


def write(folder, path, text):
    """Write a file below folder, with the folders it needs."""
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def test_help():
    """Plain make says what it can do."""
    status, output = run("make")
    assert status == 0
    for target in ("run", "test", "gdb", "clean", "lint", "asm", "doctor"):
        assert f"\n  {target} " in output, target


def test_map():
    """Every header says in its first line what it is for."""
    status, output = run("tools/map")
    assert status == 0
    silent = [x for x in output.splitlines() if len(x.split()) < 2]
    assert not silent, silent


def test_no_nameless_padding():
    """What programs get whole has no bytes that nobody has set.

    Entries of directories are cleared by who makes them; a struct flock is
    first read from who is answered.
    """
    for name in sorted(os.listdir(os.path.join(harness.ROOT, "kernel", "abi"))):
        if name.endswith(".h") and name not in ("dirent.h", "fcntl.h"):
            status, output = run(
                "cc", "-x", "c", "-std=gnu11", "-fsyntax-only", "-Ikernel",
                "-Wpadded", f"kernel/abi/{name}",
            )  # fmt: skip
            assert status == 0 and "-Wpadded" not in output, output


def test_user_addresses_are_no_pointers():
    """What follows one, or takes a pointer for one, is no C."""
    right = "int f(uaddr_t a, char *k) { return uaccess_read(k, a, 1); }"
    wrong = {
        "char f(uaddr_t a) { return *a; }": "invalid type argument",
        "char f(uaddr_t a) { return *(char *)a; }": "cannot convert to a pointer",
        "char *f(uaddr_t a) { return a; }": "incompatible types",
        "int f(char *k) { return uaccess_read(k, k, 1); }": "incompatible type",
        "int f(uaddr_t a) { return uaccess_read(a, a, 1); }": "incompatible type",
    }
    command = "cc", "-x", "c", "-std=gnu11", "-fsyntax-only", "-Ikernel", "-"
    before = '#include "mm/uaccess.h"\n'
    assert run(*command, text=before + right) == (0, "")
    for text, says in wrong.items():
        status, output = run(*command, text=before + text)
        assert status != 0 and says in output, output


def test_ksyms():
    """Functions in order, one name for each address, nothing else."""
    status, output = run(
        os.path.join(TOOLS, "ksyms"),
        text="00000000000010 T _text\n00000000000030 t b\n00000000000020 T a\n"
        "00000000000020 t a_alias\n00000000000040 D data\n"
        "00000000000028 t .L1\n00000000000050 A _etext\n"
        "00000000000060 T beyond\n                 U undefined\n",
    )
    assert status == 0
    lines = [line.strip() for line in output.splitlines()]
    assert lines[4] == ".word 2", lines
    assert lines[lines.index("ksyms_table:") + 1] == ".half 8, 8", lines
    spelled = ", ".join(str(b) for b in b"a\0b\0")
    assert lines[-2:] == ["ksyms_names:", f".byte {spelled}"], lines


def test_ksyms_pairs():
    """Bytes that stand for two say what they stand for."""
    names = [f"virtq_{word}_{word}" for word in "add pop init end".split()]
    lines = [f"{16 * i + 16:016x} T {n}\n" for i, n in enumerate(names)]
    status, output = run(
        os.path.join(TOOLS, "ksyms"),
        text=f"{16:016x} T _text\n{''.join(lines)}{999:016x} T _etext\n",
    )
    assert status == 0
    bytes_of = {}
    for line in output.splitlines():
        if line.endswith(":"):
            label = line[:-1]
        elif line.startswith("    .byte "):
            bytes_of.setdefault(label, []).extend(map(int, line[10:].split(",")))
    pairs = bytes_of["ksyms_pairs"]

    def spell(byte):
        first, second = pairs[2 * byte : 2 * byte + 2]
        return spell(first) + spell(second) if first else chr(byte)

    text = "".join(spell(b) for b in bytes_of["ksyms_names"])
    assert text == "".join(n + "\0" for n in names), text
    assert len(bytes_of["ksyms_names"]) < len(text)


def test_compdb():
    """clangd is told of the kernel's files."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "db.json")
        commands = "cc -O2 \\\n  -c kernel/main.c -o build/obj/main.o\necho x\n"
        status, output = run(os.path.join(TOOLS, "compdb"), out, text=commands)
        assert status == 0, output
        with open(out, encoding="utf-8") as file:
            (entry,) = json.load(file)
        assert entry["file"] == "kernel/main.c"
        assert "-O2" in entry["arguments"]

        commands = "printf 'x %s' a.c b.c | \\\n cc -O1 -x c -c - -o build/u.o\n"
        status, output = run(os.path.join(TOOLS, "compdb"), out, text=commands)
        assert status == 0, output
        with open(out, encoding="utf-8") as file:
            first, second = json.load(file)
        assert first["arguments"] == "cc -O1 -c a.c -o build/u.o".split()
        assert second["file"] == "b.c"


def test_layers():
    """An include that points upwards is found, with its line."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "kernel/lib/a.c", '#include "lib/a.h"\n#include "mm/b.h"\n')
        write(folder, "kernel/lib/a.h", "")
        write(folder, "kernel/mm/b.h", '#include "lib/a.h"\n')
        write(
            folder,
            "build/obj/a.d",
            "a.o: kernel/lib/a.c \\\n kernel/lib/a.h kernel/mm/b.h\n",
        )
        status, output = run(os.path.join(TOOLS, "layers"), "build", cwd=folder)
        assert status == 1
        assert output.splitlines() == [
            "kernel/lib/a.c:2: lib may not include mm (kernel/mm/b.h)"
        ]


def test_lint():
    """Each kind of offence is reported where it is."""
    offences = {
        "kernel/lib/a.c": "int\nf(void)\n{\n    return -1;\n}\n",
        "kernel/lib/b.c": 'void\ng(void)\n{\n    __asm__("nop");\n}\n',
        "kernel/lib/c.h": "#pragma once\nstruct s {\n"
        "    struct spinlock lock;\n    int x;\n};\n",
        "kernel/lib/d.c": "/* [" + "nowhere §1.2] */\n",
        "docs/e.md": "See `kernel/lib/a.c:f` and `kernel/lib/a.c:absent`.\n",
        "docs/specs.md": "| `known` | a title | 1 |\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for path, text in offences.items():
            write(folder, path, text)
        shutil.copy(os.path.join(harness.ROOT, ".clang-format"), folder)
        assert run("git", "init", "-q", cwd=folder)[0] == 0
        env = {k: v for k, v in os.environ.items() if "LINT" not in k}
        status, output = run(
            os.path.join(TOOLS, "lint"), "build", cwd=folder, env=env
        )
    assert status == 1
    for line in (
        "kernel/lib/a.c:4: return -1 says nothing",
        "kernel/lib/b.c:4: assembly belongs in kernel/arch",
        "kernel/lib/c.h:2: a struct with a lock says what it guards",
        "kernel/lib/d.c:1: [" + "nowhere §...] is not in docs/specs.md",
        "docs/e.md:1: absent is not in kernel/lib/a.c",
        "kernel/lib/a.c:1: no target builds this",
    ):
        assert line in output, line + "\n--\n" + output


def test_setup_without_anything():
    """Where it may install nothing, it says what is missing, and fails."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sh", "sed", "sort", "tr", "id", "head", "uname"):
            os.symlink(shutil.which(name), os.path.join(folder, name))
        status, output = run(
            os.path.join(folder, "sh"),
            "tools/setup",
            "--quick",
            "run",
            env={"PATH": folder},
        )
        assert status != 0
        assert "RISC-V compiler" in output and "QEMU" in output, output
        assert "package manager" in output, output


def test_make_without_compiler():
    """On a bare machine make still reads its makefile, and asks setup."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (
            "sh", "make", "sed", "awk", "sort", "tr", "id", "head", "uname",
            "ls", "find", "getconf",
        ):  # fmt: skip
            os.symlink(shutil.which(name), os.path.join(folder, name))
        for target in ("help", "run", "test", "lint", "gdb"):
            status, output = run("make", target, env={"PATH": folder})
            assert (status == 0) == (target == "help"), output
            assert "no RISC-V compiler" not in output, output
            if target != "help":
                assert "setup: this machine lacks" in output, output


def test_doctor_tells_run_from_test():
    """What only the tests want does not keep a machine from being ready."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sh", "sed", "head", "grep", "uname", "getconf", "make"):
            os.symlink(shutil.which(name), os.path.join(folder, name))
        for name in ("cc", "python3", "riscv64-unknown-elf-gcc", harness.QEMU):
            write(folder, name, "#!/bin/sh\n")
            os.chmod(os.path.join(folder, name), 0o755)
        write(folder, harness.QEMU, "#!/bin/sh\n"
              f'[ "$1" = --version ] || {{ echo {folder}; exit; }}\n'
              'echo "QEMU emulator version 7.2.0"\n')  # fmt: skip
        write(folder, "opensbi-riscv64-generic-fw_dynamic.bin", "")
        command = (shutil.which("sh"), "tools/setup", "doctor")
        status, output = run(*command, env={"PATH": folder})
        assert status == 0, output
        assert "MISSING  dtc " in output and "MISSING  bwrap " in output, output
        last = output.splitlines()[-1]
        assert last.startswith("OK: make run has all it needs; make test lacks git ")
        grade = (command[0], "tools/setup", "--quick", "grade")
        status, output = run(*grade, env={"PATH": folder})
        assert status != 0 and output.split("lacks\n")[1].split()[:1] == ["git"], output
        for name in ("git", "bwrap"):  # no clang, no Slurm
            write(folder, name, "")
            os.chmod(os.path.join(folder, name), 0o755)
        assert run(*grade, env={"PATH": folder}) == (0, "")
        os.unlink(os.path.join(folder, harness.QEMU))
        status, output = run(*command, env={"PATH": folder})
        assert status == 1, output
        assert output.endswith("Not ready: make setup installs what is missing\n")


def test_setup_old_qemu():
    """A QEMU that is too old gets one line."""
    with tempfile.TemporaryDirectory() as folder:
        fake = os.path.join(folder, "qemu-system-riscv64")
        real = shutil.which(harness.QEMU)
        with open(fake, "w", encoding="utf-8") as file:
            file.write(
                '#!/bin/sh\n[ "$1" = --version ] || exec '
                f'{real} "$@"\necho "QEMU emulator version 5.2.0"\n'
            )
        os.chmod(fake, 0o755)
        status, output = run(
            "tools/setup",
            "--quick",
            "run",
            env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]},
        )
        assert status != 0
        assert output.count("\n") == 1 and "6.2" in output, output
