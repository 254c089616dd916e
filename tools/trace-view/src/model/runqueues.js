/** Which thread has each hart, and who waits for it. */

import { History } from "./history.js";

const STATES = ["runnable", "sleeping", "dead"]; // enum thread_state

/**
 * @param {import("./stream.js").Trace} trace
 * @returns {History} of steps {kind, record, time, hart, ...}; states are
 *     {harts: [{running, queue, unseen}]}
 */
export function runQueueHistory(trace) {
  const steps = [];
  const running = start(trace).harts.map((hart) => hart.running);
  for (const { i, name, time, hart, args, tid } of trace.records()) {
    // Switches away from the thread that reads the trace are not in it.
    if (name !== "sched.switch" && running[hart] !== tid)
      steps.push({ kind: "seen", record: i, time, hart, on: hart, next: tid });
    running[hart] = name === "sched.switch" ? args.next : tid;
    if (CHANGES[name]) steps.push({ ...args, kind: name, record: i, time, on: args.hart ?? hart, hart });
  }
  return new History({
    steps,
    start: () => start(trace),
    apply: (state, step) => CHANGES[step.kind](state, step),
  });
}

/** Before the first switch of a hart, whoever left its first record there was running. */
function start(trace) {
  const harts = Array.from({ length: trace.harts }, () => ({ running: undefined, queue: [], unseen: 0 }));
  let unknown = trace.harts;
  for (let i = 0; i < trace.length && unknown > 0; i++) {
    const { hart, tid, name, args } = trace.read(i);
    if (harts[hart].running !== undefined) continue;
    harts[hart].running = name === "sched.switch" ? args.prev : tid;
    unknown--;
  }
  return { harts };
}

const CHANGES = {
  "sched.wake"() {},
  "sched.queue"(state, { tid, on, depth }) {
    leaveQueues(state, tid);
    const hart = state.harts[on];
    if (hart === undefined) return;
    hart.queue.push(tid);
    hart.unseen = Math.max(0, depth - hart.queue.length); // the reader of the trace, for one
  },
  "sched.switch"(state, { hart, next }) {
    leaveQueues(state, next);
    state.harts[hart].unseen = 0;
    state.harts[hart].running = next;
  },
};

CHANGES.seen = CHANGES["sched.switch"];

function leaveQueues(state, tid) {
  for (const hart of state.harts) hart.queue = hart.queue.filter((waiting) => waiting !== tid);
}

/**
 * @param {object} step
 * @param {(tid: number) => string} name
 * @returns {string}
 */
export function describeSchedule(step, name) {
  if (step.kind === "sched.wake") return `${name(step.tid)} is woken up, for hart ${step.on}.`;
  if (step.kind === "sched.queue")
    return `${name(step.tid)} goes on hart ${step.on}’s queue, where ${step.depth === 1 ? "one waits" : `${step.depth} wait`} now.`;
  if (step.kind === "seen")
    return `${name(step.next)} has hart ${step.hart} now; the switch to it was not traced.`;
  const left = STATES[step.state] ?? `in state ${step.state}`;
  return `Hart ${step.hart} goes from ${name(step.prev)}, which is ${left}, to ${name(step.next)}.`;
}

/**
 * @returns {{time: number, depth: number}[][]} for each hart, how many were waiting from each time on
 */
export function depths(history, harts) {
  const curves = Array.from({ length: harts }, () => [{ time: 0, depth: 0 }]);
  const state = history.after(0);
  const last = state.harts.map((hart) => hart.queue.length);
  for (const step of history.steps) {
    history.apply(state, step);
    state.harts.forEach(({ queue }, hart) => {
      if (queue.length === last[hart]) return;
      last[hart] = queue.length;
      curves[hart].push({ time: step.time, depth: queue.length });
    });
  }
  return curves;
}
