/** The boot as a chart of bars: the kernel's steps, then the first processes. */

import { h, colour, hue, legend, presenting } from "../ui/dom.js";
import { Surface } from "../ui/canvas.js";
import { TimeScale } from "../ui/timescale.js";
import { bootChart, describeRow } from "../model/boot.js";
import { duration } from "../model/text.js";

/** @type {import("./all.js").ViewMaker} */
export function bootView(context) {
  const { trace, people } = context;
  const { rows, left, start } = bootChart(trace, people, 40, context.about.report);
  const place = h("div", { class: "canvas" });
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "tools" },
      legend([
        ["accent", "a step of the kernel’s"],
        ["own", "a process"],
      ]),
      left ? h("span", { class: "hint" }, `${left} more processes are in the time line`) : undefined,
    ),
    place,
  );
  let current = 0;
  let boxes = [];
  const surface = new Surface(place, draw);
  const scale = new TimeScale(
    surface.canvas,
    (Math.max(...rows.map((row) => (row.open ? row.from : row.to)), 1) - start) * 1.02,
    () => surface.redraw(),
  );

  function draw() {
    const { context: c, width, height } = surface;
    c.fillStyle = colour("paper");
    c.fillRect(0, 0, width, height);
    const wide = presenting() ? 200 : 160;
    scale.place(wide, width - wide - 90);
    scale.axis({ context: c, font: surface.font(12) }, 0, height, {
      line: colour("line"),
      ink: colour("soft"),
    });
    const high = Math.max(presenting() ? 30 : 20, Math.min(34, (height - 34) / rows.length));
    const room = Math.floor((height - 34) / high);
    const from = Math.max(0, Math.min(rows.length - room, current - Math.ceil(room / 2)));
    boxes = rows
      .slice(from, from + room)
      .map((row, k) => ({ row, number: from + k + 1, y: 28 + k * high, high }));
    for (const box of boxes) drawRow(box, wide);
  }

  function drawRow({ row, number, y, high }, wide) {
    const { context: c } = surface;
    const now = number === current;
    if (now) {
      c.globalAlpha = 0.4;
      c.fillStyle = colour("mark");
      c.fillRect(0, y, surface.width, high);
      c.globalAlpha = 1;
    }
    c.font = surface.font(Math.min(14, high * 0.72), now ? 650 : 400);
    c.textBaseline = "middle";
    c.fillStyle = colour("ink");
    surface.text(row.label, 12, y + high / 2, wide - 20);
    c.save();
    c.beginPath();
    c.rect(wide, y, surface.width, high);
    c.clip();
    const x = scale.x(row.from - start);
    const end = Math.max(x + 2, Math.min(scale.x(row.to - start), surface.width));
    c.fillStyle = row.kind === "kernel" ? colour("accent") : colour(hue(row.pid));
    c.globalAlpha = row.kind === "kernel" || now ? 1 : 0.75;
    c.fillRect(x, y + 2, end - x, high - 4);
    c.globalAlpha = 1;
    c.fillStyle = colour("ink");
    if (!row.open) c.fillText(duration(row.to - row.from), end + 6, y + high / 2);
    c.restore();
  }

  const under = (y) => boxes.find((box) => y >= box.y && y < box.y + box.high);
  surface.explain((x, y) => (under(y) ? describeRow(under(y).row, duration) : ""));
  surface.canvas.addEventListener(
    "click",
    (event) => under(event.offsetY) && context.go(under(event.offsetY).number),
  );

  return {
    element,
    length: rows.length,
    show(n) {
      current = n;
      surface.redraw();
    },
    sentence: (n) => ({
      text: describeRow(rows[n - 1], duration),
      section: "docs/boot.md",
      record: rows[n - 1].record,
    }),
    stepAt: (record) => rows.filter((row) => row.record <= record).length,
    state: (n) => n,
  };
}
