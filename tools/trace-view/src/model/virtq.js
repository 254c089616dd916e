/**
 * A virtqueue, step by step. What the driver did is in the trace. What the
 * device did is not: nobody sees it but by its traces in memory. So its steps
 * are inferred, each put where it must have happened at the latest, and they
 * say so of themselves.
 */

import { History } from "./history.js";
import { bytes, hex } from "./text.js";

const NEXT = 1,
  WRITE = 2,
  INDIRECT = 4; // [virtio §2.7.5]
/** What Umbra's driver uses at most, if nobody says how long a queue is. */
const USUAL_SIZE = 128;
const OPERATIONS = ["read", "write", "flush", "identify"];

/** @returns {{dev: number, queue: number, size: number, requests: number}[]} the queues that the trace has */
export function queues(trace, sizes = {}) {
  const found = new Map();
  for (const { args } of trace.records("virtq.publish")) {
    const key = `${args.dev}.${args.queue}`;
    const size = sizes[`virtio${args.dev}`] ?? USUAL_SIZE;
    if (!found.has(key)) found.set(key, { dev: args.dev, queue: args.queue, size, requests: 0 });
    found.get(key).requests++;
  }
  return [...found.values()].sort((a, b) => a.dev - b.dev || a.queue - b.queue);
}

/**
 * @param {import("./stream.js").Trace} trace
 * @param {{dev: number, queue: number, size: number}} which
 * @returns {History} of steps {kind, record, inferred, head, ...}
 */
export function virtqHistory(trace, which) {
  return new History({ steps: findSteps(trace, which), start: () => emptyQueue(which), apply: applyStep });
}

function emptyQueue({ size }) {
  return {
    size,
    descriptors: {}, // by index: {addr, len, flags, next, chain}
    tables: {}, // indirect ones, by the head that refers to them
    chains: {}, // by head: {head, count, indirect, purpose, stage}
    avail: { idx: undefined, ring: {} },
    used: { idx: undefined, ring: {} },
    deviceSeen: undefined, // avail.idx up to which the device has taken chains
    driverSeen: undefined, // used.idx up to which the driver has
    held: [], // heads that the device works on
  };
}

/* ---- From records to steps ---- */

function findSteps(trace, { dev, queue }) {
  const steps = [];
  const untaken = []; // published, not yet surely seen by the device
  const requests = new Map(); // what a thread submitted last
  let chain;
  const push = (record, kind, more) =>
    steps.push({ kind, record: record.i, time: record.time, inferred: false, ...more });
  const take = (record, upTo) => {
    while (untaken.length) {
      const { head, idx } = untaken.shift();
      push(record, "take", { head, idx, inferred: true });
      if (head === upTo) return;
    }
  };
  for (const record of trace.records("virtq", "blk.submit")) {
    const { name, args } = record;
    if (name === "blk.submit") {
      requests.set(record.tid, args);
      continue;
    }
    if (args.dev !== dev || args.queue !== queue) continue;
    if (name === "virtq.add") {
      chain = { head: args.head, count: args.count, indirect: args.indirect !== 0 };
      push(record, "add", { ...chain, purpose: purposeOf(requests.get(record.tid)) });
      requests.delete(record.tid);
    } else if (name === "virtq.desc") {
      const inTable = chain?.indirect && !(args.flags & INDIRECT);
      push(record, "desc", { ...args, head: chain?.head, inTable: Boolean(inTable) });
    } else if (name === "virtq.publish") {
      untaken.push(args);
      push(record, "publish", { head: args.head, idx: args.idx });
    } else if (name === "virtq.notify") {
      push(record, "notify", {});
      take(record);
    } else if (name === "virtq.used") {
      if (untaken.some(({ head }) => head === args.id)) take(record, args.id);
      push(record, "finish", { head: args.id, idx: args.idx, len: args.len, inferred: true });
      push(record, "used", { head: args.id, idx: args.idx, len: args.len });
    } else if (name === "virtq.free") {
      push(record, "free", { head: args.head });
    }
  }
  return steps;
}

function purposeOf(request) {
  if (request === undefined) return "";
  const { op, sector, bytes: length } = request;
  const what = OPERATIONS[op] ?? `operation ${op}`;
  return op > 1 ? what : `${what} ${bytes(length)} at sector ${sector}`;
}

/* ---- What a step does to the state ---- */

function applyStep(state, step) {
  CHANGES[step.kind](state, step);
}

/** Where in a ring the entry stands with which its index became idx. */
const entryOf = (idx, size) => ((idx - 1) & 0xffff) % size;
const before16 = (idx) => (idx - 1) & 0xffff;

