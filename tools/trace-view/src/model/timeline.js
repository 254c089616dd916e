/** Lanes of a time line: who had each hart, what each thread did, what the disks did. */

import { blocksOf } from "./disk.js";

/**
 * @typedef {object} Slice
 * @property {number} from microseconds
 * @property {number} to
 * @property {string} label
 * @property {string} kind what it is coloured by
 * @property {number} record the record it began with
 * @property {number} [tid]
 */

/**
 * @param {import("./stream.js").Trace} trace
 * @param {import("./people.js").People} people
 * @param {Record<number, string>} calls names of system calls
 * @returns {{key: string, label: string, group: string, rows: Slice[][], ran: {from: number, to: number}[],
 *     marks: {time: number, record: number}[]}[]} ran: when a thread had a hart
 */
export function lanes(trace, people, calls) {
  const builder = new Builder(trace, people, calls);
  for (const record of trace.records()) builder.note(record);
  return builder.finish();
}

class Builder {
  constructor(trace, people, calls) {
    Object.assign(this, { trace, people, calls });
    this.harts = Array.from({ length: trace.harts }, (_, n) => lane(`hart${n}`, `hart ${n}`, "harts", 2));
    this.running = [];
    this.interrupts = [];
    this.threads = new Map();
    this.open = new Map(); // a system call or fault of a thread, by its row
    this.disks = new Map();
    this.requests = new Map();
  }

  note(record) {
    const { hart, tid, time, i } = record;
    if (this.running[hart]?.tid !== tid && record.name !== "sched.switch") this.#run(hart, tid, time, i);
    (HANDLERS[record.name] ?? mark)(this, record);
  }

  #run(hart, tid, time, record) {
    const before = this.running[hart];
    if (before) this.#ran(hart, before, time, record);
    this.running[hart] = { tid, from: before ? time : 0, record };
  }

  /** Called as it was when it left the hart: it may have become another program there. */
  #ran(hart, { tid, from, record }, to, last = Infinity) {
    if (to <= from || tid === 0) return; // nobody
    const label = this.people.thread(tid, last);
    this.harts[hart]?.rows[0].push({ from, to, label, kind: `tid${tid}`, record, tid });
    this.thread(tid).ran.push({ from, to });
  }

  switchTo(hart, { next }, time, record) {
    this.#run(hart, next, time, record);
  }

  thread(tid) {
    let found = this.threads.get(tid);
    if (found === undefined) {
      found = lane(`tid${tid}`, this.people.thread(tid), "threads", 2);
      found.tid = tid;
      this.threads.set(tid, found);
    }
    return found;
  }

  begin({ tid, time, i }, row, label, kind) {
    this.open.set(`${tid}.${row}`, { from: time, label, kind, record: i, tid });
  }

  end({ tid, time }, row, label = "") {
    const key = `${tid}.${row}`;
    const slice = this.open.get(key);
    if (slice === undefined) return;
    this.open.delete(key);
    this.thread(tid).rows[row].push({ ...slice, to: time, label: slice.label + label });
  }

  /** A line of the boot report says that something is ready. */
  step({ args, time, i }) {
    this.boot ??= lane("boot", "boot", "boot", 1);
    this.boot.rows[0].push({
      from: this.boot.rows[0].at(-1)?.to ?? 0,
      to: time,
      label: args.name,
      kind: "accent",
      record: i,
    });
  }

  submit({ args, time, i }) {
    if (!this.disks.has(args.disk)) this.disks.set(args.disk, lane(args.disk, args.disk, "disks", 0));
    const disk = this.disks.get(args.disk);
    // The first row whose last request is over.
    let row = disk.rows.findIndex((r) => r.busy === undefined);
    if (row < 0) row = disk.rows.push([]) - 1;
    disk.rows[row].busy = args.request;
    const name = ["read", "write", "flush", "identify"][args.op] ?? `op ${args.op}`;
    const { first, count } = blocksOf(args);
    const label = args.op > 1 ? name : `${name} ${count} at ${first}`;
    this.requests.set(args.disk + args.request, { from: time, label, kind: name, record: i, row });
  }

  done({ args, time }) {
    const slice = this.requests.get(args.disk + args.request);
    if (slice === undefined) return;
    this.requests.delete(args.disk + args.request);
    const row = this.disks.get(args.disk).rows[slice.row];
    row.busy = undefined;
    row.push({ ...slice, to: time });
  }

  finish() {
    const end = this.trace.duration;
    this.running.forEach((slice, hart) => this.#ran(hart, slice, end));
    for (const [key, slice] of this.open)
      this.thread(slice.tid).rows[Number(key.split(".")[1])].push({ ...slice, to: end });
    for (const [, slice] of this.requests)
      [...this.disks.values()][0].rows[slice.row].push({ ...slice, to: end });
    const threads = [...this.threads.values()]
      .filter((l) => l.tid !== 0)
      .sort((a, b) => (a.tid < 0) - (b.tid < 0) || Math.abs(a.tid) - Math.abs(b.tid));
    const all = [
      ...(this.boot ? [this.boot] : []),
      ...this.harts,
      ...[...this.disks.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      ...threads,
    ];
    for (const one of all) for (const row of [...one.rows, one.ran]) row.sort((a, b) => a.from - b.from);
    return all;
  }
}

function lane(key, label, group, rows) {
  return { key, label, group, rows: Array.from({ length: rows }, () => []), marks: [], ran: [] };
}

const INTERRUPT = "interrupt";

const HANDLERS = {
  "boot.step": (b, r) => b.step(r),
  "sched.switch": (b, { hart, args, time, i }) => b.switchTo(hart, args, time, i),
  "syscall.enter": (b, r) => {
    const name = b.calls[r.args.nr] ?? `call ${r.args.nr}`;
    if (name === "rt_sigreturn")
      mark(b, r); // goes back to where the signal came
    else b.begin(r, 0, name, "syscall");
  },
  "syscall.exit": (b, r) => b.end(r, 0, ` = ${r.args.result}`),
  "fault.enter": (b, r) => b.begin(r, 1, "page fault", "fault"),
  "fault.done": (b, r) => b.end(r, 1, r.args.result < 0 ? ` = ${r.args.result}` : ""),
  "proc.exit": (b, r) => {
    mark(b, r);
    for (const row of [0, 1]) b.end(r, row); // a call that does not return
  },
  "irq.enter": (b, { hart, time, i, args }) =>
    (b.interrupts[hart] = { from: time, record: i, label: `irq ${args.irq}`, kind: INTERRUPT }),
  "irq.exit": (b, { hart, time }) => {
    if (b.interrupts[hart]) b.harts[hart]?.rows[1].push({ ...b.interrupts[hart], to: time });
    b.interrupts[hart] = undefined;
  },
  "blk.submit": (b, r) => b.submit(r),
  "blk.done": (b, r) => b.done(r),
};

function mark(builder, { tid, time, i, name }) {
  if (tid !== 0) builder.thread(tid).marks.push({ time, record: i, name });
}
