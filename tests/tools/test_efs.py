"""The efs tool over the reference images, sound and damaged."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import methods

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / os.environ.get("UMBRA_BUILD", "build") / "host"
EFS = HOST / "efs"
PLAIN = ROOT / "tests" / "images" / "plain"
DAMAGED = ROOT / "tests" / "images" / "damaged"
TREE = (PLAIN / "tree.ls").read_bytes().splitlines()


def efs(*args):
    """Runs efs with args (strings or paths).

    Returns the finished process, its output in bytes; raises
    subprocess.TimeoutExpired after 20 seconds.
    """
    return subprocess.run([str(EFS), *map(str, args)], capture_output=True,
                          timeout=20, check=False)


def without(*paths):
    """Returns tree.ls without the lines of paths and of what is below them."""
    below = tuple(p.encode() for p in paths)
    return [line for line in TREE
            if not any(line.split(b"\t")[0] == p
                       or line.startswith(p + b"/") for p in below)]


class PlainImages(unittest.TestCase):
    """Images whose listing is known."""

    def test_manifests_are_exact(self):
        images = sorted(PLAIN.glob("*.img"))
        self.assertGreaterEqual(len(images), 9)
        for image in images:
            with self.subTest(image=image.name):
                result = efs("ls", "--manifest", image)
                self.assertEqual(result.stderr, b"")
                self.assertEqual(result.returncode, 0)
                self.assertEqual(result.stdout,
                                 image.with_suffix(".ls").read_bytes())

    def test_manifest_of_a_part(self):
        result = efs("ls", "--manifest", PLAIN / "tree.img", "/a/b/")
        self.assertEqual(result.stdout.splitlines(),
                         [line for line in TREE if line.startswith(b"/a/b")])

    def test_ls_is_sorted(self):
        result = efs("ls", PLAIN / "tree.img")
        self.assertEqual(result.stdout.split(),
                         b"a abs bin etc lib loop tmp top usr".split())

    def test_ls_long(self):
        result = efs("ls", "-l", PLAIN / "tree.img", "a/b")
        lines = result.stdout.decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["drwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx"])
        self.assertEqual(lines[1].split()[1:],
                         "1 0 0 4096 2023-11-16 02:00 mid".split())
        self.assertTrue(lines[2].endswith("up -> ../../top"), lines[2])

    def test_ls_long_shows_special_bits(self):
        result = efs("ls", "-l", PLAIN / "tree.img")
        self.assertIn(b"drwxrwxrwt", result.stdout)
        result = efs("ls", "-l", PLAIN / "tree.img", "/bin")
        self.assertIn(b"-rwsr-xr-x", result.stdout)

    def test_cat(self):
        self.assertEqual(efs("cat", PLAIN / "tiny.img", "hello").stdout,
                         b"hello\n")
        # Through a symlink in the middle: /lib leads to usr/lib.
        self.assertEqual(efs("ls", PLAIN / "tree.img", "/lib/").stdout, b"")

    def test_cat_of_what_is_no_file(self):
        for path, why in [("/", b"is a directory"),
                          ("/none", b"no such file or directory"),
                          ("/hello/", b"not a directory")]:
            result = efs("cat", PLAIN / "tiny.img", path)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stdout, b"")
            self.assertIn(why, result.stderr)
        result = efs("cat", PLAIN / "tree.img", "/loop")
        self.assertIn(b"too many symbolic links", result.stderr)

    def test_stat(self):
        result = efs("stat", PLAIN / "tree.img", "/bin/su")
        fields = dict(line.split(None, 1)
                      for line in result.stdout.decode().splitlines())
        self.assertEqual(fields["inode"], "15")
        self.assertEqual(fields["mode"], "104755")
        self.assertEqual(fields["data"], "3 bytes at 30377")

    def test_dump_of_one_inode(self):
        text = efs("dump", PLAIN / "tiny.img", "2").stdout.decode()
        self.assertTrue(text.startswith(
            "inode 2: slot at 4104, record at 4242: inode 2, 123 bytes\n"),
            text)
        self.assertIn('0x000a CONTENT, 6 bytes: "hello\\x0a"', text)
        self.assertIn("0x0002 MODE, 4 bytes: 0100644", text)

    def test_dump_of_all(self):
        text = efs("dump", PLAIN / "tiny.img").stdout.decode()
        self.assertIn("total_inodes       2", text)
        self.assertIn('inode 2 "hello"', text)

    def test_df(self):
        text = efs("df", PLAIN / "tree_slots.img").stdout.decode()
        self.assertIn("inodes       23 of 64 slots", text)
        self.assertIn("symlinks     5, 34 bytes", text)

    def test_get_copies_a_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            dest = pathlib.Path(folder) / "out"
            result = efs("get", PLAIN / "tree.img", "/", dest)
            self.assertEqual(result.stderr, b"")
            self.assertEqual(result.returncode, 0)
            self.assertEqual(os.readlink(dest / "a" / "b" / "up"),
                             "../../top")
            self.assertEqual((dest / "bin" / "sh").stat().st_size, 20000)
            self.assertEqual((dest / "bin" / "sh").stat().st_mode & 0o777,
                             0o755)
            self.assertEqual(int((dest / "top").stat().st_mtime), 1700100015)
            again = efs("get", PLAIN / "tree.img", "/", dest)
            self.assertEqual(again.returncode, 1)
            self.assertIn(b"File exists", again.stderr)


class DamagedImages(unittest.TestCase):
    """What is readable is listed; what is not is told; nothing crashes."""

    def check(self, name, expected, complaint):
        """Lists a damaged image.

        Expects exactly the lines `expected`, and `complaint` on stderr with
        exit status 1; or, if it is None, no complaint and status 0.
        """
        result = efs("ls", "--manifest", DAMAGED / name)
        self.assertEqual(result.stdout.splitlines(), expected)
        if complaint is None:
            self.assertEqual(result.stderr, b"")
            self.assertEqual(result.returncode, 0)
        else:
            self.assertIn(complaint, result.stderr)
            self.assertEqual(result.returncode, 1)

    def test_all_are_covered(self):
        self.assertEqual(len(list(DAMAGED.glob("*.img"))), 12)

    def test_gap_in_the_inode_numbers(self):
        # From inode 5 on, a slot leads to the record of the next inode.
        expected = [line for line in TREE
                    if line.split(b"\t")[0] in (b"/", b"/a", b"/bin", b"/etc")]
        self.check("tree_gap.bad.img", expected,
                   b"inode 6, block 1: record of another inode")

    def test_entry_beyond_total_inodes(self):
        self.check("tree_grown_torn.bad.img", TREE,
                   b"inode 4, block 7: entry leads to no inode")

    def test_junk_behind_the_last_record(self):
        self.check("tree_mut1.img", TREE, None)

    def test_number_repeated_with_another_length(self):
        # CTIME of the root became a second, longer NLINK before the right
        # one: ctime is missing, hence 0, and the last NLINK counts.
        root = TREE[0].split(b"\t")
        root[10] = b"0"
        self.check("tree_mut2.img", [b"\t".join(root)] + TREE[1:], None)

    def test_table_past_the_end(self):
        for name in ("tree_mut3.img", "tree_mut6.img"):
            self.check(name, [],
                       b"inode table reaches past the end of the device")

    def test_record_past_the_end(self):
        self.check("tree_mut4.img", without("/etc"), b"inode 4, block 7")

    def test_dangling_entries(self):
        self.check("tree_mut5.img", without("/a/b"),
                   b"inode 2, block 1: entry leads to no inode")
        self.check("tree_mut8.img", without("/a/b/c"),
                   b"inode 7, block 1: entry leads to no inode")

    def test_entry_that_leads_to_the_root(self):
        self.check("tree_mut7.img", without("/abs"),
                   b"another entry leads to this directory too")

    def test_size_smaller_than_content(self):
        # The content's length is the file's length.
        result = efs("cat", DAMAGED / "tree_size_lt_content.bad.img", "/top")
        self.assertEqual(len(result.stdout), 100)

    def test_orphan_is_not_seen(self):
        self.check("tree_unlinked_orphan.bad.img", without("/top"), None)

    def test_every_command_survives(self):
        for image in sorted(DAMAGED.glob("*.img")):
            for command in (["dump"], ["df"], ["ls", "-l"]):
                with self.subTest(image=image.name, command=command):
                    result = efs(*command, image)
                    self.assertIn(result.returncode, (0, 1))

    def test_truncation_anywhere(self):
        whole = (PLAIN / "tree.img").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            image = pathlib.Path(folder) / "cut.img"
            # A disk has whole sectors: a cut within one cannot be seen.
            for size in (0, 1, 64, 65, 512, 4096, 4100, 4280, 4608, 5000,
                         10200, 31000):
                image.write_bytes(whole[:size])
                result = efs("ls", "--manifest", image)
                self.assertEqual(result.returncode, 1, size)
                self.assertNotEqual(result.stderr, b"", size)


class ExtendedImages(unittest.TestCase):
    """Images that can be changed."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.image = self.folder / "image"
        self.tree = self.folder / "tree"
        (self.tree / "sub").mkdir(parents=True)
        (self.tree / "small").write_text("some text\n")
        (self.tree / "sub" / "large").write_bytes(bytes(range(251)) * 999)
        (self.tree / "sub" / "link").symlink_to("../small")
        os.link(self.tree / "small", self.tree / "sub" / "again")
        result = subprocess.run([HOST / "mkfs.eclipsefs", "-s", "4M",
                                 self.image], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def efs(self, command, *args):
        """Runs a command over the image, which must work, and leave it
        sound; returns what it prints."""
        result = efs(command, self.image, *args)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.check_sound()
        return result.stdout

    def fail(self, why, command, *args):
        """Runs a command, which must fail, and leave the image sound."""
        result = efs(command, self.image, *args)
        self.assertEqual(result.returncode, 1)
        self.assertIn(why, result.stderr)
        self.check_sound()

    def check_sound(self):
        result = subprocess.run([HOST / "fsck.eclipsefs", self.image],
                                capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)

    def tree_of(self, path):
        """Returns a tree's manifest without times and inode numbers."""
        lines = efs("ls", "--manifest", self.image, path).stdout.splitlines()
        return [line.split(b"\t")[:8] for line in lines]

    def test_put_get_rm(self):
        free = self.efs("df").split(b"\n")[2:4]
        self.efs("put", self.tree, "/copy")
        rows = self.tree_of("/copy")
        self.assertEqual([row[0] for row in rows],
                         [b"/copy", b"/copy/small", b"/copy/sub",
                          b"/copy/sub/again", b"/copy/sub/large",
                          b"/copy/sub/link"])
        self.efs("get", "/copy", self.folder / "out")
        diff = subprocess.run(["diff", "-r", "--no-dereference", self.tree,
                               self.folder / "out"], check=False)
        self.assertEqual(diff.returncode, 0)
        before = self.tree_of("/")
        self.efs("put", self.tree, "/copy/sub/deeper")
        self.efs("rm", "-r", "/copy/sub/deeper")
        self.assertEqual(self.tree_of("/"), before)
        self.efs("rm", "-r", "/copy")
        self.assertEqual(self.efs("df").split(b"\n")[2:4], free)

    def test_put_replaces_a_file(self):
        self.efs("put", self.tree / "small", "/")
        self.efs("put", self.tree / "sub" / "large", "/small")
        self.assertEqual(self.efs("cat", "/small"),
                         (self.tree / "sub" / "large").read_bytes())

    def test_rm_of_a_hard_link(self):
        self.efs("put", self.tree, "/copy")
        self.efs("rm", "/copy/small")
        self.assertEqual(self.efs("cat", "/copy/sub/again"), b"some text\n")
        self.assertIn(b"nlink   1\n", self.efs("stat", "/copy/sub/again"))

    def test_what_cannot_be_done(self):
        self.efs("put", self.tree, "/copy")
        before = self.tree_of("/")
        self.fail(b"directory not empty", "rm", "/copy")
        self.fail(b"no such file", "rm", "/copy/none")
        self.fail(b"invalid argument", "rm", "/")
        self.fail(b"is a directory", "put", self.tree / "sub", "/copy")
        self.fail(b"not a directory", "put", self.tree / "small",
                  "/copy/small/x")
        self.fail(b"No such file", "put", self.tree / "none", "/")
        self.fail(b"No such file", "get", "/copy", "/nonexistent/x")
        self.assertEqual(self.tree_of("/"), before)

    def test_what_does_not_fit_leaves_nothing(self):
        (self.tree / "zzz").write_bytes(os.urandom(5 << 20))
        before = self.tree_of("/")
        self.fail(b"the image is full", "put", self.tree, "/copy")
        self.assertEqual(self.tree_of("/"), before)
        self.fail(b"the image is full", "put", self.tree / "zzz", "/")
        self.assertEqual(self.tree_of("/"), before)

    def test_stat(self):
        self.efs("put", self.tree, "/copy")
        text = self.efs("stat", "/copy/sub/large").decode()
        self.assertIn("layout  extents\nblocks  62\n", text)
        self.assertIn("layout  inline\nblocks  0\n",
                      self.efs("stat", "/copy/small").decode())

    def test_dump(self):
        many = self.tree / "many"
        many.mkdir()
        for i in range(300):
            os.link(self.tree / "small", many / f"number {i} of them all")
        self.efs("put", self.tree, "/copy")
        text = self.efs("dump").decode()
        self.assertIn("journal at block 1: sequence ", text)
        self.assertIn("in its place: ", text)
        self.assertNotIn("wrong", text)
        ino = self.efs("stat", "/copy/many").split()[1].decode()
        text = self.efs("dump", ino).decode()
        self.assertIn("0x0102 HASH_INDEX", text)
        self.assertEqual(text.count(' of them all"'), 300)
        self.assertGreater(text.count('"ELEF" of inode ' + ino), 1)

    def test_dump_of_a_block(self):
        text = self.efs("dump", "block", "0").decode().splitlines()
        self.assertEqual(text[0], "block 0: header")
        self.assertEqual(text[1], "00000000   45 43 4c 49 50 53 45 46  "
                                  "53 00 00 02 00 00 20 05  |ECLIPSEFS..... .|")
        self.assertIn("block 1: journal\n00001000   45 4a 4e 4c",
                      self.efs("dump", "block", "1").decode())
        self.fail(b"invalid argument", "dump", "block", "1024")

    def test_plain_images_stay(self):
        before = (PLAIN / "tiny.img").read_bytes()
        for args in (["put", PLAIN / "tiny.img", __file__, "/"],
                     ["rm", PLAIN / "tiny.img", "/hello"]):
            result = efs(*args)
            self.assertEqual(result.returncode, 1)
            self.assertIn(b"a plain image cannot be changed", result.stderr)
        self.assertEqual((PLAIN / "tiny.img").read_bytes(), before)


class Usage(unittest.TestCase):
    """Wrong calls."""

    def test_wrong_usage_is_status_2(self):
        for args in ([], ["frob"], ["ls"], ["cat", "x"], ["-l", "df", "x"],
                     ["ls", "--frob", "x"], ["df", "x", "y"],
                     ["dump", PLAIN / "tiny.img", "x"],
                     ["dump", PLAIN / "tiny.img", "block"],
                     ["dump", PLAIN / "tiny.img", "1", "2"]):
            result = efs(*args)
            self.assertEqual(result.returncode, 2, args)
            if args[:1] != ["dump"]:
                self.assertIn(b"usage: efs", result.stderr)

    def test_help(self):
        result = efs("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"usage: efs", result.stdout)

    def test_what_is_no_image(self):
        for path, why in [("/nonexistent", b"No such file or directory"),
                          ("/", b"Is a directory"),
                          (__file__, b"no eclipsefs magic"),
                          ("/dev/null", b"too small for eclipsefs")]:
            result = efs("ls", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(why, result.stderr)


methods.export(globals())

if __name__ == "__main__":
    unittest.main()
