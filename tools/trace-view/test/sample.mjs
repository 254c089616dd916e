/**
 * A made-up recording with something for each view: a boot, programs that
 * fork, exec and write, a disk behind a virtqueue, a journal.
 *
 *     node sample.mjs FILE [RECORDS]
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Writer } from "./writer.mjs";

const R = 2,
  W = 4,
  X = 8,
  USER = 16 + 1,
  COW = 256;
const PHYSICAL = 0x80000000;
const SLEEPS = 1,
  ENDED = 2; // enum thread_state

/** A machine that does as Umbra does, roughly, and says so to a Writer. */
export class Machine {
  constructor(harts = 4, seed = 1) {
    this.w = new Writer({ harts });
    this.harts = harts;
    this.now = 50_000;
    this.seed = seed;
    this.running = Array(harts).fill(0);
    this.queue = { free: Array.from({ length: 128 }, (_, i) => i), avail: 0, used: 0 };
    this.frame = 0x8000;
    this.spaces = new Map();
    this.sequence = 514;
    this.request = 0;
  }

  random(n) {
    this.seed = (this.seed * 1103515245 + 12345) & 0x7fffffff;
    return this.seed % n;
  }

  at(hart, ticks = 20) {
    this.now += 1 + this.random(ticks);
    const tid = this.running[hart];
    return { time: this.now, hart, pid: tid, tid };
  }

  boot() {
    for (const name of [
      "umbra",
      "machine",
      "clock",
      "memory",
      "vm",
      "plic",
      "smp",
      "virtio0",
      "vda",
      "root",
      "init",
    ]) {
      this.w.add(this.at(0, 8_000), "boot.step", name);
    }
    this.start(1, 0);
    this.exec(0, "init");
  }

  start(tid, hart, state = SLEEPS) {
    this.w.add(this.at(hart), "sched.wake", tid, hart);
    this.w.add(this.at(hart), "sched.queue", tid, hart, 1);
    this.switch(hart, tid, state);
  }

  switch(hart, next, state = SLEEPS) {
    this.w.add(this.at(hart), "sched.switch", this.running[hart], state, next);
    this.running[hart] = next;
  }

  map(hart, space, va, pa, flags) {
    this.w.add(this.at(hart), "page.map", space, va, pa, flags);
    this.spaces.get(space).set(va, { pa, flags });
  }

  fault(hart, space, va, pa, flags) {
    this.w.add(this.at(hart), "fault.enter", va, flags & W ? 15 : 13, 0x10422);
    this.map(hart, space, va, pa, flags);
    this.w.add(this.at(hart), "fault.done", va, 0);
  }

  exec(hart, name) {
    const tid = this.running[hart];
    for (const va of this.spaces.get(tid)?.keys() ?? []) this.w.add(this.at(hart), "page.unmap", tid, va, 1);
    this.spaces.set(tid, new Map());
    this.w.add(this.at(hart), "proc.exec", name);
    for (let k = 0; k < 6; k++)
      this.fault(hart, tid, 0x10000 + k * 4096, PHYSICAL + (0x500 + k) * 4096, R | X | USER);
    for (let k = 0; k < 4; k++)
      this.fault(hart, tid, 0x20000 + k * 4096, PHYSICAL + this.frame++ * 4096, R | W | USER);
    for (let k = 0; k < 3; k++)
      this.fault(hart, tid, 0x3ffffff000 - k * 4096, PHYSICAL + this.frame++ * 4096, R | W | USER);
  }

  fork(hart, child) {
    const tid = this.running[hart];
    this.w.add(this.at(hart), "syscall.enter", 220, 17, 0, 0, 0, 0, 0);
    this.w.add(this.at(hart), "page.share", child, tid);
    this.spaces.set(child, new Map(this.spaces.get(tid)));
    this.w.add(this.at(hart), "proc.fork", child, child);
    this.w.add(this.at(hart), "syscall.exit", 220, child);
    for (let k = 0; k < 2; k++)
      this.fault(hart, tid, 0x20000 + k * 4096, PHYSICAL + this.frame++ * 4096, R | W | USER);
  }

