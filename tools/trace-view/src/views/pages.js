/** The pages of processes as maps: what is shared since a fork, and what is no more. */

import { h, colour, legend, presenting } from "../ui/dom.js";
import { Surface } from "../ui/canvas.js";
import { category, describePage, owners, PAGE, pageHistory, runs } from "../model/pages.js";
import { count, hex } from "../model/text.js";

/** @type {import("./all.js").ViewMaker} */
export function pagesView(context) {
  const { trace, people } = context;
  const history = pageHistory(trace);
  const place = h("div", { class: "canvas" });
  const chooser = h("select", { "aria-label": "Process", onchange: () => context.choose(chooser.value) });
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "tools" },
      chooser,
      legend([
        ["own", "its own"],
        ["program", "a file’s"],
        ["shared", "shared since fork"],
        ["copied", "copied when written"],
        ["kept", "kept by the last"],
        ["alone", "marked, but alone"],
      ]),
    ),
    place,
  );
  let chosen = "";
  let current = 0;
  let state,
    step,
    cells = [];
  const surface = new Surface(place, draw);

  function draw() {
    if (!state) return;
    const { context: c, width, height } = surface;
    c.fillStyle = colour("paper");
    c.fillRect(0, 0, width, height);
    cells = [];
    const { spaces, left } = visible();
    if (!spaces.length) {
      c.fillStyle = colour("soft");
      c.font = surface.font(18);
      surface.text("No process has a page yet.", 24, 40);
      return;
    }
    const sharers = owners(state);
    // The largest squares with which all fits.
    for (let side = presenting() ? 44 : 36; side >= 2; side--) {
      const placed = arrange(spaces, side, width);
      if (placed.height > height && side > 2) continue;
      placed.cards.forEach((card) => drawCard(card, side, sharers));
      break;
    }
    c.fillStyle = colour("soft");
    c.font = surface.font(14);
    if (left)
      surface.text(`and ${left} more: choose one above`, width - (presenting() ? 330 : 250), height - 12);
  }

  /** As many processes as can be told apart, by number; those who act among them. */
  function visible() {
    const wanted = Object.entries(state.spaces)
      .map(([number, { pages, pid }]) => ({ space: Number(number), pages, pid }))
      .filter(({ pages }) => pages.size);
    const acting = [step?.space, step?.from, state.current[step?.pid]];
    const kin =
      chosen === ""
        ? wanted
        : wanted.filter(({ pid, space }) => String(pid) === chosen || acting.includes(space));
    const byPid = (a, b) => (a.pid ?? 1e9) - (b.pid ?? 1e9);
    kin.sort((a, b) => acting.includes(b.space) - acting.includes(a.space) || byPid(a, b));
    const spaces = kin.slice(0, presenting() ? 4 : 12).sort(byPid);
    return { spaces, left: kin.length - spaces.length };
  }

  function arrange(spaces, side, width) {
    const columns = spaces.length > 6 ? 4 : Math.min(3, spaces.length);
    const wide = Math.floor((width - 20) / columns);
    const heights = Array(columns).fill(6);
    const cards = spaces.map((space) => {
      const column = heights.indexOf(Math.min(...heights));
      const blocks = layOut(runs(space.pages.keys()), side, wide - 36);
      const high = blocks.height + 40;
      const card = {
        ...space,
        x: 10 + column * wide,
        y: heights[column],
        wide: wide - 10,
        high,
        blocks: blocks.blocks,
      };
      heights[column] += high + 10;
      return card;
    });
    return { cards, height: Math.max(...heights) };
  }

  /** Runs of pages as rows of squares, several to a line where they fit. */
  function layOut(found, side, wide) {
    const label = presenting() ? 20 : 15;
    const blocks = [];
    let x = 0,
      y = 0,
      tall = 0;
    for (const run of found) {
      const pages = (run.to - run.from) / PAGE;
      const across = Math.max(1, Math.min(pages, Math.floor(wide / side)));
      const taken = Math.max(across * side, presenting() ? 170 : 118);
      const high = Math.ceil(pages / across) * side + label + 6;
      if (x > 0 && x + taken > wide) {
        x = 0;
        y += tall;
        tall = 0;
      }
      blocks.push({ ...run, x, y, across, label });
      x += taken + 12;
      tall = Math.max(tall, high);
    }
    return { blocks, height: y + tall };
  }

  function drawCard({ space, pid, pages, x, y, wide, high, blocks }, side, sharers) {
    const { context: c } = surface;
    const acts = step && (step.space === space || state.current[step.pid] === space);
    c.fillStyle = colour("panel");
    c.strokeStyle = acts ? colour("accent") : colour("line");
    c.lineWidth = acts ? 3 : 1;
    c.beginPath();
    c.roundRect(x, y, wide, high, 8);
    c.fill();
    c.stroke();
    c.textBaseline = "alphabetic";
    c.fillStyle = colour("ink");
    c.font = surface.font(15, 650);
    const owner = pid === undefined ? "a new process" : people.thread(pid, step?.record);
    surface.text(`${owner}: ${count(pages.size, "page")}`, x + 13, y + 22, wide - 26);
    for (const block of blocks) drawRun(block, { x: x + 13, y: y + 32, pages, side, sharers, space, owner });
  }

  function drawRun(block, { x, y, pages, side, sharers, space, owner }) {
    const { context: c } = surface;
    const left = x + block.x,
      top = y + block.y;
    c.font = surface.font(11.5);
    c.fillStyle = colour("soft");
    c.fillText(hex(block.from), left, top + block.label - 5);
    for (let va = block.from, k = 0; va < block.to; va += PAGE, k++) {
      const page = pages.get(va);
      const cx = left + (k % block.across) * side,
        cy = top + block.label + Math.floor(k / block.across) * side;
      if (!page) {
        c.fillStyle = colour("faint");
        c.fillRect(cx + side * 0.3, cy + side * 0.3, side * 0.4, side * 0.4);
        continue;
      }
      const shared = sharers.get(page.pa);
      const kind = category(page, shared);
      c.fillStyle = colour(kind);
      c.fillRect(cx, cy, side - 1, side - 1);
      cells.push({ cx, cy, side, va, page, shared, kind, owner });
      if (side >= 14 && page.flags & 8) drawLetter("x", cx, cy, side);
      if (step?.kind === "page.map" && step.space === space && step.va === va) ring(cx, cy, side);
    }
  }

  function drawLetter(letter, cx, cy, side) {
    const { context: c } = surface;
    c.fillStyle = "#14171d99";
    c.font = `${side * 0.62}px system-ui`;
    c.fillText(letter, cx + side * 0.3, cy + side * 0.68);
  }

  function ring(cx, cy, side) {
    const { context: c } = surface;
    c.strokeStyle = colour("ink");
    c.lineWidth = 3;
    c.strokeRect(cx - 2, cy - 2, side + 3, side + 3);
    c.beginPath();
    c.arc(cx + side / 2, cy + side / 2, side * 0.8 + 6, 0, 7);
    c.stroke();
    c.lineWidth = 1;
  }

  surface.explain((px, py) => {
    const cell = cells.find(({ cx, cy, side }) => px >= cx && px < cx + side && py >= cy && py < cy + side);
    return cell
      ? `${cell.owner}, page ${hex(cell.va)}\nframe ${hex(cell.page.pa)}, flags ${hex(cell.page.flags)}\n${WORDS[cell.kind]}; ${cell.shared === 1 ? "nobody else has" : `${cell.shared} spaces have`} this frame`
      : "";
  });

  /** Those who have pages at this step can be chosen. */
  function offer() {
    const pids = [
      ...new Set(
        Object.values(state.spaces)
          .map(({ pid }) => pid)
          .filter((pid) => pid !== undefined),
      ),
    ].sort((a, b) => a - b);
    const options = [
      h("option", { value: "" }, "all processes"),
      ...pids.map((pid) => h("option", { value: pid }, people.thread(pid, step?.record))),
    ];
    if (chosen && !pids.includes(Number(chosen)))
      options.push(h("option", { value: chosen }, people.thread(Number(chosen))));
    chooser.replaceChildren(...options);
    chooser.value = chosen;
  }

  return {
    element,
    length: history.length,
    choose(which) {
      chosen = which ?? "";
      return chosen;
    },
    show(n) {
      current = n;
      state = history.after(n);
      step = history.steps[n - 1];
      offer();
      surface.redraw();
    },
    sentence: (n) => ({
      ...describePage(history.steps[n - 1], history.after(n - 1), (pid) =>
        people.thread(pid, history.steps[n - 1].record),
      ),
      record: history.steps[n - 1].record,
    }),
    stepAt: (record) => history.stepAt(record),
    state: () => history.after(current),
  };
}

const WORDS = {
  own: "its own",
  program: "a page of a file",
  shared: "shared since a fork, copied when written",
  copied: "a copy, made when it was written to",
  kept: "kept by the last who had it",
  alone: "still marked as shared",
};