const CHANGES = {
  add(state, { head, count, indirect, purpose }) {
    state.chains[head] = { head, count, indirect, purpose, stage: "built" };
    if (!indirect) return;
    state.tables[head] = [];
    state.descriptors[head] = { addr: undefined, len: 16 * count, flags: INDIRECT, next: 0, chain: head };
  },
  desc(state, { head, index, addr, len, flags, next, inTable }) {
    const descriptor = { addr, len, flags, next, chain: head };
    if (inTable) state.tables[head][index] = descriptor;
    else state.descriptors[index] = descriptor;
  },
  publish(state, { head, idx }) {
    state.avail.ring[entryOf(idx, state.size)] = head;
    state.avail.idx = idx;
    state.deviceSeen ??= before16(idx);
    stage(state, head, "published");
  },
  notify() {},
  take(state, { head, idx }) {
    state.deviceSeen = idx;
    state.held.push(head);
    stage(state, head, "taken");
  },
  finish(state, { head, idx, len }) {
    state.used.ring[entryOf(idx, state.size)] = { id: head, len };
    state.used.idx = idx;
    state.driverSeen ??= before16(idx);
    state.held = state.held.filter((h) => h !== head);
    stage(state, head, "finished");
  },
  used(state, { head, idx }) {
    state.driverSeen = idx;
    stage(state, head, "used");
  },
  free(state, { head }) {
    for (const [index, descriptor] of Object.entries(state.descriptors))
      if (descriptor.chain === head) descriptor.chain = undefined;
    delete state.tables[head];
    delete state.chains[head];
  },
};

/** A chain that was on its way when the recording began is known from here on. */
function stage(state, head, name) {
  state.chains[head] ??= { head, count: undefined, indirect: false, purpose: "begun before the recording" };
  state.chains[head].stage = name;
}

/* ---- In words ---- */

/**
 * @param {object} step
 * @param {number} size of the queue
 * @returns {{text: string, section: string, who: "driver" | "device"}}
 */
export function describeStep(step, size) {
  const who = step.kind === "take" || step.kind === "finish" ? "device" : "driver";
  return { who, ...SENTENCES[step.kind](step, size) };
}

const SENTENCES = {
  add: ({ head, count, indirect, purpose }) => ({
    text:
      `The driver takes ${indirect || count === 1 ? `descriptor ${head}` : `${count} descriptors, from ${head} on,`} for a chain of ` +
      `${count === 1 ? "one buffer" : `${count} buffers`}${indirect ? ", which go into an indirect table" : ""}${purpose ? ` (${purpose})` : ""}.`,
    section: indirect ? "virtio §2.7.5.3" : "virtio §2.7.13.1",
  }),
  desc: ({ index, addr, len, flags, next, inTable, head }) => ({
    text:
      flags & INDIRECT
        ? `Descriptor ${index} refers to the table at ${hex(addr)}, of ${len / 16} descriptors.`
        : `${inTable ? `Entry ${index} of ${head}’s table` : `Descriptor ${index}`}: ${bytes(len)} at ${hex(addr)}, for the device to ` +
          `${flags & WRITE ? "write" : "read"}; ${flags & NEXT ? `the chain goes on at ${next}` : "the last of the chain"}.`,
    section: flags & INDIRECT || inTable ? "virtio §2.7.5.3" : "virtio §2.7.5",
  }),
  publish: ({ head, idx }, size) => ({
    text:
      `The driver puts head ${head} into entry ${entryOf(idx, size)} of the available ring, then moves its index to ${idx}: ` +
      "the device may look from here on.",
    section: "virtio §2.7.13.3",
  }),
  notify: () => ({
    text: "The driver writes the queue’s number to QueueNotify: the device is to look at the available ring.",
    section: "virtio §2.7.13.4",
  }),
  take: ({ head, idx }, size) => ({
    text: `The device takes head ${head} from entry ${entryOf(idx, size)} of the available ring and reads the chain.`,
    section: "virtio §2.7.6",
  }),
  finish: ({ head, idx, len }, size) => ({
    text: `The device is done: it puts head ${head} and a length of ${bytes(len)} into entry ${entryOf(idx, size)} of the used ring, then moves its index to ${idx}.`,
    section: "virtio §2.7.8",
  }),
  used: ({ head, idx, len }, size) => ({
    text: `The driver finds head ${head} in entry ${entryOf(idx, size)} of the used ring; the device wrote ${bytes(len)} to its buffers.`,
    section: "virtio §2.7.14",
  }),
  free: ({ head }) => ({
    text: `The driver puts the chain of ${head} back on its list of free descriptors.`,
    section: "virtio §2.7.13.1",
  }),
};

/** @returns {string} what a descriptor says: "device reads 16 bytes" */
export function meaning({ flags, len }) {
  if (flags & INDIRECT) return `a table of ${len / 16} descriptors`;
  return `device ${flags & WRITE ? "writes" : "reads"} ${bytes(len)}`;
}

export { NEXT, INDIRECT, entryOf };
