"""Step 3: births."""

from _clone import (
    A0,
    CHILD_CLEARTID,
    CHILD_SETTID,
    EAGAIN,
    EINTR,
    ENOMEM,
    FILES,
    FS,
    SETTLS,
    SP,
    THREAD_FLAGS,
    TP,
    VFORK,
    VM,
    birth,
    born,
    call,
    child_of,
)

from grading import check, check_equal, test

SECTION = "Step 3: Birth"
SOME = 6  # calls


@test(points=3, step="fork", section=SECTION, blames="copy_thread", evidence="answers",
      hint="frame is the parent's, as it entered the kernel; trap_user_frame(&t->arch) is the "
           "one that the child leaves it with.")  # fmt: skip
def the_child_goes_on_where_its_parent_was(run):
    """All registers of a child are its parent's, but for the result, which is 0."""
    calls = [call(run.random, stack=0) for _ in range(SOME)]
    for made, answer in zip(calls, (yield [birth(run, c) for c in calls]), strict=True):
        child, _ = child_of(answer)
        check_equal(child.frame[A0], 0, "a0 of the child")
        for number, (seen, want) in enumerate(zip(child.frame, made.frame, strict=True)):
            check(seen == want or number == A0,
                  f"word {number} of the frame is {seen:#x}, the parent's is {want:#x}")  # fmt: skip


@test(points=1, step="fork", section=SECTION, blames="copy_thread", evidence="answers",
      hint="CLONE_SETTLS, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID each say whether an "
           "argument counts; a stack counts unless it is 0.")  # fmt: skip
def a_child_with_a_stack_of_its_own(run):
    """Stack, thread pointer and the places of its number are as the caller asks."""
    random, calls = run.random, []
    for flags in (0, SETTLS, CHILD_SETTID, CHILD_CLEARTID, SETTLS | CHILD_SETTID | CHILD_CLEARTID,
                  THREAD_FLAGS | SETTLS | CHILD_CLEARTID):  # fmt: skip
        calls.append(call(random, flags, signal=0 if flags & THREAD_FLAGS else 17))
    for made, answer in zip(calls, (yield [birth(run, c) for c in calls]), strict=True):
        child, _ = child_of(answer)
        check_equal(child.frame[SP], made.stack, "the stack pointer")
        check_equal(child.frame[TP], made.tls if made.flags & SETTLS else made.frame[TP], "tp")
        check_equal(child.set_tid, made.child_tid if made.flags & CHILD_SETTID else 0, "set_tid")
        check_equal(child.clear_tid, made.child_tid if made.flags & CHILD_CLEARTID else 0,
                    "clear_tid")  # fmt: skip


@test(points=1, step="fork", section=SECTION, blames="copy_thread", evidence="answers",
      hint="What is in memory may be older than what is in the registers.")  # fmt: skip
def floating_point_goes_along(run):
    """The child has its parent's floating-point registers, as they are now."""
    made = call(run.random)
    child, _ = child_of((yield birth(run, made)))
    want = list(made.fpu)
    want[7] = made.in_registers
    check_equal(list(child.fpu), want, "f0 to f31, fcsr")


@test(points=2, step="fork", section=SECTION, blames="link_child,clone_process",
      evidence="answers", hint="process_link_locked and process_add_thread_locked.")  # fmt: skip
def the_child_has_its_place(run):
    """The parent gets the number of a child that is in the table, with one thread."""
    calls = [call(run.random, signal=s) for s in (17, 0, 10)]
    seen = set()
    for made, answer in zip(calls, (yield [birth(run, c) for c in calls]), strict=True):
        child, result = child_of(answer)
        check(result > 1, f"process_clone returned {result}")
        check_equal((child.pid, child.tid), (result, result), "number of the child, of its thread")
        check(child.has_parent and child.among_children, "the child is not its parent's")
        check(child.in_table and child.thread_in_table, "child or thread are not in the table")
        check_equal(child.nthreads, 1, "threads of the child")
        check_equal(child.exit_signal, made.signal, "the child's exit signal")
        seen.add(result)
    check_equal(len(seen), len(calls), "different numbers")


@test(points=2, step="fork", section=SECTION, blames="inherit,copy_thread", evidence="answers",
      hint="Two processes that have one string between them free it twice. Credentials are "
           "counted: who has them has a reference.")  # fmt: skip
def the_child_inherits(run):
    """Name, credentials and a copy of the arguments are the child's, too."""
    calls = [call(run.random) for _ in range(SOME)] + [call(run.random, cmdline=b"", argv_len=0)]
    for made, answer in zip(calls, (yield [birth(run, c) for c in calls]), strict=True):
        child, _ = child_of(answer)
        check_equal((child.name, child.thread_name), (made.name, made.name), "names")
        check_equal((child.argv_len, child.cmdline), (made.argv_len, made.cmdline), "cmdline")
        check(not child.same_cmdline, "parent and child have one cmdline between them")
        check(child.cred and child.thread_cred, "the credentials are not its parent's")
        check(child.has_actions, "it has not a copy of what its parent does about signals")


