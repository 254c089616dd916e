"""Step 1: tokens, and whether a blob can be walked at all [dtspec §5]."""

from _fdt import BEGIN, END, END_NODE, NOP, PROP, Node, Writer, assemble, cells, flatten
from _fdt import random_tree
from _tree import EINVAL, ask, nodes, walk

from grading import check_equal, test

SECTION = "Step 1: Can it be walked?"


def verdict(run, writer, expected, what):
    """A structure block is accepted, or refused."""
    answer = yield ask(run, "open", assemble(writer))
    check_equal(answer.error(), expected, f"fdt_open of a tree {what}")


def block(*tokens):
    """Return a writer with tokens: (kind, data...) each."""
    writer = Writer()
    for kind, *data in tokens:
        if kind == PROP:
            writer.prop(*data)
        else:
            writer.token(kind, *[d.encode() + b"\0" for d in data])
    return writer


ROOT, CLOSE, STOP = (BEGIN, ""), (END_NODE,), (END,)


@test(points=3, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="A tree that keeps all the rules of [dtspec §5.4.2] is accepted.")
def good_trees_are_accepted(run):
    """Trees of any shape, with NOPs anywhere, are accepted."""
    for _ in range(6):
        blob = flatten(random_tree(run.random), run.random)
        answer = yield ask(run, "open", blob)
        check_equal(answer.error(), 0, "fdt_open of a good tree")
    yield from verdict(run, block(ROOT, STOP), EINVAL, "that is no good one")


@test(points=2, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="Count the levels: every BEGIN_NODE has its END_NODE.")
def nodes_must_nest(run):
    """A node that does not end, or ends without having begun, is refused."""
    yield from verdict(run, block(ROOT, CLOSE, STOP), 0, "of one node")
    yield from verdict(run, block(ROOT, (BEGIN, "a"), CLOSE, STOP), EINVAL,
                       "whose root does not end")  # fmt: skip
    yield from verdict(run, block(ROOT, CLOSE, CLOSE, STOP), EINVAL,
                       "with an end too many")  # fmt: skip
    yield from verdict(run, block(STOP), EINVAL, "without a node")


@test(points=2, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="There is one root, and its name is empty.")
def there_is_one_root(run):
    """Two roots, or a root with a name, are refused."""
    yield from verdict(run, block(ROOT, CLOSE, STOP), 0, "with one root")
    yield from verdict(run, block(ROOT, CLOSE, ROOT, CLOSE, STOP), EINVAL,
                       "with two roots")  # fmt: skip
    yield from verdict(run, block((BEGIN, "root"), CLOSE, STOP), EINVAL,
                       "whose root has a name")  # fmt: skip


@test(points=2, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="In a node its properties come first, then its children [dtspec §5.4.2].")
def properties_come_first(run):
    """A property behind a child, or outside all nodes, is refused."""
    prop = (PROP, "x", b"abc")
    yield from verdict(run, block(ROOT, prop, (NOP,), prop, CLOSE, STOP), 0,
                       "with two properties")  # fmt: skip
    child = ((BEGIN, "a"), prop, CLOSE)
    yield from verdict(run, block(ROOT, *child, prop, CLOSE, STOP), EINVAL,
                       "with a property behind a child")  # fmt: skip
    yield from verdict(run, block(prop, ROOT, CLOSE, STOP), EINVAL,
                       "with a property before the root")  # fmt: skip


@test(points=2, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="FDT_DEPTH_MAX levels are accepted, the root being the first; one more is "
           "not.")  # fmt: skip
def depth_has_a_limit(run):
    """As many levels as lib/fdt.h says, and no more."""
    for levels, expected in ((32, 0), (33, EINVAL), (200, EINVAL)):
        tokens = [ROOT] + [(BEGIN, "n")] * (levels - 1) + [CLOSE] * levels + [STOP]
        yield from verdict(run, block(*tokens), expected, f"of {levels} levels")


@test(points=3, step="blob", section=SECTION, blames="token_read_prop",
      evidence="answers",
      hint="Check against what is left of the block before you add: a length of "
           "0xffffffff must not wrap.")  # fmt: skip
