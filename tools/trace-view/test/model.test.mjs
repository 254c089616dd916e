/** The models, on made-up streams: `node --test`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bootChart } from "../src/model/boot.js";
import { describeDisk, diskHistory, disks } from "../src/model/disk.js";
import { Layout } from "../src/model/layout.js";
import { category, describePage, owners, pageHistory, runs } from "../src/model/pages.js";
import { People } from "../src/model/people.js";
import { depths, describeSchedule, runQueueHistory } from "../src/model/runqueues.js";
import { decode, parseTable, StreamError } from "../src/model/stream.js";
import { duration, hex } from "../src/model/text.js";
import { lanes } from "../src/model/timeline.js";
import { describeStep, queues, virtqHistory } from "../src/model/virtq.js";
import { sample } from "./sample.mjs";
import { Writer } from "./writer.mjs";

const traceOf = (bytes) => decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const TRACE = traceOf(sample(3000));

/** All of a state as text, maps too. */
const whole = (state) => JSON.stringify(state, (_, value) => (value instanceof Map ? [...value] : value));

/** A trace of records [name, ...values], one microsecond apart, by one process. */
function made(...records) {
  const writer = new Writer({ harts: 2, timebase: 1_000_000 });
  records.forEach(([name, ...values], k) => writer.add({ time: 100 + k, hart: 0, pid: 7 }, name, ...values));
  return traceOf(writer.stream());
}

test("the table of events says where arguments are", () => {
  const events = parseTable("3 a.b x:u name:s y:d\n4 c.d\n\0\0");
  assert.deepEqual(
    events.get(3).fields.map((f) => [f.name, f.kind, f.word]),
    [
      ["x", "u", 0],
      ["name", "s", 1],
      ["y", "d", 3],
    ],
  );
  assert.deepEqual(events.get(4).fields, []);
});

test("records of several harts are merged by time, and those of one stay in order", () => {
  const writer = new Writer({ harts: 2 });
  for (const [time, hart, nr] of [
    [5, 0, 1],
    [5, 0, 2],
    [9, 0, 3],
    [4, 1, 4],
    [5, 1, 5],
  ])
    writer.add({ time, hart, pid: 1 }, "syscall.exit", nr, -14);
  const trace = traceOf(writer.stream());
  assert.deepEqual(
    [...trace.records()].map((r) => r.args.nr),
    [4, 1, 2, 5, 3],
  );
  assert.equal(trace.read(0).args.result, -14);
  assert.equal(trace.at(trace.times[2]), 3);
});

test("numbers that a double cannot hold are kept exactly", () => {
  const trace = made(["blk.done", "vda", 0xffffffc080100040n, -5]);
  assert.equal(trace.read(0).args.request, 0xffffffc080100040n);
  assert.equal(trace.read(0).args.disk, "vda");
  assert.equal(hex(trace.read(0).args.request), "0xffff_ffc0_8010_0040");
});

test("a stream that is none is refused with a reason", () => {
  assert.throws(() => decode(new ArrayBuffer(0)), /empty/);
  assert.throws(() => decode(new TextEncoder().encode("umtr").buffer), StreamError);
  assert.throws(() => decode(new Uint8Array(64).buffer), /no trace of Umbra/);
  assert.throws(() => traceOf(sample(10).slice(0, 100)), /table of events/);
});

test("a stream that is cut off, or damaged, shows what was before", () => {
  const whole = sample(200);
  const cut = traceOf(whole.slice(0, whole.length - 5));
  assert.match(cut.damage, /cut off/);
  assert.ok(cut.length > 190);
  const broken = whole.slice();
  broken.fill(0xff, whole.length - 2000);
  assert.match(traceOf(broken).damage, /claims a size/);
  assert.equal(traceOf(whole).damage, "");
});

test("any prefix, and any damaged byte, is read without an exception of another kind", () => {
  const whole = sample(60);
  for (let n = 0; n < whole.length; n += 13) {
    const damaged = whole.slice();
    damaged[n] ^= 0xa5;
    for (const bytes of [whole.slice(0, n), damaged]) {
      try {
        for (const record of traceOf(bytes).records()) assert.ok(record.name);
      } catch (error) {
        assert.ok(error instanceof StreamError, error.stack);
      }
    }
  }
});

