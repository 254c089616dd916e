/**
 * What processes have mapped, and what of it they share. A space is known by
 * the number of the frame that its root table is in; which process has it, the
 * records' own process tells.
 */

import { History } from "./history.js";
import { hex } from "./text.js";

export const PAGE = 4096;
const W = 4,
  COW = 256; // kernel/arch/pte.h

/**
 * @param {import("./stream.js").Trace} trace
 * @returns {History} states are {spaces: {space: {pages: Map, pid}}, current: {pid: space}}
 */
export function pageHistory(trace) {
  const steps = [];
  for (const { i, name, time, pid, args } of trace.records("page", "proc.fork", "proc.exec", "proc.exit"))
    if (CHANGES[name]) steps.push({ ...args, kind: name, record: i, time, pid });
  return new History({
    steps,
    start: () => ({ spaces: {}, current: {}, coming: {} }),
    apply: (state, step) => CHANGES[step.kind](state, step),
  });
}

const CHANGES = {
  "page.map"(state, { space, va, pa, flags, pid }) {
    const { pages } = spaceOf(state, space, pid);
    const before = pages.get(va);
    pages.set(va, { pa, flags, how: howMapped(before, pa, flags) });
  },
  "page.unmap"(state, { space, va, pages }) {
    const known = state.spaces[space]?.pages;
    if (known === undefined) return; // exec clears out a space of which nothing was seen
    // A range may be of a hundred million pages, of which hardly any is there.
    if (pages <= known.size) for (let k = 0; k < pages; k++) known.delete(va + k * PAGE);
    else for (const there of known.keys()) if (there >= va && there < va + pages * PAGE) known.delete(there);
  },
  "page.share"(state, { space, from, pid }) {
    const parent = spaceOf(state, from, pid);
    for (const page of parent.pages.values()) if (page.how !== "file") page.how = "shared";
    state.spaces[space] = { pages: structuredClone(parent.pages), pid: undefined };
    state.coming[pid] = space;
  },
  "proc.fork"(state, { child, pid }) {
    const space = state.coming[pid];
    delete state.coming[pid];
    if (child === pid || space === undefined) return;
    state.current[child] = space;
    if (state.spaces[space]) state.spaces[space].pid = child;
  },
  "proc.exec"(state, { pid }) {
    const old = state.current[pid];
    const space = state.coming[pid];
    delete state.coming[pid];
    if (space === undefined) return; // all that is known of the process is of its new space
    state.current[pid] = space;
    leave(state, old);
    spaceOf(state, space, pid).pid = pid;
  },
  "proc.exit"(state, { pid }) {
    const old = state.current[pid];
    delete state.current[pid];
    leave(state, old);
  },
};

/** A space is gone when its last process is: fork's child may have lent its parent's. */
function leave(state, space) {
  if (space !== undefined && !Object.values(state.current).includes(space)) delete state.spaces[space];
}

function spaceOf(state, space, pid) {
  state.spaces[space] ??= { pages: new Map(), pid: undefined };
  if (state.current[pid] === undefined && state.spaces[space].pid === undefined) {
    state.current[pid] = space;
    state.spaces[space].pid = pid;
  } else if (state.current[pid] !== space && state.spaces[space].pid === undefined) {
    state.coming[pid] = space; // exec fills the new one before it leaves the old
  }
  return state.spaces[space];
}

function howMapped(before, pa, flags) {
  // A fresh page that is to be copied when written is a file's, mapped privately.
  if (before === undefined) return flags & W ? "own" : "file";
  if (before.pa !== pa) return before.how === "shared" ? "copied" : "own";
  return before.how === "shared" && flags & W ? "kept" : before.how;
}

/**
 * @param {object} state
 * @returns {Map<number, number>} how many spaces have each frame
 */
export function owners(state) {
  const count = new Map();
  for (const { pages } of Object.values(state.spaces))
    for (const { pa } of pages.values()) count.set(pa, (count.get(pa) ?? 0) + 1);
  return count;
}

/**
 * How a page is to be shown: "program" (a file's page, which others may show,
 * too), "shared" since fork, "copied" when that ended, "kept" by who wrote
 * last, "alone" if it is still marked as shared, or a process's "own".
 */
export function category(page, sharers) {
  if (page.how === "shared") return sharers > 1 ? "shared" : "alone";
  if (page.how === "copied" || page.how === "kept") return page.how;
  return page.how === "file" ? "program" : "own";
}

/** @returns {{from: number, to: number}[]} runs of pages, gaps of more than `most` pages apart */
export function runs(addresses, most = 16) {
  const sorted = [...addresses].sort((a, b) => a - b);
  const found = [];
  for (const va of sorted) {
    const last = found.at(-1);
    if (last && va - last.to <= most * PAGE) last.to = va + PAGE;
    else found.push({ from: va, to: va + PAGE });
  }
  return found;
}

/**
 * @param {object} step
 * @param {object} before the state before it
 * @param {(pid: number) => string} name
 */
export function describePage(step, before, name) {
  const who = name(step.pid);
  const space = before.spaces[step.space];
  if (step.kind === "page.map") {
    const old = space?.pages.get(step.va);
    const rights = rightsOf(step.flags);
    const where = `the page at ${hex(step.va)}`;
    if (old && old.pa !== step.pa && old.how === "shared")
      return {
        text: `${who} writes to ${where}: sharing ends, it gets a copy of its own in frame ${hex(step.pa)} (${rights}).`,
        section: "docs/memory.md, Copy on write",
      };
    if (old && old.pa === step.pa && old.how === "shared" && !(step.flags & COW))
      return {
        text: `${who} writes to ${where}, and is the last who has the frame: it keeps it, and may write (${rights}).`,
        section: "docs/memory.md, Copy on write",
      };
    if (old && old.pa !== step.pa && old.how === "file")
      return {
        text: `${who} writes to ${where}, which is a file’s: it gets a copy of its own in frame ${hex(step.pa)} (${rights}).`,
        section: "docs/memory.md, Copy on write",
      };
    if (old)
      return {
        text: `${who} has ${where} with other rights now: ${rights}, frame ${hex(step.pa)}.`,
        section: "riscv-priv §4.4",
      };
    return {
      text: `${who} gets ${where}, ${step.flags & W ? "" : "a file’s, "}in frame ${hex(step.pa)} (${rights}).`,
      section: "docs/memory.md, A fault",
    };
  }
  if (step.kind === "page.unmap")
    return {
      text: `${who} gives up ${step.pages === 1 ? "the page" : `${step.pages} pages`} at ${hex(step.va)}.`,
      section: "",
    };
  if (step.kind === "page.share")
    return {
      text: `${who} forks: the child has the same frames, and neither may write to them any more.`,
      section: "docs/memory.md, Copy on write",
    };
  if (step.kind === "proc.fork")
    return { text: `${who} has a child, process ${step.child}.`, section: "docs/processes.md" };
  if (step.kind === "proc.exec")
    return {
      text: `Process ${step.pid} becomes ${step.name}: a new, empty space.`,
      section: "docs/memory.md, Programs",
    };
  return { text: `${who} ends; its space goes.`, section: "docs/processes.md" };
}

function rightsOf(flags) {
  const letters = [
    [2, "r"],
    [W, "w"],
    [8, "x"],
  ]
    .map(([bit, letter]) => (flags & bit ? letter : "–"))
    .join("");
  return flags & COW ? `${letters}, to be copied when written` : letters;
}
