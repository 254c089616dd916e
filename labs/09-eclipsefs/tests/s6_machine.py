"""Step 6: programs that read a disk."""

import struct

from _image import BLOCK, DIRECTORY, FILE, LINK, Image, entry
from _machine import (EIO, ENOENT, EUCLEAN, Disk, answers, fields, listed,
                      request)  # fmt: skip

from grading import check, check_equal, test
from grading.errors import ENOTDIR

SECTION = "Step 6: All of it"
PROMPT = r"umbra# $"


def grown(run):
    """A disk with a tree that was drawn, and an image of it, anywhere on it. The same
    for all that ask."""
    disk = Disk(run, "tree")
    random = disk.random
    dirs = ["/"]
    for n in range(14):
        dirs.append(f"{random.choice(dirs).rstrip('/')}/d{n}")
        disk.add(dirs[-1], DIRECTORY)
    sizes = [0, 1, BLOCK, 200_000] + [random.randrange(1, 30_000) for _ in range(16)]
    files = []
    for n, size in enumerate(sizes):
        name = f"f{n}" + "x" * random.choice((0, 0, 40, 240))
        files.append(f"{random.choice(dirs).rstrip('/')}/{name}")
        disk.add(files[-1], FILE, random.randbytes(size))
    links = []
    for n in range(8):
        links.append(f"{random.choice(dirs).rstrip('/')}/l{n}")
        disk.add(links[-1], LINK, random.choice(files).encode())
    for path in files:
        disk.ask("c", path)
        disk.ask("s", path)
    for path in dirs:
        disk.ask("d", path)
        disk.ask("L", path)
    for path in links:
        for what in "clLs":
            disk.ask(what, path)
    for what, path in (("s", files[0] + "/"), ("s", files[1] + "/."), ("s", "/none"),
                       ("d", files[2]), ("s", "/" + "d/" * 9), ("s", links[0] + "/")):  # fmt: skip
        disk.ask(what, path)
    image = Image(disk.finish(), table=random.randrange(65, 9000), spare=random.randrange(20),
                  random=random)  # fmt: skip
    return disk, image, (dirs, files, links)


def asked(run):
    """Boot with the tree; return the disk, its paths and what was found."""
    disk, image, all_paths = grown(run)
    record = yield request(run, image)
    return disk, all_paths, answers(record, disk)


@test(points=2, step="machine", section=SECTION, blames="efs_read,locate,step,parse_tlv",
      evidence=("disk", "status"),
      hint="What the log says last is how far it came.")
def a_tree_is_read(run):
    """A program reads all files of a disk that was made for this run."""
    disk, (_, files, _), found = yield from asked(run)
    for path in files:
        result, data = found["c", path]
        check_equal(result, 0, f"read of {path}")
        check(data == disk.file(path), f"{path} holds something else")


@test(points=1, step="machine", section=SECTION, blames="next_in_list,set_number,finish_node",
      evidence=("disk", "status"),
      hint="stat and getdents64 tell what you have read of records and entries.")
def directories_and_inodes_are_seen(run):
    """Programs see what is in directories, and what inodes are like."""
    disk, (dirs, files, _), found = yield from asked(run)
    for path in dirs:
        result, data = found["d", path]
        check_equal((result, listed(data)), (0, disk.names(path)), f"names in {path}")
    for what, path in [("L", d) for d in dirs if d != "/dev"] + [("s", f) for f in files]:
        result, data = found[what, path]
        check_equal(result, 0, f"stat of {path}")
        check_equal(fields(data), disk.status(path), f"stat of {path}: mode, uid, gid, nlink, "
                    "size, inode, mtime")  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="follow,step,read_link,walk_on",
      evidence=("disk", "status"),
      hint="Links lead on, unless a program wants the link itself.")
def programs_follow_links(run):
    """Programs come to files through links, and hear why a path leads nowhere."""
    disk, (_, files, links), found = yield from asked(run)
    for path in links:
        target = disk.file(path)
        check_equal(found["l", path], (len(target), target), f"readlink of {path}")
        result, data = found["c", path]
        check(result == 0 and data == disk.file(target.decode()), f"{path} -> {target.decode()}")
        check_equal(fields(found["s", path][1]), disk.status(target.decode()), f"stat of {path}")
        check_equal(fields(found["L", path][1]), disk.status(path), f"lstat of {path}")
    wrong = {("s", files[0] + "/"): ENOTDIR, ("s", files[1] + "/."): ENOTDIR, ("s", "/none"): ENOENT,
             ("d", files[2]): ENOTDIR, ("s", links[0] + "/"): ENOTDIR}  # fmt: skip
    for (what, path), error in wrong.items():
        check_equal(found[what, path][0], error, f"{'open' if what == 'd' else 'stat'} of {path}")