test("every history is the same forwards, backwards and by leaps", () => {
  const histories = [
    virtqHistory(TRACE, queues(TRACE)[0]),
    runQueueHistory(TRACE),
    pageHistory(TRACE),
    diskHistory(TRACE, "vda"),
  ];
  for (const history of histories) {
    assert.ok(history.length > 100);
    const forwards = [];
    const state = history.after(0);
    for (const step of history.steps) {
      history.apply(state, step);
      forwards.push(whole(state));
    }
    for (let n = history.length; n > 0; n -= 7) assert.equal(whole(history.after(n)), forwards[n - 1]);
    const middle = history.steps[history.length >> 1];
    assert.ok(history.stepAt(middle.record) > history.length >> 1);
    assert.equal(history.stepAt(-1), 0);
  }
});

test("a chain lives from its descriptors to the used ring", () => {
  const trace = made(
    ["blk.submit", "vda", 0, 16, 4096, 1],
    ["virtq.add", 0, 0, 3, 3, 1],
    ["virtq.desc", 0, 0, 0, 0x80001000, 16, 1, 1],
    ["virtq.desc", 0, 0, 1, 0x80002000, 4096, 3, 2],
    ["virtq.desc", 0, 0, 2, 0x80003000, 1, 2, 0],
    ["virtq.publish", 0, 0, 5, 3],
    ["virtq.notify", 0, 0],
    ["virtq.used", 0, 0, 5, 3, 4097],
    ["virtq.free", 0, 0, 3],
  );
  const history = virtqHistory(trace, queues(trace, { virtio0: 8 })[0]);
  assert.deepEqual(
    history.steps.map((s) => s.kind),
    ["add", "desc", "desc", "desc", "publish", "notify", "take", "finish", "used", "free"],
  );
  assert.deepEqual(
    history.steps.filter((s) => s.inferred).map((s) => s.kind),
    ["take", "finish"],
  );
  const published = history.after(5);
  assert.equal(published.avail.ring[4], 3);
  assert.equal(published.avail.idx, 5);
  assert.equal(published.deviceSeen, 4);
  assert.equal(published.tables[3].length, 3);
  assert.match(published.chains[3].purpose, /read 4 KiB at sector 16/);
  assert.deepEqual(history.after(7).held, [3]);
  const finished = history.after(8);
  assert.deepEqual(
    [finished.used.ring[4], finished.used.idx, finished.driverSeen],
    [{ id: 3, len: 4097 }, 5, 4],
  );
  assert.deepEqual(history.after(10).chains, {});
  for (const step of history.steps) assert.match(describeStep(step, 8).section, /^virtio §2\.7/);
});

test("a chain that the device took without a bell is taken before it is used", () => {
  const trace = made(
    ["virtq.publish", 1, 0, 65535, 0],
    ["virtq.publish", 1, 0, 0, 2],
    ["virtq.used", 1, 0, 0, 2, 1],
  );
  const history = virtqHistory(trace, queues(trace)[0]);
  assert.deepEqual(
    history.steps.map((s) => s.kind),
    ["publish", "publish", "take", "take", "finish", "used"],
  );
  assert.equal(history.after(2).avail.ring[127], 2); // index 0 came with entry 65535 % 128
  assert.equal(history.after(6).chains[0].stage, "taken");
});

test("fork shares pages, a write ends that, and the last owner keeps the frame", () => {
  const RW = 0xd7,
    COW = 0x153;
  const trace = made(
    ["page.map", 50, 0x10000, 0x80010000, RW],
    ["page.map", 50, 0x11000, 0x80011000, RW],
    ["page.share", 51, 50],
    ["proc.fork", 8, 8],
    ["page.map", 50, 0x10000, 0x80020000, RW],
    ["page.unmap", 50, 0x11000, 1_000_000],
  );
  const history = pageHistory(trace);
  const how = (n, space, va) => {
    const state = history.after(n);
    const page = state.spaces[space].pages.get(va);
    return category(page, owners(state).get(page.pa));
  };
  assert.equal(how(2, 50, 0x10000), "own");
  assert.equal(how(4, 50, 0x10000), "shared");
  assert.equal(how(4, 51, 0x11000), "shared");
  assert.equal(history.after(4).spaces[51].pid, 8);
  assert.equal(how(5, 50, 0x10000), "copied");
  assert.equal(how(5, 51, 0x10000), "alone");
  assert.match(describePage(history.steps[4], history.after(4), String).text, /sharing ends/);
  assert.equal(history.after(6).spaces[50].pages.size, 1);
  const kept = pageHistory(
    made(
      ["page.map", 50, 0x10000, 0x80010000, RW],
      ["page.share", 51, 50],
      ["page.map", 50, 0x10000, 0x80010000, RW],
      ["page.map", 50, 0x12000, 0x80012000, COW],
    ),
  );
  assert.equal(kept.after(3).spaces[50].pages.get(0x10000).how, "kept");
});

