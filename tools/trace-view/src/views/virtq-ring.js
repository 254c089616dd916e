/** A ring, cut open: a tape of entries that glides by as its index grows. */

import { hue, s } from "../ui/dom.js";
import { entryOf } from "../model/virtq.js";

const LEFT = 262,
  WIDE = 756;
const PLACES = {
  avail: {
    y: 4,
    title: "Available ring",
    writer: "driver",
    reader: "device",
    moved: (state) => state.deviceSeen,
    verb: "device has taken",
  },
  used: {
    y: 420,
    title: "Used ring",
    writer: "device",
    reader: "driver",
    moved: (state) => state.driverSeen,
    verb: "driver has seen",
  },
};

/**
 * Draws a ring; tokens of chains that are in it go to their entries.
 * @param {object} scene
 * @param {"avail" | "used"} which
 */
export function drawRing(scene, which) {
  const { state, big } = scene;
  const { y, title, writer, reader, moved, verb } = PLACES[which];
  const ring = state[which];
  const group = s("g", { transform: `translate(${LEFT},${y})` });
  const head = s("text", { class: `title ${writer}-ink`, x: 0, y: 17 }, title);
  const aside = s(
    "text",
    { x: WIDE, y: 17, "text-anchor": "end", class: "mono small" },
    ring.idx === undefined
      ? ""
      : big
        ? `idx ${ring.idx}`
        : `${which}.idx = ${ring.idx}; ${verb} up to ${moved(state) ?? "?"}`,
  );
  group.append(head, aside);
  const shown = Math.min(big ? 9 : 12, state.size);
  const wide = WIDE / shown;
  const idx = ring.idx ?? 0;
  const start = idx - shown + 3;
  const tape = s("g", { class: "tape" });
  for (let k = 0; k < shown; k++) tape.append(slot(scene, which, start + k, { x: k * wide, wide, idx, y }));
  group.append(
    tape,
    pointer(writer, (idx - start) * wide, 26, 1, big),
    pointerOf(reader, moved(state), { start, wide, shown, big }),
  );
  return group;
}

function slot(scene, which, index, { x, wide, idx, y }) {
  const { state, step, anchors, big } = scene;
  const { size } = state;
  const entry = ((index % size) + size) % size;
  const value = state[which].ring[entry];
  const head = which === "avail" ? value : value?.id;
  const fresh = index < idx && value !== undefined;
  const now =
    step &&
    step.idx !== undefined &&
    entryOf(step.idx, size) === entry &&
    (which === "avail" ? ["publish", "take"] : ["finish", "used"]).includes(step.kind);
  const group = s(
    "g",
    { transform: `translate(${x},0)` },
    s("rect", { class: `slot ${now ? "now" : ""}`, x: 2, y: 40, width: wide - 4, height: 40, rx: 5 }),
    s("text", { class: "soft mono tiny", x: wide / 2, y: 36, "text-anchor": "middle" }, `[${entry}]`),
  );
  const stages = which === "avail" ? ["published"] : ["finished"];
  const chain = state.chains[head];
  if (fresh && chain && stages.includes(chain.stage)) {
    anchors.set(head, { x: LEFT + x + wide / 2, y: y + 60 });
  } else if (value !== undefined) {
    const two = which === "used" && !big; // lines: the head, and the length
    const faded = `fill:var(--${hue(head)});opacity:${fresh ? 0.75 : 0.3}`;
    group.append(
      s(
        "text",
        { class: "mono small", x: wide / 2, y: two ? 58 : 65, "text-anchor": "middle", style: faded },
        head,
      ),
    );
    if (two)
      group.append(
        s(
          "text",
          { class: "mono soft", x: wide / 2, y: 74, "text-anchor": "middle", style: "font-size:11px" },
          value.len,
        ),
      );
  }
  return group;
}

function pointerOf(who, index, { start, wide, shown, big }) {
  if (index === undefined || index < start || index > start + shown) return s("g");
  return pointer(who, (index - start) * wide, 84, -1, big);
}

/** A triangle between two entries: all to its left has been done. */
function pointer(who, x, y, down, big) {
  const name = who === "driver" ? "driver" : "device";
  const label = down > 0 ? "" : name;
  return s(
    "g",
    { class: "pointer", style: `transform:translate(${x}px,${y}px)` },
    s("path", { d: down > 0 ? "M-9,0 L9,0 L0,12 Z" : "M-9,14 L9,14 L0,2 Z", class: `${who}-ink` }),
    s("text", { x: 13, y: big ? 17 : 14, class: `${who}-ink small` }, label),
  );
}
