/** Microseconds on a line of pixels, with zoom and pan by wheel and drag. */

import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

/** What part of the time is seen, and where. */
export class TimeScale {
  /**
   * @param {HTMLCanvasElement} canvas the one that is zoomed on
   * @param {number} end of all times
   * @param {() => void} changed
   */
  constructor(canvas, end, changed) {
    this.end = Math.max(1, end);
    this.left = 0;
    this.width = 1;
    this.transform = zoomIdentity;
    this.canvas = canvas;
    this.zoom = zoom()
      .scaleExtent([1, Math.max(1, this.end * 20)])
      .filter((event) => !event.ctrlKey || event.type === "wheel")
      .on("zoom", ({ transform, sourceEvent }) => {
        this.transform = transform;
        if (sourceEvent) changed();
      });
    select(canvas).call(this.zoom).on("dblclick.zoom", null);
  }

  /** Says which pixels the whole time would take without zoom. */
  place(left, width) {
    this.left = left;
    this.width = Math.max(1, width);
    const box = [
      [left, 0],
      [left + this.width, 1],
    ];
    this.zoom.extent(box).translateExtent(box);
    this.scale = this.transform.rescaleX(scaleLinear([0, this.end], [left, left + this.width]));
  }

  x(time) {
    return this.scale(time);
  }

  time(x) {
    return this.scale.invert(x);
  }

  /** Makes it `factor` times as large around a time. */
  zoomBy(factor, time) {
    select(this.canvas).call(this.zoom.scaleBy, factor, [this.x(time), 0]);
    this.place(this.left, this.width);
  }

  /** Moves as little as is needed for a time to be seen, off the edges. */
  reveal(time) {
    const x = this.x(time);
    const margin = this.width * 0.08;
    if (x >= this.left + (this.time(this.left) <= 0 ? 0 : margin) && x <= this.left + this.width - margin)
      return;
    const middle = this.left + this.width / 2;
    select(this.canvas).call(this.zoom.translateBy, (middle - x) / this.transform.k, 0);
    this.place(this.left, this.width);
  }

  /** Shows a stretch of time. */
  show(from, to) {
    const k = Math.max(1, this.end / Math.max(0.1, to - from));
    const base = scaleLinear([0, this.end], [this.left, this.left + this.width]);
    select(this.canvas).call(
      this.zoom.transform,
      zoomIdentity.translate(this.left - k * base(from), 0).scale(k),
    );
    this.place(this.left, this.width);
  }

  /** Draws the axis: lines from top to bottom, and times at the top. */
  axis({ context, font }, top, bottom, colours) {
    context.font = font;
    context.textBaseline = "middle";
    context.textAlign = "center";
    const ticks = this.scale.ticks(Math.max(2, this.width / 130));
    const label = tickLabel(ticks[1] - ticks[0] || 1, ticks.at(-1) ?? 0);
    for (const tick of ticks) {
      const x = Math.round(this.x(tick)) + 0.5;
      context.strokeStyle = colours.line;
      context.beginPath();
      context.moveTo(x, top + 20);
      context.lineTo(x, bottom);
      context.stroke();
      context.fillStyle = colours.ink;
      context.fillText(label(tick), x, top + 10);
    }
    context.textAlign = "left";
  }
}

/** Times near each other need more digits than times by themselves. */
function tickLabel(apart, largest) {
  const [unit, name] = largest >= 1e6 ? [1e6, "s"] : largest >= 1e3 ? [1e3, "ms"] : [1, "µs"];
  const digits = Math.max(0, Math.min(7, -Math.floor(Math.log10(apart / unit) + 1e-9)));
  return (tick) => (tick === 0 ? "0" : `${(tick / unit).toFixed(digits)} ${name}`);
}