test("exec leaves the old space, exit the last", () => {
  const trace = made(
    ["page.map", 50, 0x1000, 0x80010000, 0xd7],
    ["page.map", 60, 0x2000, 0x80020000, 0xd7],
    ["proc.exec", "/bin/cat"],
    ["proc.exit", 0],
  );
  const history = pageHistory(trace);
  assert.deepEqual(Object.keys(history.after(2).spaces), ["50", "60"]);
  assert.deepEqual([history.after(3).current[7], Object.keys(history.after(3).spaces)], [60, ["60"]]);
  assert.deepEqual(history.after(4).spaces, {});
});

test("a private page of a file is the file's until it is written to", () => {
  const trace = made(
    ["page.map", 50, 0x10000, 0x80010000, 0x1db],
    ["page.map", 50, 0x11000, 0x80011000, 0x1d3],
    ["page.share", 51, 50],
    ["page.map", 50, 0x11000, 0x80020000, 0xd7],
  );
  const history = pageHistory(trace);
  const kind = (n, space, va) =>
    category(
      history.after(n).spaces[space].pages.get(va),
      owners(history.after(n)).get(history.after(n).spaces[space].pages.get(va).pa),
    );
  assert.equal(kind(3, 51, 0x10000), "program");
  assert.equal(kind(4, 50, 0x11000), "own");
  assert.match(describePage(history.steps[3], history.after(3), String).text, /which is a file’s/);
});

test("exec's clearing of a space of which nothing is known does not take it for the new one", () => {
  const history = pageHistory(
    made(
      ["page.map", 60, 0x2000, 0x80020000, 0xd7],
      ["page.unmap", 50, 0, 64],
      ["proc.exec", "init"],
      ["page.map", 60, 0x3000, 0x80030000, 0xd7],
    ),
  );
  assert.deepEqual(history.after(4).current, { 7: 60 });
  assert.equal(history.after(4).spaces[60].pid, 7);
});

test("a call that does not return ends with its thread", () => {
  const trace = made(["syscall.enter", 93, 0, 0, 0, 0, 0, 0], ["proc.exit", 0], ["irq.timer"]);
  const thread = lanes(trace, new People(trace), { 93: "exit" }).find((lane) => lane.key === "tid7");
  assert.deepEqual(
    thread.rows[0].map(({ label, from, to }) => [label, from, to]),
    [["exit", 0, 1]],
  );
});

test("who runs on a hart is seen even if the switch to it was not traced", () => {
  const writer = new Writer({ harts: 2 });
  for (const [time, hart, tid, name, ...values] of [
    [1, 0, 5, "irq.timer"],
    [2, 0, 6, "irq.timer"],
    [3, 1, 7, "irq.timer"],
    [4, 0, 6, "sched.switch", 6, 1, 5],
  ])
    writer.add({ time, hart, pid: tid, tid }, name, ...values);
  const history = runQueueHistory(traceOf(writer.stream()));
  assert.deepEqual(
    history.steps.map(({ kind, hart, next }) => [kind, hart, next]),
    [
      ["seen", 0, 6],
      ["sched.switch", 0, 5],
    ],
  );
  assert.deepEqual(
    history.after(0).harts.map(({ running }) => running),
    [5, 7],
  );
});

test("the kernel's own threads have numbers below 0", () => {
  const trace = made(["sched.switch", 7, 1, -2], ["sched.queue", -1, 1, 1]);
  const history = runQueueHistory(trace);
  assert.equal(history.after(1).harts[0].running, -2);
  assert.deepEqual(history.after(history.length).harts[1].queue, [-1]);
  const people = new People(trace);
  assert.deepEqual([people.thread(-2), people.thread(0)], ["kernel thread 2", "idle"]);
});

test("pages far apart are separate runs", () => {
  assert.deepEqual(runs([0x3000, 0x1000, 0x100000]), [
    { from: 0x1000, to: 0x4000 },
    { from: 0x100000, to: 0x101000 },
  ]);
});