def properties_stay_inside(run):
    """A property that is longer than the block is refused."""
    for length, left, expected in ((8, 8, 0), (8, 4, EINVAL), (0xFFFFFFFF, 8, EINVAL),
                                   (0xFFFFFFF4, 8, EINVAL), (0x7FFFFFFF, 8, EINVAL)):  # fmt: skip
        writer = block(ROOT)
        writer.token(PROP, cells(length, writer.name("x")) + b"\0" * left)
        if not expected:
            writer.token(END_NODE)
            writer.token(END)
        yield from verdict(run, writer, expected, f"with {length:#x} bytes of {left}")
    # Who adds four to this length is back at the name, which reads as END_NODE.
    writer = block(ROOT)
    writer.name("x")
    writer.token(PROP, cells(0xFFFFFFFC, writer.name("y"), END))
    yield from verdict(run, writer, EINVAL, "with a length that wraps")
    for left in (0, 4):
        writer = block(ROOT)
        writer.block += cells(PROP) + b"\0" * left
        yield from verdict(run, writer, EINVAL, "that ends in a property's head")
    # What stands behind the block would be a head that leads back, to what reads as an end.
    writer = block(ROOT)
    value = writer.token(PROP, cells(8, 0, END_NODE, END)) + 12
    writer.block += cells(PROP)
    writer.names = cells((value - len(writer.block) - 8) % 2**32, 0)
    yield from verdict(run, writer, EINVAL, "whose last head is in the strings")


@test(points=2, step="blob", section=SECTION, blames="token_read_prop",
      evidence="answers",
      hint="The offset of a name counts from the strings block, and must be inside.")
def names_are_in_the_strings_block(run):
    """A property whose name lies elsewhere is refused."""
    for offset, expected in ((0, 0), (2, EINVAL), (3, EINVAL), (0xFFFFFFFF, EINVAL)):
        writer = block(ROOT)
        writer.name("x")  # two bytes with its terminator
        writer.token(PROP, cells(0, offset))
        writer.token(END_NODE)
        writer.token(END)
        yield from verdict(run, writer, expected, f"with a name at {offset:#x} of 2")


@test(points=2, step="blob", section=SECTION, blames="token_read_name",
      evidence="answers",
      hint="The terminator must come before the block's end: strnlen says where.")
def names_end(run):
    """A node's name that does not end is refused."""
    node = (BEGIN, "name"), CLOSE
    yield from verdict(run, block(ROOT, *node, CLOSE, STOP), 0, "with a name")
    writer = block(ROOT)
    writer.block += cells(BEGIN) + b"name"
    yield from verdict(run, writer, EINVAL, "that ends in a name")
    writer = block(ROOT)
    writer.block += cells(BEGIN)
    yield from verdict(run, writer, EINVAL, "that ends before a name")


@test(points=2, step="blob", section=SECTION, blames="token_read_prop,token_read_name",
      evidence="answers",
      hint="Blobs need not be aligned: be32_load reads byte by byte.")
def blobs_lie_anywhere(run):
    """A blob at an odd address is read as any other."""
    root = random_tree(run.random)
    for shift in (1, 2, 3, 5, 7):
        answer = yield walk(run, root, nops=run.random, shift=shift)
        check_equal(answer.error(), 0, f"fdt_open, {shift} bytes behind the alignment")
        check_equal(len(nodes(answer)), len(list(root.walk())), "the nodes there are")


def damaged(random, blob):
    """Return a blob with some of its bytes behind the header replaced."""
    bad = bytearray(blob)
    for _ in range(random.randint(1, 4)):
        bad[random.randrange(40, len(bad))] = random.getrandbits(8)
    return bytes(bad)


@test(points=3, step="blob", section=SECTION, blames="check_struct_block",
      evidence="answers",
      hint="Whatever the bytes are, fdt_open ends, and stays inside the blob.")
def noise_is_refused_or_read(run):
    """Blobs with random damage are refused, or can be walked."""
    root = random_tree(run.random, most=15)
    answer = yield walk(run, root)
    check_equal(answer.error(), 0, "fdt_open of a tree without damage")
    check_equal(len(nodes(answer)), len(list(root.walk())), "the nodes there are")
    good = flatten(root)
    for _ in range(4):
        asked = [ask(run, "nodes", damaged(run.random, good)) for _ in range(10)]
        for answer in (yield asked):
            check_equal(answer.error() in (0, EINVAL), True, "an answer of fdt_open")
