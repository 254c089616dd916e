"""Step 5: paths."""

from _tree import (DIR, FOLLOW, LINKS_MAX, LNK, MUST_BE_DIRECTORY, OTHER, REG, Script, Tree,
                   World, resolve)  # fmt: skip

from grading import check_equal, test

SECTION = "Step 5: Paths"


def letters(run, count=6):
    """Return a name."""
    return "".join(run.random.choice("abcdefghij") for _ in range(count))


def plain(run):
    """A tree /a/b/c with a file in each, and names that only begin alike."""
    tree, names = Tree(), [letters(run) for _ in range(3)]
    at = 1
    for name in names:
        at = tree.dir(at, name)
        tree.add(at, "file")
        tree.add(at, name + "x")
        tree.dir(at, name[:-1])
    return tree, names


def paths(random, names, count):
    """Return paths made of names, with any number of slashes in any place."""
    found = []
    for _ in range(count):
        picks = [random.choice(names) for _ in range(random.randrange(1, 9))]
        text = random.choice(("", "", "/", "//"))
        for name in picks:
            text += name + "/" * random.choice((1, 1, 1, 2, 3))
        found.append(text if random.random() < 0.3 else text.rstrip("/") or "/")
    return found


@test(points=2, step="path", section=SECTION, blames="step,walk_on", evidence="answers",
      hint="One component after the other: dentry_lookup in w->at, then move_to.")
def names_lead_down(run):
    """Each component leads from a directory to what its name means there."""
    tree, (a, b, c) = plain(run)
    script = Script(World(tree))
    script.find(f"/{a}", f"/{a}/{b}", f"/{a}/{b}/{c}", f"/{a}/{b}/{c}/file", f"/{a}/file",
                f"{a}/{b}/file", f"/{a}/{a}x", f"/{a}/{a[:-1]}", "/", f"/{b}", f"/{a}/{c}",
                f"/{a}/none", "none", f"/none/{b}", f"/{a}/file/{b}", f"/{a}/fil", "")  # fmt: skip
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="walk_on", evidence="answers",
      hint="Several slashes are one; one at the end asks for a directory.")
def slashes_only_separate(run):
    """Slashes, however many, stand between components; behind the last one they ask for a
    directory."""
    tree, (a, b, _) = plain(run)
    tree.link(1, "to", a)
    tree.link(1, "tofile", f"{a}/file")
    script = Script(World(tree))
    script.find("////", f"//{a}///{b}", f"/{a}/", f"{a}//", f"/{a}/file/", f"{a}/{b}/file///",
                "to/", "to//", "tofile/", f"to///{b}//file")  # fmt: skip
    script.find(f"/{a}", f"/{a}/file", "to", flags=MUST_BE_DIRECTORY)
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="step,step_up", evidence="answers",
      hint=". and .. are in no directory on the disk; dentry_parent knows what is above.")
def dots_stay_and_go_up(run):
    """. stays, .. goes up, and above the root there is the root."""
    tree, (a, b, c) = plain(run)
    tree.dir(1, "...")
    tree.dir(1, "..x")
    tree.dir(1, ".x")
    script = Script(World(tree))
    script.find(".", "..", "/..", "/../../..", f"/{a}/.", f"/{a}/..", f"/{a}/{b}/../{b}/./{c}",
                f"/{a}/{b}/{c}/../../file", f"/{a}/{b}/../../../../{a}", "/...", "/..x", "/.x",
                f"/{a}/file/.", f"/{a}/file/..", "/none/..", "/.../../.x")  # fmt: skip
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="walk_begin,step_up", evidence="answers",
      hint="ctx->root, base, or fs_context_get_cwd.")
