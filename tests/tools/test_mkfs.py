"""mkfs.eclipsefs: what goes in comes out again, the same way each time."""

import hashlib
import os
import pathlib
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import eclipsefs
import methods

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / os.environ.get("UMBRA_BUILD", "build") / "host"


def run(tool, *args, epoch=None):
    """Runs a host tool; epoch is SOURCE_DATE_EPOCH, or None for unset.

    Returns the finished process, its output in bytes; raises
    subprocess.TimeoutExpired after 60 seconds.
    """
    env = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    if epoch is not None:
        env["SOURCE_DATE_EPOCH"] = str(epoch)
    return subprocess.run([str(HOST / tool), *map(str, args)], env=env,
                          capture_output=True, timeout=60, check=False)


def content(path):
    """Returns a file's size and {offset: piece} of its pieces that are not all zero."""
    size, found, zeros = os.path.getsize(path), {}, bytes(1 << 16)
    piece = bytearray(zeros)
    with open(path, "rb", buffering=0) as file:
        for at in range(0, size, len(zeros)):
            length = file.readinto(piece)
            if piece != zeros:
                found[at] = bytes(piece[:length])
    return size, found


class MkfsTest(unittest.TestCase):
    """Each test has a folder with a tree to fill, and room for images."""

    kind = ["--plain"]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.tree = self.folder / "tree"
        self.tree.mkdir()
        self.tree.chmod(0o755)
        self.image = self.folder / "image"

    def make(self, *args, epoch=None):
        """Makes self.image of self.tree, which must succeed."""
        result = run("mkfs.eclipsefs", *self.kind, "-d", self.tree, *args,
                     self.image, epoch=epoch)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_sound()
        return result

    def check_sound(self):
        """fsck finds nothing in the image."""
        result = run("fsck.eclipsefs", self.image)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertNotIn(b"note", result.stdout)

    def manifest(self):
        """Returns the image's manifest: a dictionary from path to fields."""
        result = run("efs", "ls", "--manifest", self.image)
        self.assertEqual(result.stderr, b"")
        self.assertEqual(result.returncode, 0)
        rows = [line.split("\t") for line in
                result.stdout.decode().splitlines()]
        return {row[0]: row for row in rows}

    def fill(self):
        """Puts files of many sizes, and one of each type, into the tree."""
        (self.tree / "sub" / "empty").mkdir(parents=True)
        for size in (0, 1, 7, 4095, 4096, 4097, 12288, 300001):
            data = bytes((i * 7 + size) & 0xff for i in range(size))
            (self.tree / f"f{size}").write_bytes(data)
            (self.tree / f"f{size}").chmod(0o640)
        (self.tree / "sub" / "link").symlink_to("../f7")
        (self.tree / "suid").write_text("x")
        (self.tree / "suid").chmod(0o4755)


