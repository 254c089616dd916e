"""Step 3: the kernel's own map."""

from _tables import (A, D, DIRECT, G, GIB, MIB2, PAGE, REAL, STACK, STACKS, U, V, W, X,
                     KernelMap, R, index, leaves, odd_ram, play, rights)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 3: The kernel's own map"
SV39 = 8 << 60


def kernel(run, ram=REAL):
    """Return (Image, what kmap_init left in registers, entries); a generator."""
    script = KernelMap().init(ram).image().dump()
    registers, image, found = (yield from play(run, script))[0]
    return image, registers, found


@test(points=3, step="kernel", section=SECTION, blames="map_image,kmap_init",
      evidence="answers",
      hint="arch/layout.h names the parts; code is read and executed, constants are read, "
           "variables are read and written.")  # fmt: skip
def each_part_has_its_rights(run):
    """Code, constants and variables are mapped where they are, with just their rights."""
    image, _, found = yield from kernel(run, odd_ram(run.random))
    pages, there = leaves(found), image.at - image.text
    for what, low, high, flags in (
        ("code", image.text, image.etext, R | X),
        ("constants", image.rodata, image.erodata, R),
        ("variables", image.data, image.guard, R | W),
        ("variables behind the boot stack's guard", image.guard + STACK, image.end, R | W),
    ):
        low, high = low & -PAGE, high + PAGE - 1 & -PAGE
        check_equal(rights(pages, low, high), {(there, flags)},
                    f"of the kernel's {what}: distances to physical addresses, flags")  # fmt: skip


@test(points=3, step="kernel", section=SECTION, blames="map_direct,map_image,kmap_init",
      evidence="answers",
      hint="The image lies in RAM, and RAM is mapped a second time: DIRECT_BASE.")  # fmt: skip
def nothing_is_written_and_executed(run):
    """No frame can be written to at one address and executed at any; nor constants be
    written to."""
    for ram in (REAL, odd_ram(run.random)):
        image, _, found = yield from kernel(run, ram)
        written, executed, seen = [], [], 0
        for e in leaves(found).values():
            seen |= e.flags
            if e.flags & W:
                written.append((e.pa, e.pa + e.size, e.va))
            if e.flags & X:
                executed.append((e.pa, e.pa + e.size, e.va))
        check_equal(seen & (R | W | X), R | W | X, "rights that occur")
        executed.append((image.at, image.physical(image.erodata), image.text))
        for low, high, va in written:
            for first, last, code in executed:
                check(high <= first or last <= low, f"what is executed, or constant, at "
                      f"{code:#x} can be written to at {va:#x}")  # fmt: skip


@test(points=2, step="kernel", section=SECTION, blames="map_direct,kmap_init",
      evidence="answers",
      hint="memmap_next with only_unmapped finds one piece after the other; each at "
           "DIRECT_BASE plus its address.")  # fmt: skip
def all_of_ram_is_mapped(run):
    """All of RAM is at the direct map, read-write but for the image's fixed parts."""
    for ram in (REAL, odd_ram(run.random)):
        image, _, found = yield from kernel(run, ram)
        pages = leaves(found)
        fixed = image.at, image.physical(image.erodata)
        for low, high in ram.mapped:
            cuts = sorted({low, high, *(min(max(f, low), high) for f in fixed)})
            for a, b in zip(cuts, cuts[1:]):
                flags = R if fixed[0] <= a < fixed[1] else R | W
                check_equal(rights(pages, DIRECT + a, DIRECT + b), {(-DIRECT, flags)},
                            f"of RAM from {a:#x} to {b:#x}: distances to physical "
                            "addresses, flags")  # fmt: skip


@test(points=2, step="kernel", section=SECTION, blames="map_direct,kmap_init",
      evidence="answers",
      hint="The firmware keeps some of RAM for itself, and a read there is an access "
           "fault [dtspec §3.5].")  # fmt: skip
