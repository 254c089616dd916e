"""Step 3: changes, which happen or do not."""

from _journal import (CREDITS, EROFS, FIRST, MOST, Script, ask, content, single, transactions)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 3: Changes"


def fills(run, count, of=100):
    """Return {block: fill} that was drawn."""
    return {FIRST + n: run.random.getrandbits(31) for n in run.random.sample(range(of), count)}


def lists(found):
    """Return those results that are lists of events."""
    return [x for x in found if isinstance(x, list)]


@test(points=3, step="change", section=SECTION, evidence="answers",
      blames="journal_edit,journal_end,set_running",
      hint="A block is once in the running transaction, however often it is changed; what "
           "counts is how it is at the commit.")  # fmt: skip
def changes_gather(run):
    """Changes gather in one transaction: each block once, as it was at last."""
    last, script = {}, Script().open().events()
    for _ in range(6):
        new = fills(run, 8, 20)
        last.update(new)
        script.change(new)
    [found] = yield from ask(run, script.events().commit().events().commit().events())
    _, before, events, more = lists(found)
    check_equal(before, [], "what is written before the commit")
    written = transactions(events)
    check_equal(len(written), 1, "transactions of one commit")
    check_equal(sorted(written[0].contents), sorted(last), "its blocks")
    check(all(data == content(n, last[n]) for n, data in written[0].contents.items()),
          "a block is not as it was at last")  # fmt: skip
    check_equal(transactions(more), [], "transactions of the next commit, nothing being changed")


@test(points=3, step="change", section=SECTION, evidence="answers",
      blames="journal_cancel,touch_entry",
      hint="journal->before has each touched block as it was when this change came to it.")
def a_change_can_be_taken_back(run):
    """After journal_cancel blocks are as before the change, which may not be as on the disk."""
    one, two = fills(run, 12, 30), fills(run, 12, 30)
    script = Script().open().change(one).change(two, keep=False)
    for block in sorted({**one, **two}):
        script.cached(block)
    [found] = yield from ask(run, script.events().commit().events())
    blocks = sorted({**one, **two})
    seen = [x for x in found if isinstance(x, bytes)]
    right = [content(n, one[n]) if n in one else bytes(4096) for n in blocks]
    check(seen == right, "a block is not as it was before the change that was taken back")
    written = single(lists(found)[-1])
    check_equal(sorted(written.contents), sorted(one), "blocks in the transaction")
    check(all(data == content(n, one[n]) for n, data in written.contents.items()),
          "a block of the transaction is not as before the change that was taken back")


@test(points=2, step="change", section=SECTION, evidence="answers",
      blames="journal_cancel,touch_entry,set_running",
      hint="touch->running says whether the block was in the running transaction before.")
def what_was_taken_back_leaves_nothing(run):
    """A block that only a cancelled change touched is in no transaction, now and later."""
    one, two, three = fills(run, 5, 40), fills(run, 9, 40), fills(run, 4, 40)
    script = Script().open().change(one).commit().change(two, keep=False).events().commit()
    script.events().change(three).commit().events()
    [found] = yield from ask(run, script)
    _, none, events = lists(found)
    check_equal(transactions(none), [], "transactions when all was taken back")
    written = single(events)
    check_equal(sorted(written.contents), sorted(three), "blocks in the next transaction")


@test(points=2, step="change", section=SECTION, evidence="answers",
      blames="touch_entry,journal_edit,journal_end",
      hint="A block is noted once in a change: how it was before the first edit.")
def a_block_may_be_edited_twice(run):
    """A block that one change edits twice goes back to what it was before both."""
    block, other = FIRST + 7, FIRST + 9
    script = Script().open().change({block: 1, other: 1}).begin().edit(block, 2).edit(other, 3)
    script.edit(block, 4).cancel().cached(block).cached(other)
    many = Script().open().begin()
    for n in range(3 * CREDITS):
        many.edit(FIRST + n % CREDITS, n)
    many.end().change({FIRST + n: 5 for n in range(CREDITS)}).cached(FIRST + 3)
    one, two = yield from ask(run, script, many)
    check(one[-2:] == [content(block, 1), content(other, 1)], "what is left of a cancelled change")
    check(two[-1] == content(FIRST + 3, 5), "a change that edits all its blocks three times")


@test(points=2, step="change", section=SECTION, evidence="answers",
      blames="close_running,journal_cancel,journal_edit",
      hint="A seal is called when the transaction is closed, once for each of its blocks.")
