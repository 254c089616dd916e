/** What happens to the disk: requests, and the journal's transactions. */

import { History } from "./history.js";
import { bytes, count } from "./text.js";

const BLOCK = 4096,
  SECTOR = 512;
const READ = 0,
  WRITE = 1,
  FLUSH = 2; // enum blk_op

/** @returns {string[]} the disks that the trace has requests to */
export function disks(trace) {
  const names = new Set();
  for (const { args } of trace.records("blk.submit")) names.add(args.disk);
  return [...names].sort();
}

/**
 * @param {import("./stream.js").Trace} trace
 * @param {string} disk
 * @returns {History} states are {touched, running, transactions, flights}
 */
export function diskHistory(trace, disk) {
  const steps = [];
  const flights = new Map(); // a request's address tells apart those in flight only
  for (const { i, name, time, pid, args } of trace.records("blk", "journal")) {
    if (args.disk !== undefined && args.disk !== disk) continue;
    const step = { ...args, kind: name, record: i, time, pid };
    if (name === "blk.submit") flights.set(args.request, step);
    if (name === "blk.done") step.of = flights.get(args.request);
    if (CHANGES[name] && (name !== "blk.done" || step.of)) steps.push(step);
  }
  return new History({ steps, start, apply: (state, step) => CHANGES[step.kind](state, step, steps) });
}

const start = () => ({ touched: {}, order: 0, running: [], transactions: [], flights: {} });

/** @returns {{first: number, count: number}} the blocks of a request */
export function blocksOf({ sector, bytes: length }) {
  const first = Math.floor((sector * SECTOR) / BLOCK);
  return { first, count: Math.ceil((sector * SECTOR + length) / BLOCK) - first };
}

const CHANGES = {
  "blk.submit"(state, step) {
    state.flights[step.request] = { op: step.op, sector: step.sector, bytes: step.bytes };
  },
  "blk.done"(state, { request, status, of }) {
    delete state.flights[request];
    if (of.op > WRITE) return;
    const { first, count: blocks } = blocksOf(of);
    state.order++;
    for (let k = 0; k < blocks; k++) {
      const before = state.touched[first + k] ?? { reads: 0, writes: 0 };
      state.touched[first + k] = {
        reads: before.reads + (of.op === READ),
        writes: before.writes + (of.op === WRITE),
        op: of.op,
        order: state.order,
        failed: status !== 0,
      };
    }
  },
  "journal.begin"() {},
  "journal.edit"(state, { block }) {
    if (!state.running.includes(block)) state.running.push(block);
  },
  "journal.end"() {},
  "journal.write"(state, { block, at, seq }) {
    transaction(state, seq).blocks.push({ block, at });
    state.running = state.running.filter((b) => b !== block);
  },
  "journal.commit"(state, { seq, at }) {
    Object.assign(transaction(state, seq), { stage: "committed", at });
  },
  "journal.checkpoint"(state, { seq }) {
    for (const tx of state.transactions) if (tx.seq <= seq) tx.stage = "in place";
  },
  "journal.replay"(state, { seq }) {
    transaction(state, seq).stage = "replayed";
  },
};

function transaction(state, seq) {
  let found = state.transactions.find((tx) => tx.seq === seq);
  if (found === undefined) {
    found = { seq, blocks: [], stage: "being written" };
    state.transactions.push(found);
    if (state.transactions.length > 40) state.transactions.shift();
  }
  return found;
}

/**
 * @param {object} step
 * @param {import("./layout.js").Layout} layout
 * @param {(pid: number) => string} name
 * @returns {{text: string, section: string}}
 */
export function describeDisk(step, layout, name) {
  return SENTENCES[step.kind](step, layout, name);
}

const JOURNAL = "docs/eclipsefs.md §6";
const VERBS = ["read", "write"];

function request({ op, sector, bytes: length }, layout) {
  if (op === FLUSH) return "flush: all that was written is to be on the disk for good";
  if (op > FLUSH) return "ask the disk for its name";
  const { first, count: blocks } = blocksOf({ sector, bytes: length });
  const where =
    blocks === 1
      ? layout.describe(first)
      : `${blocks} blocks from ${layout.describe(first).replace(/^block /, "")} on`;
  return `${VERBS[op]} ${bytes(length)}: ${where}`;
}

const SENTENCES = {
  "blk.submit": (step, layout, name) => ({
    text: `${name(step.pid)} asks the disk to ${request(step, layout)}.`,
    section: "virtio §5.2.6",
  }),
  "blk.done": ({ status, of, time }, layout) => ({
    text: `${status === 0 ? "Done" : `Failed with ${status}`} after ${Math.round(time - of.time)} µs: ${request(of, layout)}.`,
    section: "virtio §5.2.6",
  }),
  "journal.begin": ({ pid }, _, name) => ({
    text: `${name(pid)} begins a change: all of it will happen, or nothing.`,
    section: JOURNAL,
  }),
  "journal.edit": ({ block }, layout) => ({
    text: `The change touches ${layout.describe(block)}: for now only in memory.`,
    section: JOURNAL,
  }),
  "journal.end": ({ result }) => ({
    text:
      result < 0
        ? `The change is taken back (${result}).`
        : "The change is complete, and part of the running transaction.",
    section: JOURNAL,
  }),
  "journal.write": ({ block, at, seq }, layout) => ({
    text: `Transaction ${seq}: the new contents of ${layout.describe(block)} are to go to block ${at}, in the journal.`,
    section: JOURNAL,
  }),
  "journal.commit": ({ seq, blocks }) => ({
    text: `Transaction ${seq} with ${count(blocks, "block")} is committed: from here on a power cut cannot undo it.`,
    section: JOURNAL,
  }),
  "journal.checkpoint": ({ seq }) => ({
    text: `Checkpoint: all blocks up to transaction ${seq} are in their own places; the journal begins anew.`,
    section: JOURNAL,
  }),
  "journal.replay": ({ seq, blocks }) => ({
    text: `After a power cut: transaction ${seq} with ${count(blocks, "block")} is replayed.`,
    section: JOURNAL,
  }),
};