@test(points=1, step="machine", section=SECTION,
      blames="parse_head,parse_tlv,efs_find_record,next_in_list,efs_dir_check_link",
      evidence=("disk", "status"),
      hint="-EUCLEAN where the damage is met; nothing else is touched by it.")
def damage_costs_what_is_damaged(run):
    """On a damaged disk all is read that is not damaged, and the rest is an error."""
    disk = Disk(run, "damage")
    random = disk.random
    wrong = ["head", "tlv", "slot", "gone", "cycle", "in/lost"]
    disk.add("/in", DIRECTORY)
    for name in wrong[:3] + ["in/lost", "good", "in/good", "last"]:
        disk.add(f"/{name}", FILE, random.randbytes(random.randrange(100, 6000)))
    disk.nodes[1].entries += [(b"gone", 4000), (b"cycle", 1)]
    for name in [*wrong, "good", "in/good", "last"]:
        disk.ask("s" if name in ("gone", "cycle") else "c", f"/{name}")
    disk.ask("d", "/in")
    folder = disk.nodes[disk.places["/in"]]
    folder.entries.sort(key=lambda e: e[0] == b"lost")
    image = Image(disk.finish(), random=random)
    head, bad, slot = (disk.places[f"/{name}"] for name in wrong[:3])
    image.patched(image.address[head], struct.pack("<II", head + 1, 77))
    image.patched(image.address[bad] + 10, b"\xff\xff\xff\x7f")
    image.patched(image.table + 8 * (slot - 1) + 4, b"\xf0\xff\xff\xff")
    lost = entry(b"lost", disk.places["/in/lost"])
    image.patched(image.data.index(lost), struct.pack("<I", 500))
    record = yield request(run, image)
    found = answers(record, disk)
    for name in wrong:
        what = "s" if name in ("gone", "cycle") else "c"
        check_equal(found[what, f"/{name}"][0], EUCLEAN, f"what comes of /{name}, damaged")
    for path in ("/good", "/in/good", "/last"):
        check_equal(found["c", path], (0, disk.file(path)), f"{path}, which is not damaged")
    check(listed(found["d", "/in"][1]) == [b"good"], "of /in what comes before the damage is seen")


@test(points=1, step="machine", section=SECTION, blames="efs_read,efs_file_read",
      evidence=("errors", "disk", "status"),
      hint="-EIO is for who reads there, and for nobody else.")
def a_bad_sector_is_an_error(run):
    """Where QEMU's disk cannot be read is an error, elsewhere there are files."""
    disk = Disk(run, "bad")
    random = disk.random
    for name in ("before", "bad", "behind"):
        disk.add(f"/{name}", FILE, random.randbytes(40_000))
        disk.ask("c", f"/{name}")
        disk.ask("s", f"/{name}")
    image = Image(disk.finish(), table=random.randrange(65, 9000))
    sector = (image.address[disk.places["/bad"]] + random.randrange(9000, 30_000)) // 512
    record = yield request(run, image, errors=[{"iotype": "read", "sector": sector, "errno": 5}])
    found = answers(record, disk)
    check_equal(found["c", "/bad"][0], EIO, "read of a file with a bad sector")
    for path in ("/before", "/behind"):
        check_equal(found["c", path], (0, disk.file(path)), path)
    check_equal(fields(found["s", "/bad"][1])[5], disk.places["/bad"], "inode of the bad one")


@test(points=1, step="machine", section=SECTION, blames="walk_on,step,efs_read",
      evidence="answers",
      hint="What the log says last is how far it came.")
def the_system_comes_up(run):
    """From a plain image init comes up, and a shell that reads a file."""
    secret = run.random.randbytes(24).hex()
    disk = run.image({"/etc/secret": f"{secret}\n".encode()}, userland=True, plain=True)
    record = yield run.boot(disks=[disk], prompt=PROMPT,
                            input=("cd /proc/self/../../etc/../bin && cat ../etc/./secret",))
    check(secret in record.console, "the file's content, which only the disk knows", record)