def walks_begin_somewhere(run):
    """A path begins at the process's root, at a directory that is named, or in its own."""
    tree, (a, b, c) = plain(run)
    second = 2 + 4  # the inode of /a/b
    script = Script(World(tree))
    script.find("file", b, f"/{a}", f"../{a}/file", base=2).find("file", a)
    script.cwd(second).find("file", "..", c, f"../{b}/file", ".", f"/{a}", "../..", "")
    script.find("file", base=2)
    script.root(2).find("/", "/..", f"/{b}/file", f"/../../{b}", f"/{a}", "..", "../..", "file")
    script.find("file", "..", base=second).parents("/..", "/x", f"/{b}/x", "x")
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="step,step_up", evidence="answers",
      hint="cross_mounts, wherever a walk comes to another directory.")
def mounts_are_crossed(run):
    """Where another tree is mounted its root is seen, and .. leads out of it."""
    tree, (a, b, c) = plain(run)
    other = Tree()
    inside = other.dir(1, "inside")
    other.add(inside, "leaf")
    other.link(1, "out", f"../{b}x/../file")
    other.link(1, "abs", f"/{a}/file")
    mounted = 2 + 4
    tree.link(1, "there", f"{a}/{b}/inside")
    script = Script(World(tree, other, mounted))
    script.find(f"/{a}/{b}", f"/{a}/{b}/inside/leaf", f"/{a}/{b}/file", f"/{a}/{b}/..",
                f"/{a}/{b}/inside/..", f"/{a}/{b}/inside/../../file", "there/leaf",
                f"/{a}/{b}/abs/", f"/{a}/{b}/../{b}/inside")  # fmt: skip
    script.find(f"/{a}/{b}/out", f"/{a}/{b}/abs", flags=FOLLOW)
    script.cwd(OTHER + inside).find("leaf", "..", "../..", "../../..")
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="follow,end_link,read_link",
      evidence="answers",
      hint="The target is walked from the directory in which the link is; then comes what "
           "stood behind the link.")  # fmt: skip
def links_are_followed(run):
    """A link on the way is replaced by its target, relative to where the link is."""
    tree, (a, b, c) = plain(run)
    tree.link(2, "rel", f"{b}/{c}")
    tree.link(2, "abs", f"/{a}/{b}")
    tree.link(2, "up", "..")
    tree.link(2, "slash", f"{b}/")
    tree.link(2, "twice", "rel/..")
    tree.link(2, "root", "/")
    tree.link(2, "tofile", "file")
    script = Script(World(tree))
    script.find(*(f"/{a}/{name}/{rest}" for name in ("rel", "abs", "up", "slash", "twice", "root")
                  for rest in (".", "..", "file", a, c, "")), f"/{a}/tofile/x",
                f"{a}/up/{a}/rel/file", f"{a}/rel/../../file", f"{a}/abs/{c}/../file")
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="step", evidence="answers",
      hint="The last component is not followed, unless PATH_FOLLOW says so.")
def the_last_link_is_followed_if_asked(run):
    """A link at the end is followed with PATH_FOLLOW, or a slash behind it, only."""
    tree, (a, b, _) = plain(run)
    tree.link(1, "one", a)
    tree.link(1, "two", "one")
    tree.link(1, "file", f"{a}/file")
    tree.link(1, "none", "nowhere")
    tree.link(1, "magic", "@root")
    names = ("one", "two", "file", "none", "magic", f"one/{b}", "two/../two", "magic/one")
    script = Script(World(tree)).find(*names).find(*names, flags=FOLLOW)
    script.find(*names, flags=MUST_BE_DIRECTORY).find(*(f"{name}/" for name in names))
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="follow", evidence="answers",
      hint="PATH_LINKS_MAX links are followed, one more is not; count them in the whole walk.")
def forty_links_are_followed(run):
    """40 links are followed in a walk, in one another or one by one; 41 are ELOOP."""
    tree = Tree()
    end = tree.dir(1, "end")
    tree.link(end, "back", "../end")
    tree.link(1, "l0", "end")
    for n in range(1, 50):
        tree.link(1, f"l{n}", f"l{n - 1}")
    tree.link(1, "self", "self")
    tree.link(1, "ping", "pong/x")
    tree.link(1, "pong", "ping/x")
    most = LINKS_MAX
    script = Script(World(tree))
    script.find(f"l{most - 1}", f"l{most}", "l49", "self", "ping", flags=FOLLOW)
    script.find(f"l{most - 2}/back/", f"l{most - 1}/back/", "self/x", "end" + "/back" * most + "/",
                "end" + "/back" * (most + 1) + "/", "end" + "/back" * 20 + f"/../l{most - 21}/")
    script.find("end" + "/back" * 21 + f"/../l{most - 21}/")
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="read_link", evidence="answers",
      hint="readlink's result is the whole length, even if less was copied.")
