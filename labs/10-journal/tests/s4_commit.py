"""Step 4: commits, and disks that fail."""

from _journal import EIO, EROFS, FIRST, Script, ask, content, transactions

from grading import check, check_equal, test

SECTION = "Step 4: Commits"


@test(points=2, step="commit", section=SECTION, evidence="answers",
      blames="close_running,write_closed",
      hint="closed when a transaction is closed, committed when it is durable; neither if "
           "there is none.")  # fmt: skip
def the_owner_is_told(run):
    """closed and committed are called once for each transaction."""
    script = Script().open().hooks().commit().hooks().change({FIRST: 1}).hooks().commit().hooks()
    script.change({FIRST: 2}).change({FIRST + 1: 2}).flush().hooks().flush().hooks()
    [found] = yield from ask(run, script)
    seen = [(x.closed, x.committed, x.failed) for x in found if hasattr(x, "closed")]
    right = [(0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 1, 0), (2, 2, 0), (2, 2, 0)]
    check_equal(seen, right, "how often closed, committed and failed were called")


@test(points=3, step="commit", section=SECTION, evidence="answers",
      blames="commit,journal_log_write",
      hint="The first failure ends it: failed() once, and all that comes later is -EROFS.")
def a_disk_that_fails_ends_it(run):
    """If the log cannot be written nothing is promised, and nothing changed any more."""
    scripts = []
    for after in range(2):
        script = Script().open().change({FIRST: 1}).commit().change({FIRST + 1: 2}).fail(after)
        scripts.append(script.commit().hooks().begin().commit().flush().hooks())
    good = Script().open().change({FIRST: 1}).fail(200).commit().hooks().begin().end()
    *seen, fine = yield from ask(run, *scripts, good)
    check_equal((fine[3], fine[4].failed, fine[5]), (0, 0, 0), "with enough writes that succeed: "
                "journal_commit, failed, journal_begin")  # fmt: skip
    for after, found in enumerate(seen):
        result, hooks, *later, last = found[-6:]
        what = f"the disk failing after {after} writes"
        check_equal(result, EIO, f"journal_commit, {what}")
        check_equal((hooks.committed, hooks.failed), (1, 1), f"committed and failed, {what}")
        check_equal(later[0], EROFS, f"journal_begin, {what}")
        check(all(x < 0 for x in later[1:]), f"journal_commit and journal_flush: {later[1:]}, {what}")
        check_equal(last.failed, 1, f"how often failed was called, {what}")


@test(points=2, step="commit", section=SECTION, evidence="answers",
      blames="commit,checkpoint,journal_flush",
      hint="journal_flush commits, and leaves nothing in the log.")
def a_flush_leaves_nothing_behind(run):
    """After journal_flush all is in its place, and nothing is replayed."""
    new = {FIRST + n: run.random.getrandbits(31) for n in run.random.sample(range(90), 20)}
    script = Script().open().change(new).flush()
    for block in new:
        script.placed(block)
    script.crash().open()
    for block in new:
        script.cached(block)
    [found] = yield from ask(run, script)
    seen = [x for x in found if isinstance(x, bytes)]
    right = [content(n, fill) for n, fill in new.items()]
    check(seen[: len(new)] == right, "blocks are not in their places")
    check(seen[len(new) :] == right, "blocks after a power cut")
    check_equal([x for x in found if isinstance(x, int)][-1], 0, "transactions replayed")


@test(points=2, step="commit", section=SECTION, evidence="answers",
      blames="close_running,checkpoint,commit",
      hint="A block that is changed again after its commit is logged and running at the same "
           "time; its newest content counts.")  # fmt: skip
def blocks_may_change_again(run):
    """A block that is in the log and in the running transaction is written as it is now."""
    block, other = FIRST + 4, FIRST + 5
    script = Script().open().change({block: 1, other: 1}).commit().change({block: 2}).flush()
    script.placed(block).placed(other).change({other: 3}).commit().change({other: 4}, keep=False)
    script.flush().placed(other).events().commit().events()
    [found] = yield from ask(run, script)
    seen = [x for x in found if isinstance(x, bytes)]
    check(seen == [content(block, 2), content(other, 1), content(other, 3)], "what is in its place")
    check_equal(transactions([x for x in found if isinstance(x, list)][-1]), [], "what is left")