  /** Submits requests as a batch and has them done in another order. */
  disk(hart, requests) {
    const q = this.queue;
    const flight = requests.map(({ op, sector, bytes }) => {
      const request = 0xffffffc080100000n + BigInt(this.request++ % 512) * 64n;
      this.w.add(this.at(hart), "blk.submit", "vda", op, sector, bytes, request);
      const head = q.free.shift();
      const count = 2 + Math.ceil(bytes / 4096);
      const direct = count === 2;
      this.w.add(this.at(hart), "virtq.add", 0, 0, head, count, direct ? 0 : 1);
      const second = direct ? q.free.shift() : 0;
      for (let k = 0; k < count; k++) {
        const last = k === count - 1;
        const write = last || (op === 0 && k > 0) ? 2 : 0;
        const index = direct ? (k ? second : head) : k;
        const next = last ? 0 : direct ? second : k + 1;
        this.w.add(
          this.at(hart),
          "virtq.desc",
          0,
          0,
          index,
          PHYSICAL + 0x100000 + head * 4096 + k * 64,
          k === 0 ? 16 : last ? 1 : 4096,
          write | (last ? 0 : 1),
          next,
        );
      }
      this.w.add(this.at(hart), "virtq.publish", 0, 0, ++q.avail & 0xffff, head);
      return { request, head, second: direct ? second : null, len: op === 0 ? bytes + 1 : 1 };
    });
    this.w.add(this.at(hart), "virtq.notify", 0, 0);
    this.now += 800 + this.random(3000);
    this.w.add(this.at(0), "irq.enter", 8);
    for (const done of flight.reverse()) {
      this.w.add(this.at(0), "virtq.used", 0, 0, ++q.used & 0xffff, done.head, done.len);
      this.w.add(this.at(0), "virtq.free", 0, 0, done.head);
      q.free.unshift(done.head, ...(done.second === null ? [] : [done.second]));
    }
    for (const done of flight) this.w.add(this.at(0), "blk.done", "vda", done.request, 0);
    this.w.add(this.at(0), "irq.exit", 8);
  }

  fsync(hart) {
    this.w.add(this.at(hart), "syscall.enter", 82, 3, 0, 0, 0, 0, 0);
    this.w.add(this.at(hart), "journal.begin");
    const blocks = [513, 514, 536 + this.random(200)];
    for (const block of blocks) this.w.add(this.at(hart), "journal.edit", block);
    this.w.add(this.at(hart), "journal.end", 0);
    const start = 3 + (this.sequence % 90) * 5;
    blocks.forEach((block, k) =>
      this.w.add(this.at(hart), "journal.write", block, start + 1 + k, this.sequence),
    );
    this.w.add(this.at(hart), "journal.commit", this.sequence, blocks.length, start);
    this.disk(hart, [{ op: 1, sector: start * 8, bytes: 5 * 4096 }]);
    this.disk(hart, [{ op: 2, sector: 0, bytes: 0 }]);
    if (this.sequence % 4 === 0) {
      this.w.add(this.at(hart), "journal.checkpoint", this.sequence);
      this.disk(
        hart,
        blocks.map((block) => ({ op: 1, sector: block * 8, bytes: 4096 })),
      );
    }
    this.sequence++;
    this.w.add(this.at(hart), "syscall.exit", 82, 0);
  }

  /** A program from fork to exit, on a hart of its own. */
  program(child, name) {
    const hart = 1 + (child % (this.harts - 1));
    if (this.running[0] !== 1) this.start(1, 0);
    this.fork(0, child);
    this.start(child, hart);
    this.exec(hart, name);
    this.w.add(this.at(hart), "syscall.enter", 63, 3, 0x20000, 4096, 0, 0, 0);
    this.disk(
      hart,
      Array.from({ length: 1 + this.random(4) }, () => ({
        op: 0,
        sector: 8 * (540 + this.random(9000)),
        bytes: 4096 << this.random(3),
      })),
    );
    this.w.add(this.at(hart), "syscall.exit", 63, 4096);
    for (let k = 0; k < 5; k++) this.w.add(this.at(hart), "cache.hit", 0x1000, 513 + this.random(64));
    if (child % 3 === 0) this.fsync(hart);
    for (const va of this.spaces.get(child).keys()) this.w.add(this.at(hart), "page.unmap", child, va, 1);
    this.w.add(this.at(hart), "proc.exit", 0);
    this.switch(hart, 0, ENDED);
  }
}

/** @returns {Uint8Array} a stream of about so many records */
export function sample(records = 1500) {
  const machine = new Machine();
  machine.boot();
  const names = ["sh", "cat", "ls", "sync", "svc", "grep"];
  for (let pid = 2; machine.w.records.length < records; pid++)
    machine.program(pid, names[pid % names.length]);
  return machine.w.stream();
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2])
  writeFileSync(process.argv[2], sample(Number(process.argv[3] ?? 1500)));
