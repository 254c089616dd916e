"""fsck.eclipsefs: what it finds, what it mends, and what it leaves alone."""

import fcntl
import functools
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import eclipsefs
import methods
from eclipsefs import BLOCK

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / os.environ.get("UMBRA_BUILD", "build") / "host"
IMAGES = ROOT / "tests" / "images"


def run(tool, *args):
    """Runs a host tool for at most 60 seconds; returns the process."""
    return subprocess.run([str(HOST / tool), *map(str, args)],
                          capture_output=True, timeout=60, check=False)


def make_tree(tree):
    """Fills a folder with files and directories of all layouts."""
    (tree / "sub" / "below").mkdir(parents=True)
    (tree / "sub" / "below" / "file").write_text("deep down\n")
    (tree / "empty").touch()
    (tree / "small").write_bytes(b"x" * 100)
    (tree / "large").write_bytes(bytes(range(256)) * 1000)
    (tree / "other").write_bytes(bytes(range(255)) * 1000)
    (tree / "link").symlink_to("small")
    os.mkfifo(tree / "pipe")
    (tree / "many").mkdir()
    for i in range(200):
        os.link(tree / "small", tree / "many" / f"one more name of it: {i}")
    for name, count in (("sparse", 400), ("few", 3)):
        with open(tree / name, "wb") as file:
            for i in range(count):
                file.seek(2 * i * BLOCK)
                file.write(b"content")


@functools.cache
def original():
    """Returns an image of such a tree, as bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tree").mkdir()
        make_tree(folder / "tree")
        made = run("mkfs.eclipsefs", "-d", folder / "tree", "-s", "8M",
                   folder / "image")
        assert made.returncode == 0, made.stderr
        return (folder / "image").read_bytes()


HEADER_DAMAGE = (
    lambda i: i.data.__setitem__(eclipsefs.EXTENSION, 0),
    lambda i: i.data.__setitem__(slice(0, BLOCK), bytes(BLOCK)),
    lambda i: i.put_ext(24, 10 ** 6, "Q"),
    lambda i: i.put_ext(16, 10 ** 6, "Q"),
    lambda i: i.put_ext(4, 2),
    lambda i: i.data.__setitem__(30, i.data[30] ^ 1),
)


class FsckTest(unittest.TestCase):
    """Each test has an image of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "image"
        self.renew()

    def renew(self):
        """Gives the test an undamaged image."""
        self.path.write_bytes(original())
        self.image = eclipsefs.Image(self.path)

    def fsck(self, *options, status):
        """Runs fsck --json, which must end with that status; returns what it
        says."""
        result = run("fsck.eclipsefs", "--json", *options, self.path)
        self.assertEqual(result.stderr, b"")
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, status, report)
        self.assertEqual(report["status"], status)
        found = report["findings"]
        notes = sum(f["note"] for f in found)
        self.assertEqual(report["notes_count"], notes)
        self.assertEqual(report["findings_count"], len(found) - notes)
        return report

    def names(self):
        """Returns the image's paths."""
        result = run("efs", "ls", "--manifest", self.path)
        self.assertEqual(result.stderr, b"")
        return {line.split("\t")[0]
                for line in result.stdout.decode().splitlines()}

    def check_mended(self):
        """The image is sound, and can be changed."""
        report = self.fsck(status=0)
        self.assertEqual(report["findings"], [])
        for args in (["put", self.path, __file__, "/new"],
                     ["rm", self.path, "/new"]):
            result = run("efs", *args)
            self.assertEqual(result.returncode, 0, result.stderr)
        self.fsck(status=0)

    def find_and_mend(self, *kinds):
        """Expects findings of these kinds, and that -y mends them."""
        self.image.save()
        before = self.path.read_bytes()
        report = self.fsck("-n", status=4)
        found = {f["kind"] for f in report["findings"] if not f["note"]}
        self.assertLessEqual(set(kinds), found)
        self.assertEqual(self.path.read_bytes(), before)
        report = self.fsck("-y", status=1)
        self.assertTrue(report["repaired"])
        self.check_mended()


