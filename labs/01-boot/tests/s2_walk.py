"""Step 2: nodes and properties."""

from _fdt import STANDARD, Node, cells, flatten, random_tree, strings
from _tree import ENOENT, NONE, ask, nodes, opened, walk

from grading import check_equal, pack, test

SECTION = "Step 2: Nodes and properties"


@test(points=3, step="walk", section=SECTION, blames="fdt_walk_next",
      evidence="answers",
      hint="BEGIN_NODE begins the next node; each END_NODE on the way leaves a level.")
def every_node_is_met(run):
    """A walk meets each node once, in the tree's order, with its offset."""
    for _ in range(4):
        root = random_tree(run.random)
        answer = yield walk(run, root, nops=run.random)
        opened(answer)
        seen = [(n.name, n.offset) for n in nodes(answer)]
        check_equal(seen, [(n.name, n.offset) for n, _ in root.walk()], "the nodes")


@test(points=3, step="walk", section=SECTION, blames="fdt_walk_next",
      evidence="answers",
      hint="walk->path holds the way from the root to the node: its parent is the entry "
           "before it.")  # fmt: skip
def every_node_has_its_parent(run):
    """The parent of each node is the node it stands in."""
    for _ in range(4):
        root = random_tree(run.random)
        answer = yield walk(run, root, nops=run.random)
        opened(answer)
        seen = [(n.name, n.parent) for n in nodes(answer)]
        wanted = [(n.name, p.offset if p else NONE) for n, p in root.walk()]
        check_equal(seen, wanted, "nodes and the offsets of their parents")


@test(points=3, step="walk", section=SECTION, blames="fdt_walk_next",
      evidence="answers",
      hint="The order of enum fdt_standard is that of standard_names; a property that "
           "is not there has no value.")  # fmt: skip
def standard_properties_are_at_hand(run):
    """Each node brings the properties that it has, and no other's."""
    for _ in range(4):
        root = random_tree(run.random)
        answer = yield walk(run, root, nops=run.random)
        opened(answer)
        found, there = nodes(answer), [node for node, _ in root.walk()]
        check_equal(len(found), len(there), "the nodes there are")
        for seen, node in zip(found, there):
            wanted = {k: v for k, v in node.props.items() if k in STANDARD}
            check_equal(seen.props, wanted, f"properties of {node.name}")


def enabled(run, root):
    """Return the request, and read name -> enabled."""
    answer = yield walk(run, root)
    opened(answer)
    return {n.name: n.enabled for n in nodes(answer)}


@test(points=3, step="walk", section=SECTION, blames="inherit", evidence="answers",
      hint='"okay" and "ok" are enabled, and so is a node without `status`; all below a '
           "disabled node is disabled.")  # fmt: skip
def disabled_is_inherited(run):
    """What is disabled, or stands in something disabled, is disabled."""
    root = Node("")
    for name, status in (("a", None), ("b", strings("okay")), ("c", strings("ok")),
                         ("d", strings("disabled")), ("e", strings("fail")),
                         ("f", b"okay"), ("g", b""), ("h", strings("okays"))):  # fmt: skip
        node = root.add(name, {} if status is None else {"status": status})
        node.add(name + "1").add(name + "2", {"status": strings("okay")})
    seen = yield from enabled(run, root)
    says = ("nothing", '"okay"', '"ok"', '"disabled"', '"fail"', "okay without its end",
            "an empty status", '"okays"')  # fmt: skip
    for name, said, wanted in zip("abcdefgh", says, (1, 1, 1, 0, 0, 0, 0, 0), strict=True):
        check_equal(seen.get(name), wanted, f"whether a node that says {said} is enabled")
        for node in (name + "1", name + "2"):
            check_equal(seen.get(node), wanted, f"whether a node below one that says {said} is")


@test(points=3, step="walk", section=SECTION, blames="inherit", evidence="answers",
      hint="`interrupt-parent` of the node itself or of its nearest ancestor; but an "
           "ancestor that has #interrupt-cells receives the interrupt.")  # fmt: skip
def interrupt_parents_are_inherited(run):
    """The nearest that says where interrupts go is believed."""
    far, near, own = run.random.sample(range(1, 1000), 3)
    root = Node("", {"interrupt-parent": cells(far)})
    root.add("a").add("b")
    bus = root.add("c", {"phandle": cells(near), "#interrupt-cells": cells(1)})
    bus.add("d").add("e")
    bus.add("f", {"interrupt-parent": cells(own)}).add("g")
    answer = yield walk(run, root)
    opened(answer)
    seen = {n.name: (n.phandle, n.interrupt_parent) for n in nodes(answer)}
    wanted = {"": (0, far), "a": (0, far), "b": (0, far), "c": (near, far),
              "d": (0, near), "e": (0, near), "f": (0, own), "g": (0, own)}  # fmt: skip
    check_equal(seen, wanted, "phandles and interrupt parents")


@test(points=2, step="walk", section=SECTION, blames="fdt_prop_next,fdt_prop_first",
      evidence="answers",
      hint="Properties end where a token comes that is none; NOPs do not count.")
