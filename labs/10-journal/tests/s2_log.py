"""Step 2: what is written to the log."""

from _journal import (BLOCK, FIRST, PER_BLOCK, START, Script, ask, blocks_of, content,
                      heads, single, transactions)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 2: Writing the log"
CHANGE = 30  # blocks of the largest change here


def fills(run, count):
    """Return {block: fill} that was drawn."""
    return {FIRST + n: run.random.getrandbits(31) for n in run.random.sample(range(100), count)}


@test(points=4, step="log", section=SECTION, evidence="answers",
      blames="seal_transaction,journal_log_add,journal_log_write",
      hint="Descriptor, contents in the order of its numbers, commit block: docs/eclipsefs.md, 6.")
def a_transaction_is_as_specified(run):
    """A commit writes descriptor, contents and commit block, one behind the other."""
    new = fills(run, run.random.randrange(2, 20))
    script = Script().open().events().change(new).commit().events()
    [[*_, result, events]] = yield from ask(run, script)
    check_equal(result, 0, "journal_commit")
    one = single(events)
    check_equal(one.at, START + 1, "where the log begins")
    check_equal(sorted(one.contents), sorted(new), "blocks in the transaction")
    check(all(data == content(n, new[n]) for n, data in one.contents.items()), "their contents")
    check_equal(one.revoked, [], "revoked blocks")


@test(points=2, step="log", section=SECTION, evidence="answers",
      blames="journal_log_write,seal_transaction",
      hint="used and sequence move on when a transaction has been written.")
def transactions_follow_one_another(run):
    """Each transaction is right behind the last, with the next sequence."""
    script = Script().open().events()
    changes = [fills(run, run.random.randrange(1, 9)) for _ in range(4)]
    for new in changes:
        script.change(new).commit()
    [found] = yield from ask(run, script.events())
    written = transactions(found[-1])
    check_equal([sorted(t.contents) for t in written], [sorted(new) for new in changes],
                "blocks of the transactions")  # fmt: skip
    check_equal([t.sequence - written[0].sequence for t in written], [0, 1, 2, 3], "sequences")
    at = START + 1
    for one in written:
        check_equal(one.at, at, "where a transaction begins")
        at += len(one.contents) + 2


@test(points=3, step="log", section=SECTION, evidence="answers", blames="journal_log_write",
      hint="A write is on the disk for good only when a flush behind it has completed.")
def a_commit_is_durable(run):
    """When journal_commit returns, the transaction survives a power cut."""
    new, more = fills(run, 5), fills(run, 3)
    script = Script().open().change(new).commit().change(more).commit().crash().open()
    for block in {**new, **more}:
        script.cached(block)
    [found] = yield from ask(run, script)
    count = len({**new, **more})
    check_equal(found[-count - 1], 2, "journal_open after the power has gone")
    right = [content(n, fill) for n, fill in {**new, **more}.items()]
    check(found[-count:] == right, "what had been committed")


@test(points=2, step="log", section=SECTION, evidence="answers",
      blames="journal_log_write,close_running",
      hint="journal_after_data says that what was written must be durable first; without it one "
           "flush is enough, since the sum proves that all is there.")  # fmt: skip
def data_comes_first_if_asked(run):
    """A flush comes before the transaction after journal_after_data, else not."""
    new = fills(run, 4)
    script = Script().open().events().change(new).commit().events()
    script.write(FIRST + 103, 7).begin()
    for block in new:
        script.edit(block, 1)
    script.after_data().end().commit().events().change(new).commit().events()
    [found] = yield from ask(run, script)
    plain, asked, later = [x for x in found if isinstance(x, list)][1:]
    check_equal([not data for _, data in plain].count(True), 1, "flushes of a commit")
    check(plain[-1][1] == b"", "the flush comes last")
    log = [i for i, (sector, data) in enumerate(asked) if data and sector < FIRST * PER_BLOCK]
    data = [i for i, (sector, _) in enumerate(asked) if sector == (FIRST + 103) * PER_BLOCK]
    flushes = [i for i, (_, data) in enumerate(asked) if not data]
    check(log and data and flushes, "the transaction, or the data, was not written")
    check(any(data[0] < i < log[0] for i in flushes) and flushes[-1] > log[-1],
          f"data is event {data}, the log {log}, flushes are {flushes}")  # fmt: skip
    check_equal([not data for _, data in later].count(True), 1, "flushes of a commit afterwards")