class RoundTrip(MkfsTest):
    """Trees that can be stored."""

    def test_everything_comes_back(self):
        self.fill()
        self.make()
        found = self.manifest()
        for path in [self.tree, *self.tree.rglob("*")]:
            name = "/" + str(path.relative_to(self.tree)).replace(".", "", 1)
            row, st = found.pop(name), path.lstat()
            self.assertEqual(int(row[2], 8), st.st_mode, name)
            self.assertEqual(row[5:7], [str(st.st_uid), str(st.st_gid)])
            self.assertEqual(row[9], str(int(st.st_mtime)))
            if path.is_symlink():
                data = os.readlink(path).encode()
            elif path.is_dir():
                self.assertEqual(row[1], "d")
                continue
            else:
                data = path.read_bytes()
            self.assertEqual(row[4], hashlib.sha256(data).hexdigest(), name)
            self.assertEqual(row[3], str(len(data)))
        self.assertEqual(found, {})

    def test_owners_and_modes_of_a_table(self):
        self.fill()
        table = self.folder / "table"
        table.write_text("# owners\n\n/ 1777 3 4\n/f7 4711 0 0  # su\n"
                         "/sub/empty\t700 1000 1001\n//sub//link 777 5 6\n")
        self.make("-D", table)
        found = self.manifest()
        for name, mode, uid, gid in (
                ("/", 0o41777, 3, 4), ("/f7", 0o104711, 0, 0),
                ("/sub/empty", 0o40700, 1000, 1001),
                ("/sub/link", 0o120777, 5, 6)):
            row = found[name]
            self.assertEqual([int(row[2], 8), *map(int, row[5:7])],
                             [mode, uid, gid], name)
        self.assertEqual(int(found["/f1"][2], 8), 0o100640)

    def test_get_gives_the_same_tree(self):
        self.fill()
        self.make()
        out = self.folder / "out"
        result = run("efs", "get", self.image, "/", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        diff = subprocess.run(["diff", "-r", "--no-dereference",
                               str(self.tree), str(out)],
                              capture_output=True, check=False)
        self.assertEqual(diff.stdout, b"")

    def test_hard_links_are_one_inode(self):
        (self.tree / "sub").mkdir()
        (self.tree / "one").write_text("same")
        os.link(self.tree / "one", self.tree / "sub" / "two")
        (self.tree / "other").write_text("same")
        self.make()
        found = self.manifest()
        self.assertEqual(found["/one"][12], found["/sub/two"][12])
        self.assertEqual(found["/one"][7], "2")
        self.assertNotEqual(found["/one"][12], found["/other"][12])
        self.assertEqual(found["/"][7], "3")

    def test_strange_names(self):
        names = [b"a b", b"\xff\xfe", "é".encode(), b"n" * 255, b"-", b"*",
                 b"back\\slash", b"new\nline", b"..."]
        for name in names:
            with open(os.path.join(os.fsencode(self.tree), name), "wb") as f:
                f.write(name)
        self.make()
        result = run("efs", "ls", self.image)
        self.assertEqual(len(result.stdout.splitlines()), len(names))
        for name in names:
            result = subprocess.run(
                [os.fsencode(HOST / "efs"), b"cat", os.fsencode(self.image),
                 name], capture_output=True, check=False)
            self.assertEqual(result.stdout, name)

    def test_many_entries(self):
        for i in range(3000):
            (self.tree / f"file-{i:05}").touch()
        self.make()
        self.assertEqual(len(self.manifest()), 3001)

    def test_empty_image(self):
        result = run("mkfs.eclipsefs", *self.kind, self.image)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_sound()
        self.assertEqual(list(self.manifest()), ["/"])
        self.assertEqual(self.manifest()["/"][2], "40755")


class ExtendedRoundTrip(RoundTrip):
    """The same in extended images, and what only these can store."""

    kind = []

    def test_devices(self):
        os.mkfifo(self.tree / "pipe")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.tree / "socket"))
        if os.geteuid() == 0:
            os.mknod(self.tree / "null", stat.S_IFCHR | 0o666,
                     os.makedev(1, 3))
        self.assertEqual(self.make().stderr, b"")
        for path in self.tree.iterdir():
            row = self.manifest()["/" + path.name]
            self.assertEqual(int(row[2], 8), path.lstat().st_mode)
        if os.geteuid() == 0:
            text = run("efs", "stat", self.image, "null").stdout.decode()
            self.assertIn("rdev    1,3\n", text)
            self.assertIn("type    character device\n", text)

    def test_holes_stay_holes(self):
        with open(self.tree / "sparse", "wb") as f:
            for offset in (0, 1 << 20, 1 << 30):
                f.seek(offset)
                f.write(b"content")
            f.truncate((1 << 30) + 3000000)
        with open(self.tree / "hole", "wb") as f:
            f.truncate(1 << 40)
        self.make("-s", "4M")
        result = run("efs", "stat", self.image, "sparse")
        self.assertIn(b"blocks  3\n", result.stdout)
        result = run("efs", "stat", self.image, "hole")
        self.assertIn(b"size    1099511627776\n", result.stdout)
        out = self.folder / "out"
        run("efs", "get", self.image, "sparse", out)
        self.assertEqual(content(out), content(self.tree / "sparse"))

    def test_times(self):
        os.utime(self.tree, (7, 8))
        self.make()
        row = self.manifest()["/"]
        self.assertEqual((row[8], row[9]), ("7", "8"))

    def test_large_directory(self):
        (self.tree / "big").mkdir()
        for i in range(5000):
            open(f"{self.tree}/big/file-{i:05}", "x").close()
        self.make()
        result = run("efs", "ls", self.image, "big")
        self.assertEqual(result.stdout.decode().split(),
                         [f"file-{i:05}" for i in range(5000)])


