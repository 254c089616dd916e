/** The disk and its journal: where each request went, and what became of transactions. */

import { h, colour, legend, presenting } from "../ui/dom.js";
import { inkOn, Surface } from "../ui/canvas.js";
import { blocksOf, describeDisk, diskHistory, disks } from "../model/disk.js";
import { Layout } from "../model/layout.js";
import { count } from "../model/text.js";

const FADING = 24; // requests after which one is no more than history

/** @type {import("./all.js").ViewMaker} */
export function diskView(context) {
  const { trace, people, about } = context;
  const names = disks(trace);
  let disk, layout, history, current, state, step;
  let cells = () => -1;
  let reach = 0; // the last block of the journal that is written to
  let shown = 1; // blocks of the map: behind them nothing is used
  const chooser = h(
    "select",
    { "aria-label": "Disk", onchange: () => context.choose(chooser.value) },
    ...names.map((name) => h("option", {}, name)),
  );
  const place = h("div", { class: "canvas" });
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "tools" },
      chooser,
      legend([
        ["header", "header"],
        ["journal", "journal"],
        ["bitmap", "bitmap"],
        ["inodes", "inode table"],
        ["files", "files"],
        ["read", "read"],
        ["write", "written"],
      ]),
    ),
    place,
  );
  const surface = new Surface(place, draw);

  function draw() {
    if (!state) return;
    const { context: c, width, height } = surface;
    c.fillStyle = colour("paper");
    c.fillRect(0, 0, width, height);
    const side = presenting() ? 390 : 330;
    const log = layout.regions.find(({ name }) => name === "journal");
    const top = log ? drawJournal(log, width - side - 30) : 10;
    drawMap(16, top + 8, width - side - 30, height - top - 18);
    drawTransactions(width - side, 12, side - 14, height - 20);
  }

  function tint(block) {
    const touched = state.touched[block];
    if (!touched) return colour(layout.region(block) === "disk" ? "files" : layout.region(block));
    return colour(touched.op === 1 ? "write" : "read");
  }

  /** All blocks, row by row, as large as fits. */
  function drawMap(x, y, wide, high) {
    const { context: c } = surface;
    c.font = surface.font(14, 650);
    c.fillStyle = colour("ink");
    c.textBaseline = "alphabetic";
    c.fillText(
      `${disk}: ${count(layout.blocks, "block")} of 4 KiB${shown < layout.blocks ? `; those from ${shown} on are not used` : ""}`,
      x,
      y + 16,
    );
    y += 26;
    high -= 26;
    let across = Math.max(1, Math.round(Math.sqrt((shown * wide) / high)));
    across -= across % (across > 128 ? 64 : across > 16 ? 8 : 1);
    const side = wide / across;
    const tall = Math.min(side * 1.5, high / Math.ceil(shown / across));
    const at = (block) => [x + (block % across) * side, y + Math.floor(block / across) * tall];
    for (let block = 0; block < shown; block++) {
      const [cx, cy] = at(block);
      const touched = state.touched[block];
      const recent = touched ? Math.max(0.35, 1 - (state.order - touched.order) / FADING) : 1;
      c.globalAlpha = 1;
      if (touched) {
        c.fillStyle = colour(layout.region(block) === "disk" ? "files" : layout.region(block));
        c.fillRect(cx, cy, side - 0.5, tall - 0.5);
        c.globalAlpha = recent;
      }
      c.fillStyle = tint(block);
      c.fillRect(cx, cy, side - 0.5, tall - 0.5);
    }
    c.globalAlpha = 1;
    for (const block of pointed()) circle(...at(block), side, tall);
    cells = (px, py) => {
      const block = Math.floor((py - y) / tall) * across + Math.floor((px - x) / side);
      return px >= x && px < x + across * side && py >= y && block >= 0 && block < shown ? block : -1;
    };
  }

  /** The blocks that the step is about. */
  function pointed() {
    if (!step) return [];
    if (step.block !== undefined) return step.at === undefined ? [step.block] : [step.block, step.at];
    const request = step.kind === "blk.submit" ? step : step.of;
    if (!request || request.op > 1) return [];
    const { first, count: n } = blocksOf(request);
    return n > 1 ? [first, first + n - 1] : [first];
  }

  function circle(cx, cy, side, tall) {
    const { context: c } = surface;
    c.strokeStyle = colour("ink");
    c.lineWidth = 3;
    c.beginPath();
    c.arc(cx + side / 2, cy + tall / 2, Math.max(side, tall) + 6, 0, 7);
    c.stroke();
    c.lineWidth = 1;
  }

  /** The journal's blocks once more, large; each transaction that it holds has its number. */
  function drawJournal({ from, count: blocks }, wide) {
    const { context: c } = surface;
    const y = 34,
      high = presenting() ? 34 : 28;
    c.font = surface.font(14, 650);
    c.fillStyle = colour("ink");
    c.textBaseline = "alphabetic";
    c.fillText(
      `Journal: blocks ${from} to ${from + blocks - 1}${reach - from + 12 < blocks ? `, of which the first ${reach - from + 12} are shown` : ""}`,
      16,
      24,
    );
    const shown = Math.min(blocks, reach - from + 12);
    const each = (wide - 16) / shown;
    let labelled = 0;
    for (let k = 0; k < shown; k++) {
      c.fillStyle = tint(from + k);
      c.fillRect(16 + k * each, y, Math.max(0.6, each - 0.4), high);
    }
    for (const tx of state.transactions) {
      const places = tx.blocks.map(({ at }) => at).concat(tx.at ?? []);
      if (!places.length || tx.stage === "in place") continue;
      const left = 16 + (Math.min(...places) - 1 - from) * each;
      const right = 16 + (Math.max(...places) + 2 - from) * each;
      c.strokeStyle = colour("ink");
      c.lineWidth = 2;
      c.strokeRect(left, y - 2, right - left, high + 4);
      c.fillStyle = colour("ink");
      c.font = surface.font(12);
      if (left < labelled) continue;
      surface.text(`${tx.seq}`, left, y + high + 18, Math.max(44, right - left));
      labelled = left + 44;
    }
    c.lineWidth = 1;
    return y + high + 22;
  }

  function drawTransactions(x, y, wide, high) {
    const { context: c } = surface;
    const line = presenting() ? 26 : 21;
    c.textBaseline = "middle";
    const title = (text) => {
      c.font = surface.font(15, 650);
      c.fillStyle = colour("ink");
      c.fillText(text, x, y + line / 2);
      y += line + 4;
    };
    title("In memory, not yet in the journal");
    y = blocksList(state.running, x, y, wide, line);
    title("Transactions");
    const most = Math.floor((high - y - line * 5) / (line * 2 + 10));
    const shown = state.transactions.slice(-Math.max(1, most)).reverse();
    for (const tx of shown) y = drawTransaction(tx, x, y, wide, line);
    if (!shown.length) y = none(x, y, line);
    y += 6;
    title(`Requests on their way: ${Object.keys(state.flights).length}`);
    for (const { op, sector, bytes } of Object.values(state.flights).slice(0, 3)) {
      c.font = surface.font(13);
      const verb = ["read", "write", "flush", "identify"][op];
      c.fillStyle = colour(verb === "identify" ? "soft" : verb);
      surface.text(
        op > 1 ? verb : `${verb} ${layout.describe(blocksOf({ sector, bytes }).first)}`,
        x,
        y + line / 2,
        wide,
      );
      y += line;
    }
  }

  function none(x, y, line) {
    const { context: c } = surface;
    c.font = surface.font(13);
    c.fillStyle = colour("soft");
    c.fillText("none", x, y + line / 2);
    return y + line + 4;
  }

  function blocksList(blocks, x, y, wide, line) {
    if (!blocks.length) return none(x, y, line);
    const { context: c } = surface;
    c.font = surface.font(13);
    const most = presenting() ? 3 : 5;
    for (const block of blocks.slice(0, most)) {
      c.fillStyle = colour(layout.region(block) === "files" ? "own" : layout.region(block));
      c.fillRect(x, y + 4, 12, line - 8);
      c.fillStyle = colour("ink");
      surface.text(layout.describe(block), x + 20, y + line / 2, wide - 20);
      y += line;
    }
    c.fillStyle = colour("soft");
    if (blocks.length > most) c.fillText(`and ${blocks.length - most} more`, x + 20, y + line / 2);
    return y + line * (blocks.length > most ? 1.4 : 0.4);
  }

  function drawTransaction(tx, x, y, wide, line) {
    const { context: c } = surface;
    const now = step?.seq === tx.seq;
    const fill = colour({ committed: "kept", "in place": "files", replayed: "alone" }[tx.stage] ?? "journal");
    c.fillStyle = fill;
    c.strokeStyle = now ? colour("ink") : colour("line");
    c.lineWidth = now ? 3 : 1;
    c.beginPath();
    c.roundRect(x, y, wide, line * 2 + 4, 6);
    c.fill();
    c.stroke();
    c.lineWidth = 1;
    c.fillStyle = inkOn(fill);
    c.font = surface.font(14, 650);
    surface.text(`${tx.seq}: ${tx.stage}`, x + 10, y + line / 2 + 3, wide - 20);
    c.font = surface.font(12.5);
    surface.text(
      tx.blocks.length ? tx.blocks.map(({ block }) => block).join(", ") : "its blocks were not traced",
      x + 10,
      y + line * 1.5 + 1,
      wide - 20,
    );
    return y + line * 2 + 10;
  }

  surface.explain((x, y) => {
    const block = cells(x, y);
    if (block < 0) return "";
    const touched = state.touched[block];
    return (
      layout.describe(block) +
      (touched
        ? `\nread ${touched.reads} times, written ${touched.writes} times so far`
        : "\nnot touched so far")
    );
  });

  return {
    element,
    get length() {
      return history.length;
    },
    choose(which) {
      disk = names.includes(which) ? which : names[0];
      chooser.value = disk;
      layout = new Layout(about.disks?.[disk]);
      history = diskHistory(trace, disk);
      let far = layout.last;
      for (const one of history.steps) {
        if (one.kind === "blk.submit" && one.op < 2)
          far = Math.max(far, blocksOf(one).first + blocksOf(one).count - 1);
        far = Math.max(far, one.block ?? 0, one.at ?? 0);
        reach = Math.max(reach, one.at ?? 0, 96);
      }
      layout.atLeast(far);
      shown = Math.min(layout.blocks, far + 64);
      return disk;
    },
    show(n) {
      current = n;
      state = history.after(n);
      step = history.steps[n - 1];
      surface.redraw();
    },
    sentence(n) {
      const one = history.steps[n - 1];
      return { ...describeDisk(one, layout, (pid) => people.thread(pid, one.record)), record: one.record };
    },
    stepAt: (record) => history.stepAt(record),
    state: () => history.after(current),
  };
}
