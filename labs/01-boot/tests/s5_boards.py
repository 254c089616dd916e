"""Step 5: boards that QEMU makes, and such as it does not."""

import random

from _fdt import flatten, parse, strings

from grading import check, check_equal, test

SECTION = "Step 5: Other boards"
PROMPT = r"umbra# $"


def boot(run, machine, **more):
    """Boot to the shell and read a file; return (request, what is in it)."""
    secret = random.Random(f"{run.seed}:secret").randbytes(24).hex()
    request = run.boot(
        files={"/etc/secret": (secret + "\n").encode()}, machine=machine,
        prompt=PROMPT, input=("cat /etc/secret",), **more,
    )  # fmt: skip
    return request, secret


def works(run, machine):
    """The kernel boots, finds its disk and reads it."""
    request, secret = boot(run, machine)
    record = yield request
    check(secret in record.console, "the file's content, which only the disk knows")


@test(points=2, step="boards", section=SECTION, blames="fdt_walk_next",
      evidence="answers", hint="What the log says last is how far it came.")
def the_board_boots(run):
    """QEMU's board boots to a shell."""
    yield from works(run, run.machine(icount=False))


@test(points=2, step="boards", section=SECTION, blames="add_virtio",
      evidence="trace",
      hint="The kernel looks into the slots that you have found.")
def all_slots_are_looked_into(run):
    """Each of the board's eight slots is probed."""
    request, _ = boot(run, run.machine(harts=1, icount=False), trace=("virtio_mmio_read",))
    record = yield request
    probes = [e for e in record.events("virtio_mmio_read") if e.fields.get("offset") == 0]
    check_equal(len(probes) >= 8, True, f"{len(probes)} probes of the eight slots")


def changed(run, change, machine):
    """Return the machine with another device tree; change(root) makes it."""
    root = parse(run.dumpdtb(machine))
    change(root)
    path = f"{run.tmp}/{change.__name__}.dtb"
    with open(path, "wb") as file:
        file.write(flatten(root))  # QEMU adds to it, and wants no NOPs
    return path


def shuffle(run):
    """Return a change that puts nodes and properties in another order."""

    def shuffled(root):
        for node, _ in list(root.walk()):
            run.random.shuffle(node.children)
            names = list(node.props)
            run.random.shuffle(names)
            node.props = {name: node.props[name] for name in names}

    return shuffled


def stranger(root):
    """Add what the kernel does not know, and what is disabled."""
    soc = root.find("soc")
    soc.children.insert(0, type(root)("odd@1", {"compatible": strings("acme,odd")}))
    node = soc.children[1]
    off = {"status": strings("disabled")}
    twin = type(root)("twin@2", {**node.props, **off})
    soc.children.insert(0, twin)


@test(points=2, step="boards", section=SECTION, blames="fdt_walk_next",
      evidence="answers",
      hint="Nothing may depend on the order of nodes.")
def the_order_does_not_matter(run):
    """The board, its nodes in any order, boots to a shell."""
    machine = run.machine(harts=1)
    path = changed(run, shuffle(run), machine)
    yield from works(run, run.machine(harts=1, dtb=path, icount=False))


@test(points=1, step="boards", section=SECTION, blames="inherit",
      evidence="answers",
      hint="What is disabled is not there.")
def strangers_do_no_harm(run):
    """Unknown and disabled nodes are passed over."""
    path = changed(run, stranger, run.machine(harts=1))
    yield from works(run, run.machine(harts=1, dtb=path, icount=False))