class Findings(FsckTest):
    """Each kind of damage is found and mended."""

    def test_sound(self):
        report = self.fsck(status=0)
        self.assertEqual(report["findings"], [])
        self.assertEqual((report["files"], report["directories"],
                          report["symlinks"], report["others"]),
                         (7, 4, 1, 1))
        text = run("fsck.eclipsefs", self.path).stdout.decode()
        self.assertIn("sound; 7 files, 4 directories, 1 symlinks, 1 others",
                      text)

    def test_header(self):
        before = self.names()
        for damage in HEADER_DAMAGE:
            self.renew()
            damage(self.image)
            self.find_and_mend("header")
            self.assertEqual(self.names(), before)
            self.assertEqual(bytes(self.image.data[128 + 80:128 + 112]),
                             self.path.read_bytes()[128 + 80:128 + 112])

    def test_copy_of_the_header(self):
        for size in (1, 512):
            self.renew()
            self.image.data[eclipsefs.COPY:eclipsefs.COPY + size] = bytes(size)
            self.find_and_mend("header")

    def test_extents_of_a_record(self):
        # What comes before the damage is kept.
        ino = self.image.inode("few")
        at, length = self.image.value(ino, eclipsefs.EXTENTS)
        self.assertEqual(length, 3 * 12)
        for offset, value in ((24, 0), (28, 0), (32, 10 ** 6), (32, 1)):
            old = self.image.u32(at + offset)
            self.image.put32(at + offset, value)
            self.image.seal_record(ino)
            self.find_and_mend("extent")
            data = run("efs", "cat", self.path, "few").stdout
            self.assertEqual(data[2 * BLOCK:], b"content".ljust(BLOCK, b"\0"))
            self.renew()

    def test_journal_head(self):
        self.image.data[self.image.journal()] ^= 1
        self.find_and_mend("journal")

    def test_journal_nonsense(self):
        # Whole, but it would write to the journal itself.
        first = next(self.image.transactions())
        self.image.put32(first + 24, self.image.journal() // BLOCK)
        self.image.seal_transaction(first)
        self.image.reopen_journal()
        self.find_and_mend("journal")

    def test_record_checksum(self):
        ino = self.image.inode("small")
        self.image.data[self.image.record(ino) + 20] ^= 1
        self.find_and_mend("inode", "entry")
        self.assertNotIn("/small", self.names())

    def test_slot_of_another(self):
        self.image.put32(self.image.slot(self.image.inode("large")), 2)
        self.find_and_mend("inode")

    def test_two_slots_with_one_record(self):
        image = self.image
        offset = image.u32(image.slot(image.inode("large")) + 4)
        image.put32(image.slot(image.inode("other")) + 4, offset)
        self.find_and_mend("inode")
        self.assertIn("/large", self.names())

    def test_size(self):
        ino = self.image.inode("small")
        self.image.put32(self.image.value(ino, eclipsefs.SIZE)[0], 7)
        self.image.seal_record(ino)
        self.find_and_mend("size")

    def test_links(self):
        ino = self.image.inode("small")
        self.image.put32(self.image.value(ino, eclipsefs.NLINK)[0], 7)
        self.image.seal_record(ino)
        self.find_and_mend("links")

    def test_extents_that_share_blocks(self):
        image, (a, b) = self.image, map(self.image.inode, ("large", "other"))
        physical = image.u32(image.value(a, eclipsefs.EXTENTS)[0] + 8)
        image.put32(image.value(b, eclipsefs.EXTENTS)[0] + 8, physical)
        image.seal_record(b)
        self.find_and_mend("extent", "bitmap")

    def test_block_of_extents(self):
        ino = self.image.inode("sparse")
        blocks = self.image.index(ino, eclipsefs.EXTENT_INDEX)
        self.assertEqual(len(blocks), 2)
        self.image.data[blocks[1] * BLOCK + 30] ^= 1
        self.find_and_mend("extent", "bitmap")
        self.assertEqual(run("efs", "cat", self.path, "sparse").stdout[:7],
                         b"content")

    def test_extents_out_of_order(self):
        ino = self.image.inode("sparse")
        block = self.image.index(ino, eclipsefs.EXTENT_INDEX)[0]
        self.image.put32(block * BLOCK + 16 + 12 * 100, 3)
        self.image.seal_block(block)
        self.find_and_mend("extent")
        size = len(run("efs", "cat", self.path, "sparse").stdout)
        self.assertEqual(size, (2 * 99 + 1) * BLOCK)

    def test_names_no_path_can_hold(self):
        for name in (b"smal/", b"smal\0"):
            at = self.image.entry("small")
            self.image.data[at + 8:at + 13] = name
            self.image.seal_record(1)
            self.find_and_mend("name")
            self.assertNotIn("/small", self.names())
            self.renew()

    def test_entry_that_leads_nowhere(self):
        self.image.put32(self.image.entry("large") + 4, 400)
        self.image.seal_record(1)
        self.find_and_mend("entry", "lost")
        self.assertIn("/lost+found", self.names())

    def test_leaf(self):
        ino = self.image.inode("many")
        block = self.image.index(ino, eclipsefs.HASH_INDEX)[1]
        self.image.data[block * BLOCK + 100] ^= 1
        self.find_and_mend("directory", "links")

    def test_index_out_of_order(self):
        at, _ = self.image.value(self.image.inode("many"),
                                 eclipsefs.HASH_INDEX)
        self.image.put32(at + 4 + 8, 0xffffffff)
        self.image.seal_record(self.image.inode("many"))
        before = self.names()
        self.find_and_mend("directory")
        self.assertEqual(self.names(), before)

    def test_other_seed(self):
        # All names are where their hashes do not belong.
        before = self.names()
        self.image.put_ext(64, self.image.ext(64) ^ 1)
        self.find_and_mend("directory")
        self.assertEqual(self.names(), before)

    def test_duplicate(self):
        at = self.image.entry("large")
        self.image.data[at + 8:at + 13] = b"other"
        self.image.seal_record(1)
        self.find_and_mend("duplicate", "lost")

    def test_second_parent(self):
        # "empty" becomes a second name of the directory "sub".
        self.image.put32(self.image.entry("empty") + 4,
                         self.image.inode("sub"))
        self.image.seal_record(1)
        self.find_and_mend("cycle", "lost")

    def test_cycle_away_from_the_root(self):
        # "sub" leads to itself only, as "below".
        image = self.image
        sub, below = image.inode("sub"), image.inode("below", image.inode("sub"))
        image.put32(image.entry("below", sub) + 4, sub)
        image.seal_record(sub)
        image.put32(image.entry("sub") + 4, below)
        image.seal_record(1)
        self.find_and_mend("lost")

    def test_lost_tree_comes_back_whole(self):
        image, sub = self.image, self.image.inode("sub")
        image.put32(image.entry("sub") + 4, image.inode("small"))
        image.seal_record(1)
        self.find_and_mend("lost", "links")
        self.assertIn(f"/lost+found/#{sub}/below/file", self.names())

    def test_root(self):
        large = self.image.inode("large")
        self.image.data[self.image.record(1) + 30] ^= 1
        self.find_and_mend("root", "lost")
        self.assertIn(f"/lost+found/#{large}", self.names())

    def test_bitmap_checksum(self):
        self.image.data[self.image.ext(32, "Q") * BLOCK + 4000] ^= 1
        self.find_and_mend("bitmap")

    def test_bitmap_bits(self):
        block = self.image.ext(32, "Q")
        self.image.data[block * BLOCK + 20] ^= 0xff
        self.image.seal_block(block)
        self.find_and_mend("bitmap")

    def test_free_counts(self):
        self.image.put_ext(48, 5, "Q")
        self.find_and_mend("header")

    def test_state(self):
        self.image.put_ext(12, 1 | 4)
        self.find_and_mend("state")

    def test_orphan_with_a_name(self):
        ino = self.image.inode("large")
        self.image.put32(self.image.slot(ino), ino | eclipsefs.ORPHAN)
        self.find_and_mend("orphan")
        self.assertIn("/large", self.names())

    def test_orphan_with_entries(self):
        ino = self.image.inode("sub")
        self.image.put32(self.image.value(ino, eclipsefs.NLINK)[0], 0)
        self.image.seal_record(ino)
        self.image.put32(self.image.slot(ino), ino | eclipsefs.ORPHAN)
        self.find_and_mend("orphan", "links")
        self.assertIn("/sub/below/file", self.names())

    def test_lost_and_found_is_no_directory(self):
        image = self.image
        run("efs", "put", self.path, __file__, "/lost+found")
        self.image = image = eclipsefs.Image(self.path)
        large = image.inode("large")
        image.put32(image.entry("large") + 4, 400)
        image.seal_record(1)
        self.find_and_mend("lost")
        self.assertIn(f"/lost+found.1/#{large}", self.names())


class Notes(FsckTest):
    """What is legal is noted, and settled by -y."""

    def settle(self, *kinds):
        """Expects notes of these kinds and nothing else, and none after -y."""
        self.image.save()
        report = self.fsck("-n", status=0)
        self.assertEqual({f["kind"] for f in report["findings"]}, set(kinds))
        self.assertEqual(report["findings_count"], 0)
        self.fsck("-y", status=0)
        self.check_mended()

    def test_not_unmounted(self):
        self.image.put_ext(12, 2)
        text = run("fsck.eclipsefs", self.path).stdout
        self.assertNotIn(b"note:", text)
        self.settle("state")

    def test_text(self):
        self.image.put_ext(12, 2)
        self.image.save()
        self.assertIn(b"note: the image was not unmounted\n",
                      run("fsck.eclipsefs", self.path).stdout)

    def test_orphan(self):
        image, ino = self.image, self.image.inode("empty")
        image.put32(image.slot(ino), ino | eclipsefs.ORPHAN)
        image.put32(image.value(ino, eclipsefs.NLINK)[0], 0)
        image.seal_record(ino)
        at, length = image.value(1, eclipsefs.ENTRIES)
        # Its name goes: all behind it move up, and so does the checksum.
        entry, end = image.entry("empty"), at + length
        tail = image.data[entry + 13:end + 10]
        image.data[entry:entry + len(tail)] = tail
        image.data[entry + len(tail):entry + len(tail) + 13] = bytes(13)
        image.put32(at - 4, length - 13)
        image.put32(image.record(1) + 4, image.u32(image.record(1) + 4) - 13)
        image.seal_record(1)
        self.settle("orphan")
        self.assertNotIn("/empty", self.names())

    def test_blocks_past_the_end(self):
        ino = self.image.inode("large")
        self.image.put32(self.image.value(ino, eclipsefs.SIZE)[0], 5000)
        self.image.seal_record(ino)
        self.settle("tail")
        text = run("efs", "stat", self.path, "large").stdout.decode()
        self.assertIn("blocks  2\n", text)

    def test_journal_that_was_not_replayed(self):
        before = self.names()
        root = self.image.record(1)
        self.image.data[root:root + BLOCK] = bytes(BLOCK)
        self.image.reopen_journal()
        self.image.save()
        report = self.fsck("-n", status=0)
        self.assertGreater(report["transactions"], 0)
        self.assertEqual(self.path.read_bytes(), self.image.data)
        self.assertEqual(self.names(), before)
        self.fsck("-y", status=0)
        self.assertEqual(self.fsck(status=0)["transactions"], 0)
        self.check_mended()


class Limits(FsckTest):
    """What cannot be mended is said."""

    def fill(self):
        """Leaves no room on the image."""
        size = 1 << 22
        while size >= 1:
            file = self.folder / "filler"
            file.write_bytes(b"f" * size)
            while run("efs", "put", self.path, file,
                      f"/many/{os.urandom(8).hex()}").returncode == 0:
                pass
            size //= 64

    def test_no_room_for_lost_and_found(self):
        self.fill()
        self.image = eclipsefs.Image(self.path)
        self.image.put32(self.image.entry("large") + 4, 0)
        self.image.seal_record(1)
        self.image.save()
        report = self.fsck("-y", status=4)
        self.assertIn("too full", report["error"])
        self.assertTrue(any(f["kind"] == "lost"
                            for f in self.fsck(status=4)["findings"]))
        self.assertEqual(run("efs", "rm", self.path, "/other").returncode, 0)
        self.fsck("-y", status=1)
        self.check_mended()

    def test_plain_images_are_left_alone(self):
        for image in sorted((IMAGES / "damaged").glob("*.bad.img")):
            shutil.copyfile(image, self.path)
            status = run("fsck.eclipsefs", self.path).returncode
            self.assertEqual(run("fsck.eclipsefs", "-y", self.path).returncode,
                             status, image)
            self.assertEqual(self.path.read_bytes(), image.read_bytes())
            if status == 4:
                text = run("fsck.eclipsefs", "-y", self.path).stdout
                self.assertIn(b"a plain image is never changed", text)

    def test_plain_images(self):
        for image in sorted((IMAGES / "plain").glob("*.img")):
            result = run("fsck.eclipsefs", image)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn(b"sound", result.stdout)

    def test_damaged_headers(self):
        for damage in HEADER_DAMAGE:
            self.renew()
            damage(self.image)
            self.image.data[eclipsefs.COPY] ^= 1
            self.image.save()
            for option in ("-n", "-y"):
                report = self.fsck(option, status=8)
                self.assertIn("no sound copy of the header", report["error"])
            self.assertEqual(self.path.read_bytes(), self.image.data)

    def test_image_that_says_it_is_plain(self):
        self.image.put32(61, 0)
        self.image.put32(33, 0)
        self.image.save()
        report = self.fsck("-y", status=4)
        self.assertIn("a plain image is never changed", report["error"])

    def test_image_in_use(self):
        # QEMU has a lock on some byte of what it writes to.
        with open(self.path, "rb") as file:
            lock = struct.pack("hhqqixxxx", fcntl.F_RDLCK, os.SEEK_SET, 100, 1,
                               0)
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
            result = run("fsck.eclipsefs", "-y", self.path)
            self.assertEqual(result.returncode, 8)
            self.assertIn(b"busy", result.stderr)
            self.fsck("-n", status=0)

    def test_usage(self):
        for args in ([], ["-x", self.path], [self.path, self.path]):
            result = run("fsck.eclipsefs", *args)
            self.assertEqual(result.returncode, 16)
            self.assertIn(b"usage", result.stderr)
        self.assertEqual(run("fsck.eclipsefs", "/none").returncode, 8)


methods.export(globals())

if __name__ == "__main__":
    unittest.main()