class Format(MkfsTest):
    """Bytes on the disk."""

    def test_header(self):
        self.fill()
        self.make("--reproducible", epoch=1234567890)
        data = self.image.read_bytes()
        (magic, version, offset, size, count, checksum, meta, content,
         created, checked, flags) = struct.unpack_from("<9sIQQIIIIQQI", data)
        self.assertEqual((magic, version), (b"ECLIPSEFS", 0x00020000))
        self.assertEqual((offset, size), (4096, 8 * count))
        self.assertEqual(count, len(self.manifest()))
        self.assertEqual((meta, content, flags), (0, 0, 0))
        self.assertEqual((created, checked), (1234567890, 1234567890))
        covered = data[:33] + data[45:65]
        self.assertEqual(checksum, zlib.crc32(covered))
        self.assertEqual(len(data) % 4096, 0)

    def test_content_is_aligned(self):
        self.fill()
        self.make()
        for size in (1, 7, 4095, 4096, 4097, 300001):
            result = run("efs", "stat", self.image, f"/f{size}")
            address = int(result.stdout.split()[-1])
            unit = 4096 if size >= 4096 else 8
            self.assertEqual(address % unit, 0, size)

    def test_spare_slots_and_size(self):
        (self.tree / "f").write_text("x")
        self.make("-N", 100, "-s", "1M")
        self.assertEqual(self.image.stat().st_size, 1 << 20)
        self.assertIn(b"2 of 100 slots", run("efs", "df", self.image).stdout)
        self.assertIn("/f", self.manifest())

    def test_twice_the_slots_needed(self):
        # The size of such a table is that of the 16-byte variant.
        (self.tree / "f").write_text("x")
        self.make("-N", 4)
        self.assertIn("/f", self.manifest())

    def test_reproducible(self):
        self.fill()
        self.make("--reproducible", epoch=99)
        first = self.image.read_bytes()
        for path in self.tree.rglob("*"):
            os.utime(path, (5, 5), follow_symlinks=False)
        self.make("--reproducible", epoch=99)
        self.assertEqual(self.image.read_bytes(), first)
        row = self.manifest()["/f7"]
        self.assertEqual(row[5:11], ["0", "0", "1", "99", "99", "99"])
        self.make("--reproducible")
        self.assertEqual(self.manifest()["/f7"][9], "0")


class ExtendedFormat(MkfsTest):
    """Numbers of an extended image."""

    kind = []

    def test_size_label_and_inodes(self):
        self.make("-s", "10M", "-N", "1000", "-L", "a label")
        self.assertEqual(self.image.stat().st_size, 10 << 20)
        image = eclipsefs.Image(self.image)
        self.assertEqual(image.ext(16, "Q"), 2560)
        self.assertEqual(image.ext(12), 1)
        self.assertGreaterEqual(image.inodes, 1000)
        self.assertLess(image.inodes, 1000 + 512)
        label = image.data[128 + 80:128 + 112]
        self.assertEqual(label, b"a label".ljust(32, b"\0"))

    def test_checksums(self):
        self.fill()
        self.make()
        image = eclipsefs.Image(self.image)
        covered = image.data[:33] + image.data[45:65]
        self.assertEqual(image.u32(33), zlib.crc32(covered))
        self.assertEqual(image.ext(112),
                         eclipsefs.crc32c(image.data[128:240]))

    def test_enough_room_by_default(self):
        # As much again as the tree needs.
        (self.tree / "big").write_bytes(os.urandom(3 << 20))
        self.make()
        self.assertEqual(run("efs", "put", self.image, self.tree / "big",
                             "more").returncode, 0)
        self.check_sound()

    def test_reproducible(self):
        self.fill()
        self.make("--reproducible", epoch=99)
        first = self.image.read_bytes()
        for path in self.tree.rglob("*"):
            os.utime(path, (5, 5), follow_symlinks=False)
        self.make("--reproducible", epoch=99)
        self.assertEqual(self.image.read_bytes(), first)
        row = self.manifest()["/f7"]
        self.assertEqual(row[5:11], ["0", "0", "1", "99", "99", "99"])
        self.make()
        self.assertNotEqual(self.image.read_bytes()[192:208], first[192:208])


