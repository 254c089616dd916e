/** A canvas as large as its parent, sharp on any screen, with a text at the pointer. */

import { h, presenting } from "./dom.js";

/** One surface to draw on. */
export class Surface {
  /**
   * @param {HTMLElement} parent
   * @param {(surface: Surface) => void} draw called when there is something new to see
   */
  constructor(parent, draw) {
    this.canvas = h("canvas");
    this.tip = h("div", { class: "tip", hidden: true });
    this.draw = draw;
    parent.append(this.canvas, this.tip);
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(parent);
    this.canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  /** Draws now. The context's unit is the page's pixel; .width and .height are in it. */
  redraw() {
    const box = this.canvas.getBoundingClientRect();
    if (box.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    this.width = box.width;
    this.height = box.height;
    this.context = this.canvas.getContext("2d");
    this.context.scale(ratio, ratio);
    this.draw(this);
  }

  /** @returns {string} a font for the context, larger in presenter mode */
  font(size = 13, weight = 400) {
    return `${weight} ${size * (presenting() ? 1.35 : 1)}px system-ui, "DejaVu Sans", sans-serif`;
  }

  /** Shows what find(x, y) says about the place under the pointer, or nothing. */
  explain(find) {
    this.canvas.addEventListener("pointermove", (event) => {
      const text = event.buttons ? "" : find(event.offsetX, event.offsetY);
      this.tip.hidden = !text;
      if (!text) return;
      this.tip.textContent = text;
      const { width, height } = this.tip.getBoundingClientRect();
      this.tip.style.left = `${Math.min(event.offsetX + 14, this.width - width - 4)}px`;
      this.tip.style.top = `${Math.min(event.offsetY + 16, this.height - height - 4)}px`;
    });
  }

  /** Text that is cut where it would be wider than `most`; nothing if hardly any fits. */
  text(words, x, y, most) {
    const { context } = this;
    if (most !== undefined && context.measureText(words).width > most) {
      const fits = Math.floor((words.length * most) / context.measureText(words).width) - 1;
      if (fits < 2) return;
      words = `${words.slice(0, fits)}…`;
    }
    context.fillText(words, x, y);
  }
}

/** @returns {string} black or white, whichever is read better on a colour "#rrggbb" */
export function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
  return r * 0.299 + g * 0.587 + b * 0.114 > 140 ? "#14171d" : "#ffffff";
}