def what_must_not_be_mapped_is_not(run):
    """At the direct map there is all that may be mapped, and nothing else."""
    ram = odd_ram(run.random)
    _, _, found = yield from kernel(run, ram)
    spans = sorted((e.va - DIRECT, e.va - DIRECT + e.size)
                   for e in leaves(found).values() if DIRECT <= e.va < STACKS)  # fmt: skip
    joined = []
    for low, high in spans:
        if joined and joined[-1][1] == low:
            joined[-1][1] = high
        else:
            joined.append([low, high])
    check_equal([tuple(one) for one in joined], ram.mapped, "what is mapped there")


@test(points=1, step="kernel", section=SECTION, blames="map_direct,pt_map",
      evidence="answers",
      hint="Cut at the image's fixed part only, and leave the rest to pt_map.")
def ram_is_in_large_pages(run):
    """RAM is mapped in the largest pages, wherever none of it is the image."""
    ram = odd_ram(run.random)
    image, _, found = yield from kernel(run, ram)
    pages = leaves(found)
    fixed, seen = (image.at, image.physical(image.erodata)), 0
    for low, high in ram.mapped:
        for span in (GIB, MIB2):
            for at in range(low + span - 1 & -span, (high & -span), span):
                if at < fixed[1] and fixed[0] < at + span:
                    continue
                e = next((pages[DIRECT + (at & -s)] for s in (GIB, MIB2)
                          if s >= span and DIRECT + (at & -s) in pages
                          and pages[DIRECT + (at & -s)].size == s), None)  # fmt: skip
                check(e is not None, f"at {at:#x} a page of {span >> 20} MiB would do")
                inside = low <= e.va - DIRECT and e.va - DIRECT + e.size <= high
                check(inside, f"the page at {e.va:#x} maps what is no RAM")
                seen += 1
    check(seen > 30, "there are large pages")


@test(points=1, step="kernel", section=SECTION, blames="kmap_init", evidence="answers",
      hint="KSTACK_SIZE bytes from boot_stack_guard on; a stack that is full runs into "
           "it.")  # fmt: skip
def the_boot_stack_has_a_guard(run):
    """Beneath the boot stack nothing is mapped, and the stack is."""
    image, _, found = yield from kernel(run)
    pages = leaves(found)
    guard = image.guard
    check_equal(rights(pages, guard, guard + STACK), {None}, "what is mapped of the guard")
    check_equal(rights(pages, guard + STACK, guard + 2 * STACK),
                {(image.at - image.text, R | W)}, "of the stack")  # fmt: skip


@test(points=2, step="kernel", section=SECTION, evidence="answers",
      blames="map_or_panic,pt_map,map_image,map_direct",
      hint="Kernel pages are the same in every space: G [riscv-priv §4.3.1]. Programs "
           "must not see them: no U.")  # fmt: skip
def kernel_pages_are_global(run):
    """Every page of the kernel's is global, not the user's, and has A and D."""
    _, _, found = yield from kernel(run, odd_ram(run.random))
    pages = leaves(found).values()
    check(len(pages) > 20, "there are pages")
    for e in pages:
        check_equal(e.flags & (G | U | A | D | V), G | A | D | V,
                    f"flags G, U, A, D and V of the page at {e.va:#x}")  # fmt: skip


@test(points=1, step="kernel", section=SECTION, blames="kmap_init", evidence="answers",
      hint="Mode, number and the root's physical page number [riscv-priv §4.1.11]; other "
           "harts write boot_satp. And the root's entry for STACKS_BASE.")  # fmt: skip
def the_table_is_in_use(run):
    """This hart uses the table, others will, and its root is complete."""
    image, (satp, others, root), found = yield from kernel(run)
    check_equal(satp, SV39 | root >> 12, "satp")
    check_equal(others, satp, "boot_satp")
    entries = {index(e.va, 2): e for e in found if e.level == 2}
    for va in (DIRECT + image.at, STACKS, image.text):
        e = entries.get(index(va, 2))
        check(e is not None and e.flags & V, f"the root's entry for {va:#x}")
    check(entries[index(STACKS, 2)].is_table, "the root's entry for stacks is a table")
