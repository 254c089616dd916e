"""Hostile archives: each function makes one below a folder, returns its path."""

import io
import os
import tarfile
import zipfile

HOLE = "kernel/lib/crc32c.c"


def empty_archive(top):
    """Is empty."""
    with zipfile.ZipFile(f"{top}/a.zip", "w"):
        return f"{top}/a.zip"


def wrong_folder(top):
    """Has the file in another place."""
    with zipfile.ZipFile(f"{top}/a.zip", "w") as made:
        made.writestr("crc32c.c", "int x;")
    return f"{top}/a.zip"


def no_archive(top):
    """Is no archive."""
    with open(f"{top}/a.tar.gz", "wb") as file:
        file.write(os.urandom(4096))
    return f"{top}/a.tar.gz"


def link_to_secret(top):
    """Has a symbolic link to a file of the host where the source should be."""
    entry = tarfile.TarInfo(HOLE)
    entry.type, entry.linkname = tarfile.SYMTYPE, f"{top}/secret"
    with tarfile.open(f"{top}/a.tgz", "w:gz") as made:
        made.addfile(entry)
    return f"{top}/a.tgz"


def folder_link(top):
    """Has a folder that is a link to the root of the host."""
    os.makedirs(f"{top}/submission/kernel")
    os.symlink("/", f"{top}/submission/kernel/lib")
    return f"{top}/submission"


def writes_outside(top):
    """Has files whose names lead out, over the secret and the tests."""
    with tarfile.open(f"{top}/a.tgz", "w:gz") as made:
        for name in ("../../secret", f"{top}/secret", "../secret", HOLE):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            made.addfile(entry, io.BytesIO(b"#if "))
    return f"{top}/a.tgz"


def zip_bomb(top):
    """Unpacks to more than the disk holds."""
    with zipfile.ZipFile(f"{top}/a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(HOLE, b"\0" * (64 << 20))
    return f"{top}/a.zip"


def sparse_file(top):
    """Has a source of ten gigabytes that takes no room."""
    path = f"{top}/submission/{HOLE}"
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.truncate(10 << 30)
    return f"{top}/submission"


def brings_its_own_build(top):
    """Brings a Makefile, linker script, tests and grader beside an empty hole."""
    files = {
        HOLE: '#include "lib/crc32c.h"\n'
        "uint32_t\ncrc32c(uint32_t c UNUSED, const void *b UNUSED, size_t n UNUSED)\n"
        "{\n    return 1;\n}\n",
        "Makefile": "all kernel graders:\n\tcat /etc/passwd >&2; false\n",
        "lab.mk": "$(shell touch /tmp/owned)\n",
        "kernel/kernel.ld": "nonsense",
        "tests/grading/90-toy/tests/sums.py": "raise SystemExit('owned')\n",
        "grading/grade.py": "raise SystemExit('owned')\n",
        "build/obj/kernel/lib.o": "owned",
    }
    for name, text in files.items():
        path = f"{top}/submission/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return f"{top}/submission"


ALL = (empty_archive, wrong_folder, no_archive, link_to_secret, folder_link,
       writes_outside, zip_bomb, sparse_file, brings_its_own_build)  # fmt: skip