def properties_are_listed(run):
    """All properties of a node, in their order, with their content."""
    root = random_tree(run.random)
    names = run.random.sample(["p", "q", "r", "s", "t"], 5)
    props = {n: run.random.randbytes(run.random.randint(0, 9)) for n in names}
    root.add("target", props).add("child", {"not": b"mine"})
    root.add("empty").add("child", {"not": b"mine"})
    blob = flatten(root, run.random)
    for path, wanted in (("/target", props), ("/empty", {}), ("/nowhere", {})):
        answer = yield ask(run, "properties", blob, "string", path)
        opened(answer)
        seen = {}
        while answer.more():
            name = answer.string()
            seen[name] = answer.bytes()
        check_equal(list(seen.items()), list(wanted.items()), f"properties of {path}")


@test(points=2, step="walk", section=SECTION, blames="fdt_prop_find",
      evidence="answers",
      hint="Compare whole names: reg is not reg-shift.")
def a_property_is_found_by_name(run):
    """A property is found by its whole name, and only in its node."""
    root = Node("")
    props = {"reg-shift": b"1", "re": b"2", "reg": b"3"}
    root.add("a", props).add("b", {"x": b"4"})
    asked = ("reg", "re", "reg-shift", "r", "x", "")
    pieces = [x for n in asked for x in ("string", n)]
    answer = yield ask(run, "property", flatten(root, run.random), "string", "/a",
                       "u32", len(asked), *pieces)  # fmt: skip
    opened(answer)
    for name in asked:
        error = answer.error()
        check_equal(error, 0 if name in props else ENOENT, f"fdt_prop_find of {name!r}")
        if not error:
            check_equal(answer.bytes(), props[name], f"the value of {name!r}")


@test(points=3, step="walk", section=SECTION, blames="name_matches",
      evidence="answers",
      hint="A name without unit address matches a node of that name with any; one with "
           "an address only that node [dtspec §2.2.3].")  # fmt: skip
def nodes_are_found_by_path(run):
    """Paths lead to nodes, with unit address or without, and by alias."""
    root = Node("")
    soc = root.add("soc")
    soc.add("serial@200").add("deep")
    one = soc.add("serial@1000")
    root.add("soc2").add("serial@1000")
    root.add("aliases", {"serial0": strings("/soc/serial@1000")})
    blob = flatten(root, run.random)
    two = soc.children[0]
    wanted = {"/": root, "/soc": soc, "/soc/serial@1000": one, "/soc/serial": two,
              "/soc/serial@200/deep": two.children[0], "serial0": one,
              "serial0:115200n8": one, "/soc/seria": None, "/soc/serial@20": None,
              "/soc/serial@1000/deep": None, "/serial@1000": None, "/soc2": root.children[1],
              "serial1": None}  # fmt: skip
    pieces = [x for path in wanted for x in ("string", path)]
    answer = yield ask(run, "find", blob, "u32", len(wanted), *pieces)
    opened(answer)
    for path, node in wanted.items():
        check_equal(answer.error(), node.offset if node else ENOENT, f"where {path} is")


def content(run, value, name="x"):
    """Return the request about a property's content; read it."""
    answer = yield run.ask("tree", "content", pack("bytes", value, "string", name))
    texts = [answer.string() if answer.u8() else None for _ in range(6)]
    return texts, answer.u8(), [answer.u32() for _ in range(4)]


@test(points=2, step="walk", section=SECTION, blames="fdt_prop_string",
      evidence="answers",
      hint="Each string ends inside the property, or is none.")
def strings_of_a_list(run):
    """A list's strings, one by one; one without an end is none."""
    for value, wanted in ((strings("ab", "", "cde"), ["ab", "", "cde"]), (b"", []),
                          (b"abc", []), (strings("ab") + b"cd", ["ab"]),
                          (b"\0\0", ["", ""])):  # fmt: skip
        texts, _, _ = yield from content(run, value)
        check_equal(texts, wanted + [None] * (6 - len(wanted)), f"strings of {value}")


@test(points=2, step="walk", section=SECTION, blames="fdt_prop_has_string",
      evidence="answers",
      hint="One of the strings as a whole, not a part of one.")
def a_list_has_a_string(run):
    """A list is searched for a whole string."""
    value = strings("sifive,plic-1.0.0", "riscv,plic0")
    for name, wanted in (("riscv,plic0", 1), ("sifive,plic-1.0.0", 1), ("riscv,plic", 0),
                         ("plic0", 0), ("", 0), ("riscv,plic00", 0)):  # fmt: skip
        _, has, _ = yield from content(run, value, name)
        check_equal(has, wanted, f"whether {name!r} is in the list")


@test(points=2, step="walk", section=SECTION, blames="fdt_prop_cell",
      evidence="answers",
      hint="Big-endian; a cell that is not all there is 0.")
def cells_of_a_property(run):
    """Cells are big-endian numbers; there is none behind the end."""
    numbers = [run.random.getrandbits(32) for _ in range(3)]
    _, _, seen = yield from content(run, cells(*numbers) + b"\1\2\3")
    check_equal(seen, numbers + [0], "the cells")
