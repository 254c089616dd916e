/** The descriptor table as a map, and beside it the chain that is being looked at. */

import { hue, s } from "../ui/dom.js";
import { INDIRECT, meaning, NEXT } from "../model/virtq.js";
import { hex } from "../model/text.js";

const LEFT = 262,
  TOP = 142,
  WIDE = 756,
  HIGH = 262;
const MAP = 300;

/** @param {object} scene */
export function drawDescriptors(scene) {
  const group = s(
    "g",
    { transform: `translate(${LEFT},${TOP})` },
    s("rect", { class: "panel", width: WIDE, height: HIGH, rx: 8 }),
    s("text", { class: "title driver-ink", x: 12, y: 24 }, "Descriptor table"),
  );
  group.append(map(scene), chain(scene));
  return group;
}

function map({ state, step, anchors, big }) {
  const columns = state.size > 16 ? 16 : state.size || 1;
  const rows = Math.ceil(state.size / columns);
  const side = Math.min((MAP - 24) / columns, (HIGH - 46) / rows, 30);
  const group = s("g", { transform: "translate(12,36)" });
  for (let index = 0; index < state.size; index++) {
    const descriptor = state.descriptors[index];
    const head = descriptor?.chain;
    const x = (index % columns) * side,
      y = Math.floor(index / columns) * side;
    const now = step?.kind === "desc" && !step.inTable && step.index === index;
    const fill = head !== undefined && state.chains[head] ? hue(head) : "faint";
    const cell = s("rect", {
      class: `cell ${now ? "now" : ""}`,
      x,
      y,
      width: side,
      height: side,
      rx: 3,
      style: `fill:var(--${fill})`,
    });
    cell.append(title(index, descriptor));
    group.append(cell);
    const chain = state.chains[index];
    if (chain?.stage === "built")
      anchors.set(index, { x: LEFT + 12 + x + side / 2, y: TOP + 36 + y + side / 2 });
  }
  const busy = Object.values(state.descriptors).filter((d) => d.chain !== undefined).length;
  if (!big)
    group.append(
      s(
        "text",
        { class: "soft", x: 0, y: rows * side + 24 },
        `${busy} of ${state.size} in use; each colour is a chain`,
      ),
    );
  return group;
}

function title(index, descriptor) {
  return s(
    "title",
    {},
    descriptor
      ? `descriptor ${index}: ${meaning(descriptor)} at ${hex(descriptor.addr ?? 0)}`
      : `descriptor ${index}: not used yet`,
  );
}

/** @returns the rows of a chain: {label, descriptor, now} */
function rowsOf(state, step) {
  const head = step?.head;
  const chain = state.chains[head];
  if (!chain) return [];
  const rows = [];
  const seen = new Set();
  for (let index = head; state.descriptors[index]?.chain === head && !seen.has(index);) {
    const descriptor = state.descriptors[index];
    seen.add(index);
    rows.push({
      label: `${index}`,
      descriptor,
      now: step.kind === "desc" && !step.inTable && step.index === index,
    });
    if (!(descriptor.flags & NEXT)) break;
    index = descriptor.next;
  }
  const table = state.tables[head] ?? [];
  table.forEach((descriptor, k) => {
    if (descriptor)
      rows.push({
        label: `↳ ${k}`,
        descriptor,
        now: step.kind === "desc" && step.inTable && step.index === k,
      });
  });
  return rows;
}

function chain({ state, step, big }) {
  const group = s("g", { transform: `translate(${MAP + 14},0)` });
  const head = step?.head;
  const known = state.chains[head];
  if (!known) {
    group.append(
      s(
        "text",
        { class: "soft", x: 6, y: 60 },
        head === undefined ? "No chain is touched by this step." : `The chain of ${head} is free again.`,
      ),
    );
    return group;
  }
  group.append(
    s(
      "text",
      { class: "title", x: 6, y: 24, style: `fill:var(--${hue(head)})` },
      `${known.purpose || "Chain"}: chain ${head}`,
    ),
  );
  const rows = rowsOf(state, step);
  const high = big ? 36 : 29;
  const most = Math.floor((HIGH - 40) / high);
  const current = rows.findIndex((row) => row.now);
  const from = Math.max(0, Math.min(rows.length - most, current - most + 2));
  rows.slice(from, from + most).forEach((row, k) => group.append(line(row, 36 + k * high, high, big)));
  if (rows.length > from + most)
    group.append(
      s(
        "text",
        { class: "soft", x: 420, y: HIGH - 6, "text-anchor": "end" },
        `and ${rows.length - from - most} more`,
      ),
    );
  return group;
}

function line({ label, descriptor, now }, y, high, big) {
  const { addr, flags, next } = descriptor;
  const indirect = flags & INDIRECT;
  const indent = label.startsWith("↳") ? 22 : 0;
  const group = s(
    "g",
    { class: `row ${now ? "now" : ""}`, transform: `translate(0,${y})` },
    s("rect", { width: 436, height: high - 3, rx: 4 }),
    s("text", { class: "mono", x: 8 + indent, y: high - 10 }, label),
    s("text", { x: 62 + indent, y: high - 10 }, meaning(descriptor)),
  );
  if (!big) {
    if (addr !== undefined)
      group.append(
        s("text", { class: "mono soft tiny", x: 354, y: high - 10, "text-anchor": "end" }, hex(addr)),
      );
  }
  if (!indirect)
    group.append(
      s(
        "text",
        { class: "soft", x: 432, y: high - 10, "text-anchor": "end" },
        flags & NEXT ? `then ${next}` : "last",
      ),
    );
  return group;
}
