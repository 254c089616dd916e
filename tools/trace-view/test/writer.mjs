/**
 * Writes streams as the kernel does, for tests: the other end of
 * src/model/stream.js, from docs/tracing.md.
 */

/** The events that the made-up streams have; the numbers are as good as any. */
export const TABLE =
  [
    "0 trace.lost count:u",
    "1 boot.step name:s",
    "2 syscall.enter nr:u a0:x a1:x a2:x a3:x a4:x a5:x",
    "3 syscall.exit nr:u result:d",
    "4 sched.switch prev:d state:u next:d",
    "5 sched.wake tid:d hart:u",
    "6 sched.queue tid:d hart:u depth:u",
    "7 irq.enter irq:u",
    "8 irq.exit irq:u",
    "9 irq.timer",
    "10 fault.enter addr:x cause:u pc:x",
    "11 fault.done addr:x result:d",
    "12 page.map space:u va:x pa:x flags:x",
    "13 page.unmap space:u va:x pages:u",
    "14 page.share space:u from:u",
    "15 virtq.add dev:u queue:u head:u count:u indirect:u",
    "16 virtq.desc dev:u queue:u index:u addr:x len:u flags:x next:u",
    "17 virtq.publish dev:u queue:u idx:u head:u",
    "18 virtq.notify dev:u queue:u",
    "19 virtq.used dev:u queue:u idx:u id:u len:u",
    "20 virtq.free dev:u queue:u head:u",
    "21 blk.submit disk:s op:u sector:u bytes:u request:x",
    "22 blk.done disk:s request:x status:d",
    "23 journal.begin",
    "24 journal.edit block:u",
    "25 journal.end result:d",
    "26 journal.write block:u at:u seq:u",
    "27 journal.commit seq:u blocks:u at:u",
    "28 journal.checkpoint seq:u",
    "29 proc.fork child:u tid:u",
    "30 proc.exec name:s",
    "31 proc.exit status:d",
    "32 proc.name name:s",
    "33 cache.hit owner:x index:u",
    "34 lock.wait name:s ticks:u",
  ].join("\n") + "\n";

/** Collects records, and gives them out as one stream. */
export class Writer {
  constructor({ harts = 4, timebase = 10_000_000, table = TABLE } = {}) {
    this.harts = harts;
    this.timebase = timebase;
    this.table = table;
    this.records = [];
    this.ids = new Map();
    for (const line of table.trim().split("\n")) {
      const [id, name, ...fields] = line.split(" ");
      this.ids.set(name, { id: Number(id), kinds: fields.map((f) => f.split(":")[1]) });
    }
  }

  /** Adds a record: `who` is {time, hart, pid, tid}, time in ticks. */
  add(who, name, ...values) {
    const { id, kinds } = this.ids.get(name);
    if (values.length !== kinds.length) throw new Error(`${name} takes ${kinds.length} values`);
    const size = 24 + kinds.reduce((n, kind) => n + (kind === "s" ? 16 : 8), 0);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, size, true);
    view.setUint16(2, id, true);
    view.setUint16(4, who.hart ?? 0, true);
    view.setUint32(8, who.pid ?? 0, true);
    view.setInt32(12, who.tid ?? who.pid ?? 0, true);
    view.setBigUint64(16, BigInt(Math.round(who.time)), true);
    let at = 24;
    values.forEach((value, k) => {
      if (kinds[k] === "s") bytes.set(new TextEncoder().encode(value).slice(0, 16), at);
      else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
      at += kinds[k] === "s" ? 16 : 8;
    });
    this.records.push(bytes);
  }

  /** @returns {Uint8Array} head, table and records */
  stream() {
    const table = new TextEncoder().encode(this.table);
    const tableBytes = Math.ceil(table.length / 8) * 8;
    const total = this.records.reduce((n, r) => n + r.length, 24 + tableBytes);
    const bytes = new Uint8Array(total);
    const view = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode("umtrace1"));
    view.setUint32(8, tableBytes, true);
    view.setUint32(12, this.harts, true);
    view.setBigUint64(16, BigInt(this.timebase), true);
    bytes.set(table, 24);
    let at = 24 + tableBytes;
    for (const record of this.records) {
      bytes.set(record, at);
      at += record.length;
    }
    return bytes;
  }
}