class Refusals(MkfsTest):
    """What cannot be done is said, and leaves no damage behind."""

    def refuse(self, why, *args, status=1):
        """Expects a failure with `why` on stderr and no file left over."""
        before = sorted(self.folder.iterdir())
        result = run("mkfs.eclipsefs", *args)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(why, result.stderr)
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_extended_image_too_small(self):
        self.image.write_bytes(b"precious")
        (self.tree / "big").write_bytes(os.urandom(1 << 20))
        self.refuse(b"too small for an image", "-s", "100k", self.image)
        self.refuse(b"too small for the tree", "-d", self.tree, "-s", "1M",
                    self.image)
        self.refuse(b"at most 32 bytes", "-L", "l" * 33, self.image)
        self.refuse(b"is not a regular file", self.tree)
        self.refuse(b"at most 16 TiB", "-s", "20000G", self.image)
        self.assertEqual(self.image.read_bytes(), b"precious")

    @unittest.skipIf(os.geteuid() != 0, "becomes somebody else")
    def test_file_that_cannot_be_read(self):
        (self.tree / "secret").write_text("x" * 10000)
        (self.tree / "secret").chmod(0o600)
        self.folder.chmod(0o777)
        for kind in (["--plain"], []):
            result = subprocess.run(
                [HOST / "mkfs.eclipsefs", *kind, "-d", self.tree, self.image],
                user=65534, capture_output=True, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(b"secret: Permission denied", result.stderr)
            self.assertFalse(self.image.exists())

    def test_table_of_modes(self):
        (self.tree / "f").write_text("x")
        table = self.folder / "table"
        for line, why in (("/f 644 0", b"table:2: not a path"),
                          ("f 644 0 0", b"does not begin with /"),
                          ("/f 10000 0 0", b"the mode is not one"),
                          ("/f 644 0 0 0", b"not a path"),
                          ("/g 644 0 0", b"there is no such file"),
                          ("/f/g 644 0 0", b"there is no such file")):
            table.write_text(f"# comment\n{line}\n")
            self.refuse(why, "-d", self.tree, "-D", table, self.image)
        self.refuse(b"none: No such file", "-d", self.tree, "-D",
                    self.folder / "none", self.image)

    def test_wrong_usage(self):
        for args in ([], ["--plain"], ["--plain", "a", "b"], ["--frob", "x"],
                     ["--plain", "-s", "12x", "y"],
                     ["--plain", "-N", "9999999999", "y"], ["-s", "1T", "y"]):
            self.refuse(b"", *args, status=2)

    def test_bad_source(self):
        self.refuse(b"No such file", "--plain", "-d", self.folder / "none",
                    self.image)
        (self.folder / "file").write_text("x")
        self.refuse(b"not a directory", "--plain", "-d",
                    self.folder / "file", self.image)

    def test_bad_epoch(self):
        result = run("mkfs.eclipsefs", "--plain", "--reproducible",
                     self.image, epoch="soon")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"SOURCE_DATE_EPOCH", result.stderr)

    def test_size_too_small_keeps_the_old_image(self):
        self.image.write_bytes(b"precious")
        (self.tree / "big").write_bytes(bytes(100000))
        self.refuse(b"too small for the tree", "--plain", "-d", self.tree,
                    "-s", "64k", self.image)
        self.assertEqual(self.image.read_bytes(), b"precious")

    def test_bad_destination(self):
        self.refuse(b"is not a regular file", "--plain", self.tree)
        self.refuse(b"No such file", "--plain", self.folder / "no" / "image")

    def test_file_too_large(self):
        with open(self.tree / "huge", "wb") as f:
            f.truncate(1 << 32)
        self.refuse(b"less than 4 GiB", "--plain", "-d", self.tree,
                    self.image)

    def test_tree_too_large(self):
        for name in ("a", "b", "c"):
            with open(self.tree / name, "wb") as f:
                f.truncate(3 << 30)
        self.refuse(b"the tree is too large", "--plain", "-d", self.tree,
                    self.image)

    def test_sockets_and_pipes_are_left_out(self):
        os.mkfifo(self.tree / "pipe")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.tree / "socket"))
        (self.tree / "file").write_text("x")
        result = self.make()
        self.assertEqual(result.stderr.count(b"left out"), 2)
        self.assertEqual(sorted(self.manifest()), ["/", "/file"])

    def test_image_within_its_own_tree(self):
        self.image = self.tree / "image"
        (self.tree / "file").write_text("x")
        self.make()
        self.make()
        self.assertEqual(sorted(self.manifest()), ["/", "/file"])

    def test_label_is_ignored_with_a_word(self):
        result = self.make("-L", "name")
        self.assertIn(b"a plain image has no label", result.stderr)


methods.export(globals())

if __name__ == "__main__":
    unittest.main()
