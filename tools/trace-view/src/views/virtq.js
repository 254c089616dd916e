/**
 * The virtqueue: the driver on the left, the device on the right, and between
 * them the memory that both see. One drawing of 1280 by 530, made anew for each
 * step; what moves is kept by its key, so that it glides.
 */

import { h, hue, presenting, s } from "../ui/dom.js";
import { describeStep, queues, virtqHistory } from "../model/virtq.js";
import { drawRing } from "./virtq-ring.js";
import { drawDescriptors } from "./virtq-descriptors.js";
import { drawParty } from "./virtq-party.js";

const WIDTH = 1280,
  HEIGHT = 530;

/** @type {import("./all.js").ViewMaker} */
export function virtqView(context) {
  const found = queues(context.trace, context.about.queues);
  let chosen = 0;
  let history;
  const chooser = h(
    "select",
    { "aria-label": "Queue", onchange: () => context.choose(chooser.value) },
    ...found.map((q, k) =>
      h("option", { value: k }, `virtio${q.dev}, queue ${q.queue}: ${q.requests} chains`),
    ),
  );
  const tools = h(
    "div",
    { class: "tools" },
    chooser,
    h("span", { class: "key hint" }, h("i", { style: "background:var(--driver)" }), "the driver writes"),
    h("span", { class: "key hint" }, h("i", { style: "background:var(--device)" }), "the device writes"),
    h("span", { class: "hint" }, "What the device does is inferred from what it leaves in memory."),
  );
  const drawing = s("svg", {
    class: "virtq",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "xMidYMid meet",
    role: "img",
    "aria-label": "Virtqueue",
  });
  const place = h("div", { class: "canvas" });
  place.append(drawing);
  const tokens = new Map();

  /** What of the drawing is made anew, and what glides. */
  const layers = { back: s("g"), tokens: s("g") };
  drawing.append(layers.back, layers.tokens);

  const view = {
    element: h("div", { class: "view" }, tools, place),
    get length() {
      return history.length;
    },
    choose(which) {
      const number = Number(which ?? busiest(found));
      chosen = found[number] ? number : 0;
      chooser.value = chosen;
      history = virtqHistory(context.trace, found[chosen]);
      return String(chosen);
    },
    show(n) {
      const state = history.after(n);
      const step = history.steps[n - 1];
      const anchors = new Map(); // of each head: where its token belongs
      const scene = { state, step, anchors, big: presenting(), width: WIDTH, height: HEIGHT };
      layers.back.replaceChildren(
        drawParty(scene, "driver"),
        drawParty(scene, "device"),
        drawRing(scene, "avail"),
        drawRing(scene, "used"),
        drawDescriptors(scene),
        drawBells(scene),
      );
      moveTokens(layers.tokens, tokens, scene);
    },
    sentence(n) {
      const step = history.steps[n - 1];
      return { ...describeStep(step, found[chosen].size), inferred: step.inferred, record: step.record };
    },
    stepAt: (record) => history.stepAt(record),
    state: (n) => history.after(n),
  };
  return view;
}

function busiest(found) {
  return found.reduce((best, q, k) => (q.requests > found[best].requests ? k : best), 0);
}

/** The notification on its way to the device, and the interrupt on its way back. */
function drawBells({ step }) {
  const bell = (x, label, rings, css) =>
    s(
      "g",
      { class: `bell ${rings ? "rings" : ""}`, transform: `translate(${x},0)` },
      s("text", { x: 0, y: 128, class: css, "text-anchor": "middle", style: "font-weight:650" }, label),
    );
  return s("g", {}, bell(640, "notify ▸▸▸", step?.kind === "notify", "driver-ink"));
}

/** A token for each chain on its way, which glides from place to place. */
function moveTokens(layer, tokens, { state, anchors, big }) {
  for (const [head, token] of tokens) {
    if (state.chains[head] && anchors.has(Number(head))) continue;
    token.remove();
    tokens.delete(head);
  }
  for (const head of Object.keys(state.chains)) {
    const anchor = anchors.get(Number(head));
    if (anchor === undefined) continue;
    let token = tokens.get(head);
    if (token === undefined) {
      token = s("g", { class: "token" }, s("rect", { rx: 8 }), s("text", {}));
      tokens.set(head, token);
      layer.append(token);
    }
    const [rect, text] = token.children;
    const size = big ? 34 : 28;
    const attributes = { x: -size * 0.62, y: -size / 2, width: size * 1.24, height: size };
    for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, value);
    rect.style.fill = `var(--${hue(Number(head))})`;
    text.textContent = head;
    text.setAttribute("y", size * 0.2);
    token.style.transform = `translate(${anchor.x}px, ${anchor.y}px)`;
  }
}