test("a thread waits on one queue at most, and not while it runs", () => {
  const history = runQueueHistory(TRACE);
  const state = history.after(0);
  for (const step of history.steps) {
    history.apply(state, step);
    const waiting = state.harts.flatMap((hart) => hart.queue);
    assert.equal(new Set(waiting).size, waiting.length);
    if (step.kind === "sched.switch") assert.ok(!waiting.includes(step.next));
    assert.ok(describeSchedule(step, String).length > 10);
  }
  for (const curve of depths(history, TRACE.harts))
    assert.ok(curve.every((p, k) => k === 0 || p.time >= curve[k - 1].time));
});

test("transactions go through the journal to their places", () => {
  const trace = made(
    ["journal.begin"],
    ["journal.edit", 513],
    ["journal.edit", 600],
    ["journal.edit", 513],
    ["journal.end", 0],
    ["journal.write", 513, 4, 9],
    ["journal.write", 600, 5, 9],
    ["blk.submit", "vda", 1, 24, 16384, 1],
    ["blk.done", "vda", 1, 0],
    ["journal.commit", 9, 2, 3],
    ["journal.checkpoint", 9],
  );
  assert.deepEqual(disks(trace), ["vda"]);
  const history = diskHistory(trace, "vda");
  assert.deepEqual(history.after(5).running, [513, 600]);
  assert.deepEqual(history.after(7).running, []);
  assert.deepEqual(Object.keys(history.after(9).touched), ["3", "4", "5", "6"]);
  assert.equal(history.after(10).transactions[0].stage, "committed");
  assert.equal(history.after(11).transactions[0].stage, "in place");
  const layout = new Layout({
    blocks: 1000,
    regions: [{ name: "bitmap", from: 513, count: 1 }],
    files: [{ path: "/a", record: 599, extents: [[600, 2]] }],
  });
  assert.match(describeDisk(history.steps[1], layout, String).text, /bitmap/);
  assert.match(describeDisk(history.steps[6], layout, String).text, /block 600, content of \/a/);
});

test("names follow fork and exec", () => {
  const people = new People(
    made(["proc.exec", "/sbin/init"], ["proc.fork", 8, 8], ["proc.fork", 7, 9], ["proc.exit", 0]),
  );
  assert.equal(people.thread(8), "init (8)");
  assert.equal(people.thread(9), "init (7) thread 9");
  assert.equal(people.processes.get(7).end, 3);
});

test("the chart of the boot has the kernel's steps and the first processes", () => {
  const people = new People(TRACE);
  const { rows, end } = bootChart(TRACE, people, 20);
  assert.equal(rows.length, 20);
  assert.deepEqual(
    rows.slice(0, 2).map((r) => r.label),
    ["umbra", "machine"],
  );
  assert.ok(rows[12].kind === "process" && end > 0);
});

test("the chart of the boot has steps from before the first record", () => {
  const log = [
    [0, "umbra"],
    [0.001, "machine"],
    [0.004, "clock"],
    [0.006, "memory"],
  ];
  const trace = made(["boot.step", "clock"], ["boot.step", "memory"]);
  const { rows, start } = bootChart(trace, new People(trace), 20, log);
  const first = rows[2].to; // microseconds
  assert.deepEqual(
    rows.slice(0, 4).map((r) => [r.label, r.early, Math.round(r.to - first)]),
    [
      ["umbra", true, -4000],
      ["machine", true, -3000],
      ["clock", false, 0],
      ["memory", false, Math.round(rows[3].to - first)],
    ],
  );
  assert.equal(start, rows[0].to);
  assert.equal(bootChart(trace, new People(trace), 20, [[0, "other"]]).start, 0);
});

test("slices of a row do not overlap", () => {
  const all = lanes(TRACE, new People(TRACE), { 63: "read" });
  assert.ok(all.length > 5);
  assert.ok(all.some((l) => l.rows.some((row) => row.some((s) => s.label.startsWith("read = ")))));
  for (const { rows, key } of all)
    for (const row of rows)
      row.forEach((slice, k) =>
        assert.ok(slice.to >= slice.from && (k === 0 || slice.from >= row[k - 1].to), key),
      );
});

test("times have a unit that suits them", () => {
  assert.deepEqual([0, 3.25, 999, 12345, 1.5e6].map(duration), [
    "0 µs",
    "3.3 µs",
    "999 µs",
    "12.35 ms",
    "1.500 s",
  ]);
});
