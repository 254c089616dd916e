"""Step 2: what a program finds on its stack when it starts."""

import _stack
from _stack import ENOMEM, Program, build, built, program, word

from grading import check, check_equal, test

SECTION = "Step 2: A program's stack"


def stacks(run, count=12):
    """Return requests and programs."""
    programs = [program(run.random) for _ in range(count)]
    return [build(run, p) for p in programs], programs


@test(points=2, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="Which way does one round an address below which there is room?")  # fmt: skip
def the_stack_is_aligned(run):
    """The stack pointer is a multiple of 16, however many strings there are."""
    programs = [Program(b"p" * n, (b"a",) * (1 + n % 5), (b"e",) * (n // 3), (0,) * 4, 1, 1, 1, 0)
                for n in range(1, 20)]  # fmt: skip
    for answer in (yield [build(run, p) for p in programs]):
        check_equal(built(answer).sp % 16, 0, "sp % 16")


@test(points=3, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="The path is the first of the strings, and no argument.")  # fmt: skip
def arguments_arrive(run):
    """At sp is argc; then come that many pointers to the arguments, and a null pointer."""
    requests, programs = stacks(run)
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        check_equal(stack.argc, len(what.argv), "argc")
        check_equal(stack.strings(stack.argv), list(what.argv), "argv")
        check_equal(stack.after_argv, 0, "what is behind argv")


@test(points=3, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="envp begins behind the null pointer that ends argv.")  # fmt: skip
def the_environment_arrives(run):
    """Then come pointers to the environment, and a null pointer."""
    requests, programs = stacks(run)
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        check_equal(stack.strings(stack.envp), list(what.envp), "envp")


@test(points=2, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="Pairs of words, the tag first; AT_NULL ends them.")  # fmt: skip
def auxv_describes_the_program(run):
    """The auxiliary vector says where the program's headers, entry and linker are."""
    requests, programs = stacks(run)
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        check(stack.end, "the auxiliary vector has no end")
        for name, value in {"PHDR": what.phdr, "PHENT": 56, "PHNUM": what.phnum,
                            "ENTRY": what.entry, "BASE": what.linker, "PAGESZ": 4096,
                            "FLAGS": 0, "CLKTCK": 100}.items():  # fmt: skip
            check_equal(stack.tag(getattr(_stack, name)), value, f"AT_{name}")


@test(points=1, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="args->cred, which is not yet the running thread's. Secure means: do not trust who "
           "ran it (proc/cred.h).")  # fmt: skip
def auxv_describes_the_user(run):
    """The auxiliary vector says who runs it, and whether it should trust them."""
    requests, programs = stacks(run)
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        ids = tuple(stack.tag(t) for t in (_stack.UID, _stack.EUID, _stack.GID, _stack.EGID))
        check_equal(ids, what.ids, "AT_UID, AT_EUID, AT_GID, AT_EGID")
        secure = ids[0] != ids[1] or ids[2] != ids[3]
        check_equal(stack.tag(_stack.SECURE), int(secure), "AT_SECURE")


@test(points=1, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="A pointer to the path, on the stack like all the others.")  # fmt: skip
def the_program_knows_its_path(run):
    """AT_EXECFN leads to the path, and the machine's abilities are told."""
    requests, programs = stacks(run)
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        check_equal(stack.string(stack.tag(_stack.EXECFN)), what.path, "AT_EXECFN")
        letters = stack.tag(_stack.HWCAP)
        for letter in "imafdc":
            check(letters >> ord(letter) - ord("a") & 1, f"AT_HWCAP has no {letter}: {letters:#x}")
        check(stack.tag(_stack.VDSO) % 4096 == 0, "AT_SYSINFO_EHDR is not where a page begins")


@test(points=2, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="random_fill; and 16 bytes of the stack that nothing else uses.")  # fmt: skip
def sixteen_bytes_at_random(run):
    """AT_RANDOM leads to 16 bytes, other ones each time, and nobody else's."""
    requests, programs = stacks(run)
    found = set()
    for what, answer in zip(programs, (yield requests), strict=True):
        stack = built(answer)
        at = stack.tag(_stack.RANDOM)
        check(stack.end and stack.end <= at <= _stack.TOP - 16,
              f"AT_RANDOM leads to {at:#x}, auxv ends at {stack.end or 0:#x}")  # fmt: skip
        strings = [*zip(stack.argv, what.argv), *zip(stack.envp, what.envp),
                   (stack.tag(_stack.EXECFN), what.path)]  # fmt: skip
        for where, text in strings:
            check(where + len(text) < at or where >= at + 16, "a string lies in the random bytes")
        found.add(stack.data[at - stack.sp :][:16])
    check_equal(len(found), len(programs), "different random numbers")
    check(bytes(16) not in found, "16 zeros are not random")


@test(points=2, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="Strings lie above all that leads to them, and the stack grows while you write: "
           "more than a page of strings, too.")  # fmt: skip
def many_arguments(run):
    """Some thousand strings arrive, over many pages."""
    random = run.random
    argv = tuple(word(random, 60) for _ in range(random.randint(900, 1400)))
    envp = tuple(word(random, 20) for _ in range(random.randint(300, 500)))
    what = Program(b"/bin/x", argv, envp, (0, 0, 0, 0), 64, 3, 4096, 0)
    stack = built((yield build(run, what)))
    check_equal(stack.argc, len(argv), "argc")
    check(stack.strings(stack.argv) == list(argv), "an argument is not what it was")
    check(stack.strings(stack.envp) == list(envp), "the environment is not what it was")
    check(stack.end and stack.end <= min(stack.argv + stack.envp), "a string lies below auxv's end")


@test(points=1, step="stack", section=SECTION, blames="exec_stack_build", evidence="answers",
      hint="What uaccess_write and kzalloc say is to be looked at; and what was taken is to be "
           "given back on each way out.")  # fmt: skip
def a_stack_too_small(run):
    """A stack that may not grow, or no memory, is -ENOMEM; nothing is left behind."""
    random = run.random
    large = Program(b"/x", tuple(word(random, 99) + b"." * 99 for _ in range(80)),
                    (b"E=1",), (1, 1, 1, 1), 1, 1, 1, 0)  # fmt: skip
    fits, small, none = yield [build(run, large), build(run, large, limit=4096),
                               build(run, large, fails_at=1)]  # fmt: skip
    check_equal((fits.error(), fits.i32()), (0, 0), "result, and memory kept, with room")
    check_equal((small.error(), small.i32()), (ENOMEM, 0),
                "result, and memory kept, with a stack of one page")  # fmt: skip
    result, kept = none.error(), none.i32()
    check_equal(kept, 0, "memory kept when there is none")
    check(result in (ENOMEM, 0), f"without memory the result is {result}")
