/** The time line: harts, disks and threads below each other, on a canvas. */

import { h, colour, hue, legend, presenting } from "../ui/dom.js";
import { inkOn, Surface } from "../ui/canvas.js";
import { TimeScale } from "../ui/timescale.js";
import { lanes } from "../model/timeline.js";
import { argumentsOf, duration, hex } from "../model/text.js";

const AXIS = 24; // pixels
const GAP = 10; // between lanes

/** @type {import("./all.js").ViewMaker} */
export function timelineView(context) {
  const { trace, people } = context;
  const all = lanes(trace, people, context.about.syscalls);
  const place = h("div", { class: "canvas" });
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "tools" },
      legend([
        ["syscall", "system call"],
        ["fault", "page fault"],
        ["interrupt", "interrupt"],
        ["read", "read"],
        ["write", "write"],
        ["flush", "flush"],
      ]),
      h(
        "span",
        { class: "hint" },
        "a line above a call: it had a hart; wheel zooms, dragging moves, +/− zoom at the step, a click goes there",
      ),
    ),
    place,
  );
  let current = 0;
  let tid; // of the thread that the step is of
  let scroll = 0;
  let moved = false; // to another step since the last drawing
  let boxes = [];
  const surface = new Surface(place, draw);
  const scale = new TimeScale(surface.canvas, trace.duration, () => surface.redraw());
  let ready = false;

  function draw() {
    const { context: c, width, height } = surface;
    const row = presenting() ? 24 : 19;
    const left = presenting() ? 190 : 150;
    scale.place(left, width - left - 14);
    if (!ready) {
      ready = true;
      open();
    }
    c.fillStyle = colour("paper");
    c.fillRect(0, 0, width, height);
    scale.axis({ context: c, font: surface.font(12) }, 0, height, {
      line: colour("line"),
      ink: colour("soft"),
    });
    boxes = [];
    // Threads need room, too: so not everything that is not one stays in place.
    const stays = [["boot", "harts", "disks"], ["boot", "harts"], []].find(
      (groups) => tall(lanesOf(groups), row) < height * 0.7,
    );
    const pinned = lanesOf(stays);
    const others = all.filter((lane) => !pinned.includes(lane));
    const split = AXIS + tall(pinned, row);
    follow(others, row, height - split);
    drawLanes(others, split - scroll, row, left, split);
    drawLanes(pinned, AXIS, row, left, AXIS);
    drawCursor(left, height);
  }

  const lanesOf = (groups) => all.filter(({ group }) => groups.includes(group));
  const tall = (some, row) => some.reduce((n, { rows }) => n + rows.length * row + GAP, 0);

  /** The lane of the step's thread is to be seen, once after each step. */
  function follow(some, row, room) {
    const at = some.findIndex((lane) => lane.tid === tid);
    if (at >= 0 && moved) {
      const top = tall(some.slice(0, at), row);
      const bottom = top + tall([some[at]], row);
      if (top < scroll) scroll = top;
      if (bottom > scroll + room) scroll = bottom - room;
    }
    moved = false;
    scroll = Math.max(0, Math.min(scroll, tall(some, row) - room));
  }

  function drawLanes(some, y, row, left, top) {
    const { context: c, width, height } = surface;
    c.save();
    c.beginPath();
    c.rect(0, top, width, height - top);
    c.clip();
    for (const lane of some) {
      const high = lane.rows.length * row + GAP;
      if (y + high > top && y < height) drawLane(lane, y + 4, row, left);
      y += high;
    }
    c.restore();
  }

  function drawLane(lane, y, row, left) {
    const { context: c, width } = surface;
    const acts = lane.tid !== undefined && lane.tid === tid;
    c.fillStyle = colour(acts ? "accent" : "ink");
    c.font = surface.font(13, lane.group === "threads" && !acts ? 400 : 600);
    c.textBaseline = "middle";
    surface.text(lane.label, 10, y + row / 2, left - 18);
    c.save();
    c.beginPath();
    c.rect(left, 0, width - left, surface.height);
    c.clip();
    lane.rows.forEach((slices, k) => drawRow(slices, y + k * row, row - 2, lane));
    drawRan(lane.ran, y - 3);
    drawMarks(lane, y + lane.rows.length * row - 5);
    c.restore();
    c.strokeStyle = colour("line");
    c.beginPath();
    c.moveTo(0, y + lane.rows.length * row + 4.5);
    c.lineTo(width, y + lane.rows.length * row + 4.5);
    c.stroke();
  }

  /** Slices narrower than a pixel are drawn once for each pixel. */
  function drawRow(slices, y, high, lane) {
    const { context: c } = surface;
    const from = scale.time(scale.left),
      to = scale.time(scale.left + scale.width + 14);
    let last = -1;
    c.font = surface.font(12);
    for (let k = firstFrom(slices, from); k < slices.length && slices[k].from <= to; k++) {
      const slice = slices[k];
      const x = Math.max(scale.x(slice.from), scale.left - 2);
      const wide = Math.min(scale.x(slice.to), surface.width) - x;
      if (x + wide < last + 1) continue;
      const name = slice.kind.startsWith("tid") ? hue(slice.tid) : slice.kind;
      c.fillStyle = colour(name);
      c.fillRect(x, y, Math.max(1, wide - (wide > 4 ? 1 : 0)), high);
      last = x + wide;
      if (wide < 3) continue;
      boxes.push({ x, y, wide, high, slice, lane });
      if (wide < 30) continue;
      c.fillStyle = inkOn(colour(name));
      surface.text(slice.label, x + 4, y + high / 2 + 0.5, wide - 8);
    }
  }

  /** When a thread had a hart: a line above its calls. */
  function drawRan(ran, y) {
    const { context: c } = surface;
    c.fillStyle = colour("ink");
    let last = -1;
    for (let k = firstFrom(ran, scale.time(scale.left)); k < ran.length; k++) {
      const x = Math.max(scale.left, scale.x(ran[k].from)),
        end = scale.x(ran[k].to);
      if (x > surface.width) break;
      if (end < last + 1) continue;
      c.fillRect(x, y, Math.max(1, end - x), 2.5);
      last = end;
    }
  }

  function drawMarks(lane, y) {
    const { context: c } = surface;
    c.fillStyle = colour("ink");
    let last = -9;
    for (const { time, record } of lane.marks) {
      const x = scale.x(time);
      if (x < scale.left || x > surface.width || x - last < 2) continue;
      last = x;
      c.fillRect(x - 0.5, y, 1.5, 5);
      boxes.push({ x: x - 3, y: y - 3, wide: 7, high: 10, record });
    }
  }

  function drawCursor(left, height) {
    const { context: c } = surface;
    for (const record of context.matches()) {
      const x = scale.x(trace.times[record]);
      if (x < left) continue;
      c.fillStyle = colour("mark");
      c.fillRect(x - 1, 0, 3, AXIS - 4);
    }
    if (current === 0) return;
    const x = scale.x(trace.times[current - 1]);
    if (x < left - 1) return;
    c.fillStyle = colour("accent");
    c.fillRect(x - 1, 0, 2, height);
    c.beginPath();
    c.moveTo(x - 8, 0);
    c.lineTo(x + 8, 0);
    c.lineTo(x, 11);
    c.fill();
  }

  const under = (x, y) =>
    boxes.findLast((b) => x >= b.x - 1 && x <= b.x + b.wide + 1 && y >= b.y && y <= b.y + b.high);

  surface.explain((x, y) => {
    const box = under(x, y);
    if (!box) return "";
    if (box.slice)
      return `${box.slice.label}\n${duration(box.slice.to - box.slice.from)}, from ${duration(box.slice.from)} on${box.slice.tid ? `\n${people.thread(box.slice.tid, box.slice.record)}` : ""}`;
    return sentenceOf(box.record);
  });
  surface.canvas.addEventListener("click", (event) => {
    const box = under(event.offsetX, event.offsetY);
    context.go((box?.slice?.record ?? box?.record ?? trace.at(scale.time(event.offsetX))) + 1);
  });
  surface.canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
      scroll += event.deltaY + event.deltaX;
      event.stopImmediatePropagation();
      event.preventDefault();
      surface.redraw();
    },
    { capture: true },
  );

  function sentenceOf(i) {
    const record = trace.read(i);
    const { nr, result } = record.args;
    const call = context.about.syscalls[nr] ?? `call ${nr}`;
    if (record.name === "syscall.enter")
      return `calls ${call}(${[0, 1, 2, 3, 4, 5].map((k) => hex(record.args[`a${k}`])).join(", ")})`;
    if (record.name === "syscall.exit") return `${call} returns ${result}`;
    return `${record.name}  ${argumentsOf(record, trace.events.get(trace.ids[i]))}`.trim();
  }

  /** A recording of minutes is opened where the step is, not as a grey band. */
  function open() {
    if (current > 0 && trace.length > 4000) {
      const around = 300;
      scale.show(
        trace.times[Math.max(0, current - around)],
        trace.times[Math.min(trace.length - 1, current + around)],
      );
    }
  }

  return {
    element,
    length: trace.length,
    show(n) {
      moved ||= n !== current;
      current = n;
      tid = n > 0 ? trace.read(n - 1).tid : undefined;
      if (ready && n > 0) scale.reveal(trace.times[n - 1]);
      surface.redraw();
    },
    sentence(n) {
      const record = trace.read(n - 1);
      return {
        text: `${people.thread(record.tid, n - 1)} on hart ${record.hart}: ${sentenceOf(n - 1)}`,
        section: "docs/tracing.md",
        record: n - 1,
      };
    },
    stepAt: (record) => record + 1,
    state: (n) => n,
    key(event) {
      const factor = { "+": 2, "=": 2, "-": 0.5 }[event.key];
      if (factor) scale.zoomBy(factor, trace.times[Math.max(0, current - 1)]);
      else if (event.key === "ArrowDown") scroll += 60;
      else if (event.key === "ArrowUp") scroll -= 60;
      else return false;
      surface.redraw();
      return true;
    },
  };
}

/** The first slice that reaches beyond a time. */
function firstFrom(slices, time) {
  let low = 0,
    high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle].to < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
