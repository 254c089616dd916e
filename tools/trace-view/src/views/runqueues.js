/** Run queues: who has each hart and who waits, and below it how that went over time. */

import { h, colour, hue, presenting } from "../ui/dom.js";
import { inkOn, Surface } from "../ui/canvas.js";
import { TimeScale } from "../ui/timescale.js";
import { depths, describeSchedule, runQueueHistory } from "../model/runqueues.js";
import { lanes } from "../model/timeline.js";

/** @type {import("./all.js").ViewMaker} */
export function runQueuesView(context) {
  const { trace, people } = context;
  const history = runQueueHistory(trace);
  const curves = depths(history, trace.harts);
  const most = Math.max(
    1,
    curves.flat().reduce((n, p) => Math.max(n, p.depth), 0),
  );
  const running = lanes(trace, people, {})
    .filter((lane) => lane.group === "harts")
    .map((lane) => lane.rows[0]);
  const place = h("div", { class: "canvas" });
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "tools" },
      h(
        "span",
        { class: "hint" },
        "Above: who has each hart, and who waits for it. Below: who had it, and how many waited, over time. Wheel and +/− zoom.",
      ),
    ),
    place,
  );
  let current = 0;
  let state, step;
  const surface = new Surface(place, draw);
  const scale = new TimeScale(surface.canvas, trace.duration, () => surface.redraw());
  let placed = false;

  function draw() {
    if (!state) return;
    const { context: c, width, height } = surface;
    c.fillStyle = colour("paper");
    c.fillRect(0, 0, width, height);
    const split = Math.round(height * 0.5);
    const high = Math.min(presenting() ? 74 : 64, (split - 10) / state.harts.length);
    state.harts.forEach((hart, k) => drawHart(hart, k, 8 + k * high, high - 8));
    scale.place(110, width - 130);
    if (!placed) {
      placed = true;
      if (history.length > 400 && current > 0) around();
    }
    scale.axis({ context: c, font: surface.font(12) }, split, height, {
      line: colour("line"),
      ink: colour("soft"),
    });
    const room = (height - split - 30) / curves.length;
    curves.forEach((curve, k) => drawCurve(curve, k, split + 26 + k * room, room - 8));
    if (step) {
      c.fillStyle = colour("accent");
      c.fillRect(scale.x(step.time) - 1, split + 20, 2, height - split - 20);
    }
  }

  function around() {
    const near = (k) => history.steps[Math.max(0, Math.min(history.length - 1, k))].time;
    scale.show(near(current - 60), near(current + 60));
  }

  function drawHart(hart, number, y, high) {
    const { context: c, width } = surface;
    const acts =
      step &&
      (step.kind.startsWith("sched.") && step.kind !== "sched.switch" ? step.on : step.hart) === number;
    const box = presenting() ? 230 : 180;
    c.textBaseline = "middle";
    c.fillStyle = colour("ink");
    c.font = surface.font(16, 650);
    c.fillText(`hart ${number}`, 14, y + high / 2);
    drawThread(hart.running, 100, y, box, high, acts && step.next !== undefined);
    hart.queue.forEach((tid, k) => {
      const x = 100 + box + 34 + k * (box * 0.72 + 8);
      if (x < width - 40) drawThread(tid, x, y + 6, box * 0.72, high - 12, acts && step.tid === tid);
    });
    c.fillStyle = colour("soft");
    c.font = surface.font(15);
    c.fillText("◂", 100 + box + 10, y + high / 2);
    if (!hart.queue.length) c.fillText("nobody waits", 100 + box + 34, y + high / 2);
    else if (hart.unseen)
      c.fillText(
        `+ ${hart.unseen} not traced`,
        100 + box + 38 + hart.queue.length * (box * 0.72 + 8),
        y + high / 2,
      );
  }

  function drawThread(tid, x, y, wide, high, now) {
    const { context: c } = surface;
    const idle = !tid;
    const fill = idle ? colour("faint") : colour(hue(tid));
    c.fillStyle = fill;
    c.strokeStyle = now ? colour("ink") : colour("line");
    c.lineWidth = now ? 4 : 1;
    c.beginPath();
    c.roundRect(x, y, wide, high, 8);
    c.fill();
    c.stroke();
    c.lineWidth = 1;
    c.fillStyle = idle ? colour("soft") : inkOn(fill);
    c.font = surface.font(15, idle ? 400 : 600);
    surface.text(
      idle ? (tid === 0 ? "idle" : "unknown yet") : people.thread(tid, step?.record),
      x + 12,
      y + high / 2,
      wide - 20,
    );
  }

  function drawCurve(curve, number, y, high) {
    const { context: c, width } = surface;
    c.font = surface.font(13);
    c.fillStyle = colour("ink");
    c.textBaseline = "middle";
    c.fillText(`hart ${number}`, 14, y + high / 2);
    c.save();
    c.beginPath();
    c.rect(scale.left, y - 2, width - scale.left, high + 4);
    c.clip();
    drawRunning(running[number], y + high - 11);
    drawDepth(curve, y, high - 14);
    c.restore();
  }

  function drawRunning(slices, y) {
    const { context: c } = surface;
    let last = -1;
    for (const { from, to, tid } of slices) {
      const x = scale.x(from),
        end = scale.x(to);
      if (end < scale.left || x > surface.width || end < last + 1) continue;
      c.fillStyle = colour(hue(tid));
      c.fillRect(x, y, Math.max(1, end - x), 10);
      last = end;
    }
  }

  function drawDepth(curve, y, high) {
    const { context: c } = surface;
    const level = (depth) => y + high * (1 - Math.min(1, depth / most));
    c.fillStyle = colour("shared");
    let last = -1;
    curve.forEach(({ time, depth }, k) => {
      const x = Math.max(scale.left, scale.x(time));
      const end = scale.x(curve[k + 1]?.time ?? trace.duration);
      if (end < scale.left || x > surface.width || depth === 0 || end < last + 0.5) return;
      c.fillRect(x, level(depth), Math.max(1, end - x), y + high - level(depth));
      last = end;
    });
  }

  surface.explain((x, y) => {
    const split = surface.height * 0.5;
    if (y < split || x < scale.left) return "";
    const hart = Math.floor((y - split - 26) / ((surface.height - split - 30) / curves.length));
    const time = scale.time(x);
    const slice = running[hart]?.find(({ from, to }) => from <= time && time < to);
    const depth = curves[hart]?.findLast((p) => p.time <= time)?.depth ?? 0;
    return curves[hart]
      ? `hart ${hart}: ${slice ? slice.label : "idle"}\n${depth === 1 ? "one waits" : `${depth} wait`}`
      : "";
  });
  surface.canvas.addEventListener("click", (event) => {
    if (event.offsetY > surface.height * 0.5) context.go(history.stepAt(trace.at(scale.time(event.offsetX))));
  });

  return {
    element,
    length: history.length,
    show(n) {
      current = n;
      state = history.after(n);
      step = history.steps[n - 1];
      if (placed && step) scale.reveal(step.time);
      surface.redraw();
    },
    sentence(n) {
      const one = history.steps[n - 1];
      return {
        text: describeSchedule(one, (tid) => people.thread(tid, one.record)),
        section: "docs/scheduler.md",
        record: one.record,
      };
    },
    stepAt: (record) => history.stepAt(record),
    state: (n) => history.after(n),
    key(event) {
      const factor = { "+": 2, "=": 2, "-": 0.5 }[event.key];
      if (!factor) return false;
      scale.zoomBy(factor, step?.time ?? 0);
      surface.redraw();
      return true;
    },
  };
}