def seals_are_set_at_the_commit(run):
    """A block is sealed once for each transaction, with the seal of its last edit."""
    new = fills(run, 6)
    plain = fills(run, 3, 3)
    new = {n: fill for n, fill in new.items() if n not in plain}
    script = Script().open().events().change(new, seal=True).change(new, seal=True).change(plain)
    script.change(new, seal=False, keep=False).hooks().commit().hooks().events()
    [found] = yield from ask(run, script.commit().hooks())
    before, after, last = (x for x in found if hasattr(x, "sealed"))
    check_equal((before.sealed, after.sealed, last.sealed), (0, len(new), len(new)),
                "blocks sealed before the commit, after it, and after an empty one")  # fmt: skip
    written = single(lists(found)[-1])
    marks = sorted(data[-8:] for n, data in written.contents.items() if n in new)
    check_equal([int.from_bytes(m, "little") for m in marks], list(range(1, len(new) + 1)),
                "the seals of blocks in the transaction")  # fmt: skip
    check(all(written.contents[n] == content(n, plain[n]) for n in plain), "blocks without seal")


@test(points=3, step="change", section=SECTION, evidence="answers",
      blames="journal_revoke,forget_block,journal_end,checkpoint",
      hint="From the change's end on no checkpoint may write the block: it will be somebody's "
           "data.")  # fmt: skip
def what_is_freed_is_left_alone(run):
    """A block that was freed is not written any more, neither to the log nor to its place."""
    new = fills(run, 8)
    freed = run.random.sample(sorted(new), 3)
    kept = [n for n in new if n not in freed]
    script = Script().open().change(new).commit().change({FIRST + 101: 1}, revoked=freed).commit()
    for n in freed:
        script.write(n, 0xEE)
    script.flush()
    for n in [*freed, *kept]:
        script.placed(n)
    young = Script().open().events().change(new).change({FIRST + 101: 1}, revoked=freed).commit()
    young.events().flush()
    for n in [*freed, *kept]:
        young.placed(n)
    right = [content(n, new[n]) for n in kept]
    one, two = yield from ask(run, script, young)
    check(one[-len(new) :] == [b"\xee" * 4096] * 3 + right, "data in freed blocks was written over")
    check(two[-len(new) :] == [bytes(4096)] * 3 + right, "blocks freed before they were committed")
    written = single(lists(two)[1])
    check_equal(sorted(written.contents), sorted([*kept, FIRST + 101]), "blocks in the transaction")
    check_equal(written.revoked, [], "revoked blocks, none of which was in the log")


@test(points=2, step="change", section=SECTION, evidence="answers",
      blames="journal_cancel,journal_revoke",
      hint="Freeing is done when the change ends, so that it can still be undone.")
def freeing_can_be_taken_back(run):
    """A cancelled change has freed nothing."""
    new = fills(run, 6)
    freed = sorted(new)[:2]
    script = Script().open().change(new).commit().change({FIRST + 101: 1}, freed, keep=False)
    script.events().commit().events().crash().open()
    for n in freed:
        script.cached(n)
    [found] = yield from ask(run, script)
    check_equal(transactions(lists(found)[-1]), [], "transactions when all was taken back")
    check(found[-2:] == [content(n, new[n]) for n in freed], "blocks that were not freed after all")


@test(points=2, step="change", section=SECTION, evidence="answers",
      blames="journal_begin,has_room",
      hint="Each change may touch JOURNAL_CREDITS blocks: is there room for as many?")
def a_full_transaction_is_committed(run):
    """A change that may not fit into the running transaction begins a new one."""
    script = Script().open().events()
    size = MOST - CREDITS  # a transaction of so many blocks has room for one change more
    script.change({FIRST + n: 1 for n in range(size)}).events()
    script.change({FIRST + 50 + n: 2 for n in range(CREDITS)}).events()
    script.change({FIRST + 90: 3}).events().commit().events()
    [found] = yield from ask(run, script)
    _, one, two, three, four = lists(found)
    check_equal((one, two), ([], []), "what is written while there is room")
    first = single(three)
    check_equal(len(first.contents), size + CREDITS, "blocks of the full transaction")
    check_equal([sorted(t.contents) for t in transactions(four)], [[FIRST + 90]], "of the next")


@test(points=1, step="change", section=SECTION, evidence="answers", blames="journal_begin",
      hint="A journal that is read-only, or has failed, changes nothing more.")
def some_journals_change_nothing(run):
    """A journal that is only read lets no change begin; another one does."""
    script = Script().open(read_only=True).begin().flush().close().open().begin().edit(FIRST, 5)
    [found] = yield from ask(run, script.end().commit().cached(FIRST))
    check_equal(found[:3], [0, EROFS, EROFS], "journal_open, journal_begin and journal_flush")
    check_equal(found[3:7], [0, 0, True, 0], "journal_open, journal_begin, journal_edit and "
                "journal_commit of one that is not read-only")  # fmt: skip
    check(found[-1] == content(FIRST, 5), "what was changed")