def targets_have_limits(run):
    """A target that is empty, or does not fit a path, leads nowhere; the longest does."""
    tree, (a, _, _) = plain(run)
    tree.link(1, "empty", "")
    for name, length in (("longest", 4095), ("over", 4096), ("far", 5000)):
        tree.link(1, name, f"/{a}".ljust(length - 5, "/") + "/file")
    tree.link(1, "short", f"{a}/")
    script = Script(World(tree))
    script.find("longest", "short", "over", "far", "empty", flags=FOLLOW)
    script.find("short/file", "longest", "over", "over/file", "empty/", "empty", "short/")
    yield from resolve(run, script)


@test(points=1, step="path", section=SECTION, blames="step,stop_at", evidence="answers",
      hint="NAME_MAX bytes are a name. Who asks a file system for more?")
def names_have_limits(run):
    """Names of 255 bytes are found, longer ones are ENAMETOOLONG, in directories only."""
    tree, long = Tree(), letters(run, 255)
    inside = tree.dir(1, long)
    tree.add(inside, "file")
    tree.link(1, "to", long + "/file")
    script = Script(World(tree))
    script.find(f"/{long}", f"/{long}/file", f"{long}x", f"{long}x/file", f"/{long}/file/{long}x",
                f"none/{long}x").find("to", flags=FOLLOW)  # fmt: skip
    script.parents(f"/{long}", f"/{long}x", f"{long}x/y", f"/{long}/{long}")
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="check_search", evidence="answers",
      hint="inode_may decides, for cred_current().")
def directories_must_be_searched(run):
    """Whoever goes through a directory must be allowed to, and it must be one."""
    tree = Tree()
    uid = run.random.randrange(1, 1000)
    for name, mode, owner in (("open", 0o711, 0), ("shut", 0o700, 0), ("mine", 0o100, uid),
                              ("not", 0o477, uid), ("list", 0o744, 0)):  # fmt: skip
        at = tree.add(1, name, DIR & ~0o777 | mode, uid=owner)
        tree.add(at, "file")
        tree.link(at, "link", "file")
    tree.add(1, "plain", REG | 0o111)
    names = [f"{name}{rest}" for name in ("open", "shut", "mine", "not", "list", "plain")
             for rest in ("", "/file", "/.", "/..", "/link", "/none")]  # fmt: skip
    script = Script(World(tree)).user(uid).find(*names).user(0).find(*names).user(uid)
    script.parents(*(f"{name}/new" for name in ("open", "shut", "mine", "not", "list", "plain")))
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="stop_at,walk_on", evidence="answers",
      hint="path.h has the four kinds. All but the last component is resolved, whether or not "
           "that one is there.")  # fmt: skip
def the_last_component_is_taken_down(run):
    """What is to be made or removed: the directory, and the name as it stands there."""
    tree, (a, b, c) = plain(run)
    tree.link(1, "to", f"{a}/{b}")
    script = Script(World(tree))
    script.parents(f"/{a}/new", f"{a}/{b}/{c}", f"/{a}/file", "new", "/new/", f"{a}/{b}//", "/",
                   "//", ".", "..", f"/{a}/.", f"/{a}/..", f"/{a}/../", f"{a}/{b}/../new", "to",
                   "to/", "to/new", "none/new", f"{a}/file/new", "", "to/../new//")  # fmt: skip
    yield from resolve(run, script)


@test(points=2, step="path", section=SECTION, blames="stop_at,follow", evidence="answers",
      hint="open(2) makes the file that a link leads to. With a slash behind it nothing is "
           "followed.")  # fmt: skip