@test(points=2, step="log", section=SECTION, evidence="answers",
      blames="journal_log_revoke,forget_block,journal_revoke,close_running",
      hint="Revoked numbers stand behind those of the contents.")
def freed_blocks_are_revoked(run):
    """A block that the log holds, and that is freed, is revoked by the next transaction."""
    new = fills(run, 6)
    freed = run.random.sample(sorted(new), 2)
    script = Script().open().change(new).commit().events()
    script.change({FIRST + 101: 5}, revoked=freed).commit().events()
    [found] = yield from ask(run, script.crash().open().placed(freed[0]).placed(freed[1]))
    lists = [x for x in found if isinstance(x, list)]
    one = single(lists[-1])
    check_equal((sorted(one.contents), sorted(one.revoked)), ([FIRST + 101], sorted(freed)),
                "blocks and revoked blocks")  # fmt: skip
    check_equal(found[-3], 2, "journal_open")
    check(found[-2:] == [bytes(BLOCK)] * 2, "freed blocks were written by the replay")


@test(points=3, step="log", section=SECTION, evidence="answers",
      blames="journal_log_has_room,commit,checkpoint",
      hint="Is there room for another transaction of any size behind this one?")
def a_full_log_is_emptied(run):
    """The log never overflows: when it is full, blocks go to their places."""
    script, last = Script().open().brief(), {}
    sizes = [1, 9, 20, CHANGE] * 4
    run.random.shuffle(sizes)
    for n, size in enumerate(sizes, 1):
        new = {FIRST + b: n << 8 | b for b in run.random.sample(range(100), size)}
        last.update(new)
        script.change(new).commit().brief()
    for block in last:
        script.cached(block)
    [found] = yield from ask(run, script)
    logs = [x for x in found if isinstance(x, list)][1:]
    emptied = sum(any(sector == START * PER_BLOCK and n for sector, n, _ in events)
                  for events in logs)  # fmt: skip
    check(2 <= emptied < len(sizes), f"{emptied} of {len(sizes)} commits emptied the log")
    for events in logs:
        for sector, n, _ in events:
            inside = START * PER_BLOCK < sector < FIRST * PER_BLOCK
            check(not inside or sector + n // 512 <= FIRST * PER_BLOCK,
                  "a transaction was written beyond the log's end")
    right = [content(n, fill) for n, fill in last.items()]
    check(found[-len(last) :] == right, "what blocks hold in the end")





@test(points=3, step="log", section=SECTION, evidence="answers",
      blames="checkpoint,journal_log_reset",
      hint="A crash at any moment must find either the old log, whole, or all blocks in their "
           "places.")  # fmt: skip
def the_log_is_emptied_in_order(run):
    """Blocks, flush, head of one sector, flush: so a log is emptied."""
    new = fills(run, 12)
    script = Script().open().change(new).commit().events().flush().events()
    for block in new:
        script.placed(block)
    [found] = yield from ask(run, script.change(fills(run, 2)).commit().events())
    events = [x for x in found if isinstance(x, list)][1]
    blocks, _ = blocks_of(events)
    check(all(blocks.get(n) == content(n, fill) for n, fill in new.items()), "blocks in their places")
    check_equal(len(heads(events)), 1, "new heads")
    kinds = "".join("f" if not data else "h" if sector == START * PER_BLOCK else
                    "b" if sector >= FIRST * PER_BLOCK else "" for sector, data in events)
    behind = kinds[kinds.index("b"):]
    check(behind.strip("b").startswith("f") and behind.endswith("hf") and "fh" in behind
          and behind.rindex("b") < behind.index("f"), f"the order was {kinds}")  # fmt: skip
    one = single([x for x in found if isinstance(x, list)][-1])
    check_equal(one.at, START + 1, "the next transaction is the log's first")
    check_equal(one.sequence, heads(events)[0], "its sequence, which the head says")


@test(points=2, step="log", section=SECTION, evidence="answers",
      blames="commit,write_closed",
      hint="What was written before must be durable, even if no block was changed.")
def an_empty_commit_flushes(run):
    """A commit without changes flushes, and writes nothing."""
    script = Script().open().write(FIRST + 9, 3).events().commit().events().commit().events()
    [found] = yield from ask(run, script.change({FIRST: 1}).commit().events())
    _, one, two, changed = [x for x in found if isinstance(x, list)]
    check_equal((one, two), ([(0, b"")], [(0, b"")]), "what two empty commits do")
    check_equal(len(transactions(changed)), 1, "transactions of one that is not empty")