@test(points=1, step="fork", section=SECTION, blames="inherit,copy_thread", evidence="answers",
      hint="cred_get.")  # fmt: skip
def credentials_are_counted(run):
    """Process and thread each have a reference to their credentials."""
    answers = yield [birth(run, call(run.random)) for _ in range(3)]
    for answer in answers:
        seen = born(answer)
        check(seen.child, "no thread was started")
        # The parent's process and thread, and the child's.
        check_equal(seen.child.refs, 4, "references to the credentials while the child lives")
        check_equal(seen.refs, 0, "references that were left behind")


@test(points=2, step="fork", section=SECTION, blames="inherit,copy_thread", evidence="answers",
      hint="CLONE_VM: space_join counts one that lives in it; without, space_clone.")  # fmt: skip
def memory_is_copied_or_shared(run):
    """A child has its own memory, or with CLONE_VM its parent's."""
    answers = yield [birth(run, call(run.random, flags)) for flags in (0, VM, VM | VFORK)]
    for flags, answer in zip((0, VM, VM), answers, strict=True):
        seen = born(answer)
        check(seen.child, "no thread was started")
        check_equal(seen.child.same_space, flags == VM, "the child has its parent's space")
        check(seen.child.in_space, "the thread does not live in its process's space")
        check_equal(seen.child.users, 2 if flags else 1, "who lives in the parent's space")


@test(points=1, step="fork", section=SECTION, blames="clone_process", evidence="answers",
      hint="process_hooks.clone: whose files, to whom, and how they are shared. Nobody may see "
           "a child whose files are not there yet.")  # fmt: skip
def files_come_along(run):
    """The layer above is asked once for the child's files, before it can be seen."""
    flags = [0, FILES, FS, FILES | FS]
    answers = yield [birth(run, call(run.random, f)) for f in flags]
    for flag, answer in zip(flags, answers, strict=True):
        child, _ = child_of(answer)
        check_equal(child.hook_calls, 1, "calls of process_hooks.clone")
        check(child.hook_child and child.hook_parent, "it was not called for child and parent")
        check_equal(child.hook_flags & (FILES | FS), flag, "what is to be shared")
        check(not child.linked_before, "the child was in the table before it had files")


@test(points=1, step="fork", section=SECTION, blames="link_child", evidence="answers",
      hint="holds_parent; and refs, for the parent looks at the child when it goes on.")
def a_parent_waits_for_its_memory(run):
    """A child of vfork holds its parent, which has a reference to it."""
    answers = yield [birth(run, call(run.random, flags)) for flags in (VFORK | VM, 0)]
    for held, answer in zip((True, False), answers, strict=True):
        child, _ = child_of(answer)
        check_equal(child.holds_parent, held, "the child holds its parent")
        check_equal(child.process_refs, 1 + held, "references to the child")


@test(points=2, step="fork", section=SECTION, blames="clone_process,inherit",
      evidence="answers",
      hint="Each allocation fails in turn. What the steps before it took is to be given back, "
           "once, and what they did not take is not.")  # fmt: skip
def no_memory_leaves_nothing(run):
    """Without memory for any part of it, there is no child, and all is as before."""
    made = call(run.random)
    answers = yield [birth(run, made, fails_at=n) for n in range(1, 26)]
    results = [born(a) for a in answers]
    check(results[0].result < 0 < results[-1].result,
          f"with the first allocation failing the result is {results[0].result}, "
          f"with none {results[-1].result}")  # fmt: skip
    for number, seen in enumerate(results, 1):
        where = f"when allocation {number} fails"
        if seen.child:
            check_equal(seen.child.cmdline, made.cmdline, f"cmdline of a child that is born {where}")
            continue
        check_equal(seen.result, ENOMEM, f"result {where}")
        check_equal(seen.kept, 0, f"objects that were kept {where}")
        check_equal((seen.processes, seen.users, seen.refs), (0, 0, 0),
                    f"processes, users of the parent's memory, references left {where}")  # fmt: skip


@test(points=1, step="fork", section=SECTION, blames="clone_process,link_child",
      evidence="answers",
      hint="The last step can fail, too: then the files are there already, and go by "
           "process_hooks.release.")  # fmt: skip
def a_child_too_many(run):
    """Who has processes enough, or a signal to act on, gets none, and keeps nothing."""
    made = call(run.random)
    answers = yield [birth(run, made, enough=True), birth(run, made, pending=True),
                     birth(run, made, files_fail=True), birth(run, made)]  # fmt: skip
    *failed, fine = [born(a) for a in answers]
    for seen, error, released in zip(failed, (EAGAIN, EINTR, ENOMEM), (1, 1, 0), strict=True):
        check_equal(seen.result, error, "process_clone")
        check_equal(seen.child, None, "a thread that was started")
        check_equal(seen.released, released, f"files that were released behind error {error}")
        check_equal((seen.kept, seen.processes, seen.refs), (0, 0, 0),
                    f"objects, processes, references that were left behind error {error}")  # fmt: skip
    check(fine.result > 0, "there is no child although nothing is wrong")
