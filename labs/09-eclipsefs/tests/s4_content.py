"""Step 4: what files hold."""

from _image import BLOCK, DIRECTORY, LINK, Extended, Node, of_nodes
from _script import EIO, Script, ask

from grading import check, check_equal, test

SECTION = "Step 4: Content"
FAR = 1 << 63


def files(run, *sizes):
    """Return an image with files of these sizes, as inodes from 2 on."""
    nodes = {1: Node(DIRECTORY)}
    for inode, size in enumerate(sizes, 2):
        nodes[inode] = Node(data=run.random.randbytes(size))
    return of_nodes(nodes, random=run.random), [n.data for n in nodes.values()]


def same(found, data, what):
    """So many bytes were read, they are these, and no others were written to."""
    check_equal(found.result, len(data), f"efs_file_read of {what}")
    check(found.data == data, f"{what} is not what the file holds")
    check(found.intact, f"{what}: behind the bytes that were wanted some were written to")


@test(points=3, step="content", section=SECTION, blames="locate,efs_file_read",
      evidence="answers",
      hint="node->data is where inline content begins, at any address.")
def files_are_read(run):
    """Files of all sizes hold what they hold."""
    sizes = [1, 13, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + run.random.randrange(BLOCK), 40_000]
    image, contents = files(run, *sizes)
    script = Script(image)
    for inode, size in enumerate(sizes, 2):
        script.content(inode, 0, size)
    [[_, *found]] = yield from ask(run, script)
    for data, one in zip(contents[1:], found):
        same(one, data, f"a file of {len(data)} bytes")


@test(points=2, step="content", section=SECTION, blames="efs_file_read,locate",
      evidence="answers",
      hint="The smaller of what is wanted and what there is.")
def a_piece_is_a_piece(run):
    """Any piece of a file can be read; at its end there are fewer bytes, and then none."""
    size = 20_000
    image, [_, data] = files(run, size)
    plan = [(0, size + 1), (size - 1, 1), (size - 1, 9), (size - 5000, 9000), (17, 0), (size, 1),
            (size + 1, 1), (FAR, 4), (2 * FAR - 1, 4), (1, FAR)]  # fmt: skip
    for _ in range(15):
        plan.append((run.random.randrange(size), run.random.choice((1, 100, 5000, 15_000))))
    script = Script(image)
    for offset, n in plan:
        script.content(2, offset, n)
    [[_, *found]] = yield from ask(run, script)
    for (offset, n), one in zip(plan, found):
        same(one, data[offset : offset + n] if offset < size else b"", f"{n} bytes from {offset}")


@test(points=1, step="content", section=SECTION, blames="efs_file_read", evidence="answers",
      hint="Bytes that were copied are not lost to an error behind them.")
def what_was_read_is_not_lost(run):
    """Where the disk fails, who has got bytes is told how many; others get the error."""
    image, [_, data] = files(run, 5 * BLOCK)
    start = image.data.index(data)
    bad = (start // BLOCK + 3) * BLOCK
    script = Script(image, bad=(bad, bad + 1))
    script.content(2, 0, len(data)).content(2, bad - start, 10).content(2, bad - start - 7, 10)
    script.content(2, bad - start + BLOCK, BLOCK // 2)
    [[_, first, none, few, behind]] = yield from ask(run, script)
    same(first, data[: bad - start], "what comes before a bad block")
    check_equal(none.result, EIO, "efs_file_read of a bad block")
    same(few, data[bad - start - 7 : bad - start], "7 bytes before a bad block")
    same(behind, data[bad - start + BLOCK :][: BLOCK // 2], "what comes behind a bad block")


@test(points=2, step="content", section=SECTION, blames="locate,efs_file_read",
      evidence="answers",
      hint="A run's first block lies at physical * BLOCK_SIZE; how far into it is the offset? "
           "What no extent covers is zeros.")  # fmt: skip
def files_in_pieces_are_read(run):
    """Of an extended image, files in extents are read, with the holes in them."""
    for extents, size in (([(0, 1), (1, 2), (5, 1)], 6 * BLOCK - 77), ([(1, 1)], 5 * BLOCK + 3),
                          ([(0, 3), (8, 2)], 10 * BLOCK)):  # fmt: skip
        image = Extended(run.random, extents, size)
        plan = [(0, size), (size - 1, 9), (BLOCK - 3, 6), (size, 1)]
        plan += [(run.random.randrange(size), run.random.randrange(9000)) for _ in range(6)]
        script = Script(image)
        for offset, n in plan:
            script.content(1, offset, n)
        [[_, *found]] = yield from ask(run, script)
        for (offset, n), one in zip(plan, found):
            same(one, image.content[offset : offset + n],
                 f"{n} bytes from {offset} of a file in extents {extents}")


@test(points=1, step="content", section=SECTION, blames="efs_file_read,locate",
      evidence="answers",
      hint="A link's target is content like any other.")
def targets_are_read(run):
    """Targets of symbolic links are read, and nothing is held afterwards."""
    targets = [run.random.randbytes(n) for n in (1, 60, 255, 3000)]
    nodes = {1: Node(DIRECTORY)}
    nodes.update({n: Node(LINK, data=text) for n, text in enumerate(targets, 2)})
    script = Script(of_nodes(nodes, random=run.random))
    for inode in range(2, 6):
        script.content(inode, 0, 4096)
    script.held()
    [[_, *found, held]] = yield from ask(run, script)
    for text, one in zip(targets, found):
        same(one, text, f"a target of {len(text)} bytes")
    check_equal(held, 0, "blocks that are held")
