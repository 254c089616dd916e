"""Submissions as they come: folders and archives, hostile ones among them."""

import io
import os
import random as randomness
import resource
import sys
import tarfile
import zipfile
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import archive

HOLES = ["kernel/a.c", "kernel/b.c"]
ALLOWED = [*HOLES, "answers.md", "user/init/"]
GOOD = {"kernel/a.c": b"int a;\n", "kernel/b.c": b"int b;\n"}


def tar(path, files, odd=(), mode="w:gz"):
    """Write a tar archive: files, and entries as they are given."""
    with tarfile.open(path, mode) as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
        for entry in odd:
            made.addfile(entry)
    return path


def zipped(path, files):
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def folder(path, files):
    """Write a folder."""
    for name, content in files.items():
        target = os.path.join(path, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
    return path


def taken(path):
    """Return the files that are taken."""
    return archive.unpack(path, HOLES, ALLOWED)[0]


def refused(path):
    """Return why a submission is refused."""
    try:
        return f"taken: {sorted(taken(path))}"
    except archive.Rejected as why:
        return str(why)


def link(name, target, kind=tarfile.SYMTYPE):
    """Return a tar entry that is a link or a device."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def test_forms_give_the_same(tmp):
    forms = [
        folder(f"{tmp}/folder", GOOD),
        tar(f"{tmp}/a.tar", GOOD, mode="w"),
        tar(f"{tmp}/a.tar.gz", GOOD),
        tar(f"{tmp}/a.tar.xz", GOOD, mode="w:xz"),
        tar(f"{tmp}/a.tar.bz2", GOOD, mode="w:bz2"),
        zipped(f"{tmp}/a.zip", GOOD),
        zipped(f"{tmp}/w.zip", {f"lab-7/{n}": c for n, c in GOOD.items()}),
    ]
    for form in forms:
        assert taken(form) == GOOD, form


def test_only_what_the_lab_allows_is_taken(tmp):
    more = {
        **GOOD, "Makefile": b"all:", "kernel/c.c": b"x", "tests/run": b"x",
        "answers.md": b"42", "user/init/main.c": b"x", "user/init/Makefile": b"x",
    }  # fmt: skip
    seen = taken(zipped(f"{tmp}/a.zip", more))
    assert sorted(seen) == sorted([*GOOD, "answers.md", "user/init/main.c"])


def test_links_and_devices_are_passed_over(tmp):
    odd = [
        link("kernel/b.c", "/etc/passwd"),
        link("kernel/hard.c", "kernel/a.c", tarfile.LNKTYPE),
        link("kernel/dev", "", tarfile.CHRTYPE),
        link("kernel/pipe", "", tarfile.FIFOTYPE),
    ]
    some = {"kernel/a.c": GOOD["kernel/a.c"]}
    assert refused(tar(f"{tmp}/a.tgz", some, odd)) == "it lacks kernel/b.c"
    where = folder(f"{tmp}/folder", some)
    os.symlink("/etc/passwd", f"{where}/kernel/b.c")
    assert refused(where) == "it lacks kernel/b.c"
    os.unlink(f"{where}/kernel/b.c")
    os.mkfifo(f"{where}/kernel/b.c")
    assert refused(where) == "it lacks kernel/b.c"


def test_folder_that_is_a_link_is_not_followed(tmp):
    folder(f"{tmp}/elsewhere", {"b.c": b"secret"})
    where = folder(f"{tmp}/folder", {"a.c": b""})
    os.symlink(f"{tmp}/elsewhere", f"{where}/kernel")
    assert "none of the lab's files" in refused(where)


def test_paths_that_leave_are_passed_over(tmp):
    evil = {"../kernel/b.c": b"x", "/kernel/b.c": b"x", "x/../../kernel/b.c": b"x"}
    some = {"kernel/a.c": GOOD["kernel/a.c"]}
    for number, name in enumerate(evil):
        for made in (
            tar(f"{tmp}/{number}.tgz", {**some, name: b"x"}),
            zipped(f"{tmp}/{number}.zip", {**some, name: b"x"}),
        ):
            assert refused(made) == "it lacks kernel/b.c", name


def test_bombs_are_refused(tmp):
    big = {**GOOD, "kernel/a.c": b"\0" * (2 << 20)}
    for made in (tar(f"{tmp}/a.tgz", big), zipped(f"{tmp}/a.zip", big)):
        assert refused(made) == "kernel/a.c is over 1 MiB"
    small = tar(f"{tmp}/b.tgz", {**GOOD, "kernel/zeros": b"\0" * (5 << 20)})
    with mock.patch.object(archive, "MOST_UNPACKED", 4 << 20):
        assert refused(small) == "it unpacks to more than 4 MiB"


def test_hole_of_ten_gigabytes_costs_nothing(tmp):
    where = folder(f"{tmp}/folder", GOOD)
    os.truncate(f"{where}/kernel/a.c", 10 << 30)
    assert refused(where) == "kernel/a.c is over 1 MiB"
    with open(f"{tmp}/sparse.tar", "wb") as file:
        file.truncate(10 << 30)
    assert refused(f"{tmp}/sparse.tar") == "the archive is over 64 MiB"


def test_many_files_are_refused(tmp):
    many = {f"{n}.c": b"" for n in range(60)}
    with mock.patch.object(archive, "MOST_FILES", 50):
        for made in (zipped(f"{tmp}/a.zip", many), tar(f"{tmp}/a.tgz", many),
                     folder(f"{tmp}/folder", many)):  # fmt: skip
            assert "more than 50 files" in refused(made), made


def test_damaged_and_empty_ones(tmp):
    whole = tar(f"{tmp}/a.tgz", GOOD)
    with open(whole, "rb") as file:
        data = file.read()
    cut = f"{tmp}/cut.tgz"
    with open(cut, "wb") as file:
        file.write(data[: len(data) // 2])
    assert "damaged" in refused(cut)
    with open(cut, "wb") as file:
        file.write(b"\x1f\x8bnonsense")
    assert "damaged" in refused(cut)
    with open(cut, "wb") as file:
        file.write(b"PK\x03\x04 nonsense")
    assert "damaged" in refused(cut)
    assert "empty" in refused(zipped(f"{tmp}/empty.zip", {}))
    os.makedirs(f"{tmp}/void")
    assert refused(f"{tmp}/void") == "it is empty: there is no plain file in it"
    assert "there is no" in refused(f"{tmp}/nothing")
    os.mkfifo(f"{tmp}/fifo")
    assert "neither a folder nor an archive" in refused(f"{tmp}/fifo")


def damaged(data, random):
    """Return an archive with some of its bytes changed, as an attacker may."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        ends = max(0, len(data) - 400)  # a zip's directory is at its end
        at = random.randrange(random.choice((0, ends)), len(data))
        size = random.choice((1, 1, 4))
        data[at : at + size] = random.choice((b"\0", b"\xff", b"\x7f")) * size
    return bytes(data)


def test_damage_is_refused_and_nothing_else(tmp):
    """Whatever is done to an archive, its author is told, and the grader goes on."""
    random = randomness.Random(7)
    whole = [tar(f"{tmp}/{m[2:]}.tar", GOOD, mode=m) for m in ("w:gz", "w:xz", "w:")]
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        whole.append(f"{tmp}/{kind}.zip")
        with zipfile.ZipFile(whole[-1], "w", kind) as made:
            for name, content in GOOD.items():
                made.writestr(name, content * 100)
    path = f"{tmp}/damaged"
    for archive_path in whole:
        with open(archive_path, "rb") as file:
            data = file.read()
        for _ in range(100):
            with open(path, "wb") as file:
                file.write(damaged(data, random))
            refused(path)  # any other exception fails the test


def test_want_of_memory_is_damage(tmp):
    """A dictionary of 4 GiB is refused where there is no memory for it."""
    path = f"{tmp}/greedy.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as made:
        for name, content in GOOD.items():
            made.writestr(name, content)
    with open(path, "rb") as file:
        data = file.read()
    size = data.index(b"\x05\0\x5d") + 3  # behind the length and the properties
    with open(path, "wb") as file:
        file.write(data[:size] + b"\xff\xff\xff\xff" + data[size + 4 :])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, limits[1]))
    try:
        assert refused(path) == "kernel/a.c: the archive is damaged: MemoryError"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_many_large_files_are_refused(tmp):
    many = {**GOOD, **{f"user/init/{n}.c": b"\0" * (900 << 10) for n in range(4)}}
    with mock.patch.object(archive, "MOST_TAKEN", 2 << 20):
        assert refused(zipped(f"{tmp}/a.zip", many)) == "its files are over 2 MiB"