def links_at_the_end_lead_on(run):
    """With PATH_FOLLOW a link at the end is replaced by its target's last component."""
    tree, (a, b, _) = plain(run)
    tree.link(1, "new", f"{a}/{b}/fresh")
    tree.link(1, "old", f"{a}/file")
    tree.link(1, "two", "new")
    tree.link(1, "root", "/")
    tree.link(1, "dir", f"{a}/")
    tree.link(1, "up", f"{a}/..")
    tree.link(1, "bad", "none/fresh")
    tree.link(1, "loop", "loop")
    tree.link(1, "magic", "@root")
    names = ("new", "old", "two", "root", "dir", "up", "bad", "loop", "new/", "loop/", f"{a}/x",
             "root/two", "dir/../new", "fresh", "magic")  # fmt: skip
    script = Script(World(tree)).parents(*names, flags=FOLLOW).parents(*names)
    yield from resolve(run, script)


def wild(run):
    """A world of directories, links and files, and names in it."""
    tree, other, random = Tree(), Tree(), run.random
    for one, count in ((tree, 60), (other, 25)):
        dirs, taken = [1], set()
        for _ in range(count):
            at, name = random.choice(dirs), random.choice("abcdefgh")
            if (at, name) in taken:
                continue
            taken.add((at, name))
            kind = random.random()
            if kind < 0.45:
                dirs.append(one.dir(at, name))
            elif kind < 0.6:
                one.add(at, name)
            else:
                names = list("abcdefgh") + ["..", "."]
                one.link(at, name, random.choice(paths(random, names, 1)))
    mounted = next((n for n, x in enumerate(tree.nodes, 1) if n > 1 and x.mode == DIR), 0)
    return World(tree, other, mounted), list("abcdefgh") + ["..", ".", "..", "none"]


@test(points=2, step="path", section=SECTION,
      blames="walk_on,step,follow,end_link,stop_at,step_up", evidence="answers",
      hint="Try the path that is named with `make grade T=any_path_in_any_tree`, and draw what "
           "it leads through.")  # fmt: skip
def any_path_in_any_tree(run):
    """Paths that are drawn lead, in trees that are drawn, to where the rules say."""
    scripts = []
    for _ in range(4):
        world, names = wild(run)
        script = Script(world)
        for flags in (0, FOLLOW):
            script.find(*paths(run.random, names, 40), flags=flags)
            script.parents(*paths(run.random, names, 20), flags=flags)
        scripts.append(script)
    yield from resolve(run, *scripts)


@test(points=2, step="path", section=SECTION, blames="walk_end,step,stop_at,follow,end_link",
      evidence="answers",
      hint="Each way out of a walk gives back what it holds: the place, what was looked up, and "
           "the links it is in.")  # fmt: skip
def all_is_given_back(run):
    """When a walk is over, well or not, it holds nothing but its result."""
    tree, (a, b, _) = plain(run)
    tree.link(1, "in", f"{a}/in2")
    tree.link(2, "in2", f"{b}/none/x")
    tree.link(1, "self", "self/")
    tree.link(1, "file", f"{a}/file")
    tree.link(1, "empty", "")
    tree.link(1, "over", "x" * 5000)
    tree.link(1, "good", f"/{a}/{b}")
    tree.link(1, "magic", "@root")
    every = (f"/{a}/{b}/file", f"{a}/../{b}", "in", "in/x", "self", "self/x", "file/x", "file",
             "empty/", "over/", "good/..", "good/file", "good/none", f"/{a}/none", "/none/x",
             "x" * 300, "magic/good", f"/{a}/file/..", "good")  # fmt: skip
    script = Script(World(tree)).find(*every).find(*every, flags=FOLLOW)
    script.parents(*every).parents(*every, flags=FOLLOW)
    [seen] = yield from resolve(run, script)
    for (_, _, about), one in zip(script.expected, seen):
        check_equal(one.references, 0, f"references that were taken and not given back, {about}")
        check_equal(one.memory, 0, f"links that were not freed, {about}")