def test_names_cannot_command(tmp):
    """What an archive's names hold is shown, and acts on nothing."""
    toy.needs_sandbox(harness)
    odd = os.fsdecode(b"\n::error::x\xff\x1b[2J.txt")
    where = folder(f"{tmp}/folder", {odd: b""})
    report = toy.graded(where, out=f"{tmp}/out")
    for text in [*report["notes"], report["tests"][0]["message"]]:
        assert "\x1b" not in text and "\n::" not in text, text
        text.encode()
    assert "\\x1b[2J" in report["notes"][0], report["notes"]


def test_wrong_folder_says_what_was_found(tmp):
    flat = {"a.c": b"", "b.c": b""}
    said = refused(zipped(f"{tmp}/a.zip", flat))
    assert "none of the lab's files" in said and "a.c" in said, said


def test_git_url(tmp):
    where = folder(f"{tmp}/repository", GOOD)
    quiet = "-c user.name=x -c user.email=x@x"
    assert os.system(f"cd {where} && git init -q && git add . && "
                     f"git {quiet} commit -qm x") == 0  # fmt: skip
    assert taken(f"file://{where}") == GOOD
    assert "could not fetch" in refused(f"file://{tmp}/nothing")


def test_refused_submission_is_reported(tmp):
    toy.needs_sandbox(harness)
    report = toy.graded(zipped(f"{tmp}/a.zip", {"x": b"y"}))
    assert report["status"] == "rejected" and report["score"] == 0
    assert set(toy.verdicts(report).values()) == {"build"}
    assert "none of the lab's files" in report["notes"][0], report["notes"]
