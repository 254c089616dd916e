/** What is in the recording, and where to look. */

import { h } from "../ui/dom.js";
import { duration } from "../model/text.js";

/** @type {import("./all.js").ViewMaker} */
export function overviewView(context) {
  const { trace, people, views } = context;
  const events = trace.counts();
  const groups = new Map();
  for (const [name, n] of events) {
    const group = name.split(".")[0];
    groups.set(group, (groups.get(group) ?? 0) + n);
  }
  const sorted = [...groups].sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...sorted.map(([, n]) => n));
  const figure = (value, label) => h("div", {}, h("b", {}, value), h("span", {}, label));
  const element = h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "scroll overview" },
      h(
        "section",
        {},
        h("h2", {}, "This recording"),
        h(
          "div",
          { class: "figures" },
          figure(trace.length.toLocaleString("en"), "events"),
          figure(duration(trace.duration), "long"),
          figure(trace.harts, "harts"),
          figure([...people.processes.keys()].filter((pid) => pid > 0).length, "processes"),
          figure((events.get("syscall.enter") ?? 0).toLocaleString("en"), "system calls"),
          figure((events.get("blk.submit") ?? 0).toLocaleString("en"), "disk requests"),
        ),
        h("h2", {}, "Events by group"),
        h(
          "div",
          { class: "bars" },
          ...sorted.flatMap(([group, n]) => [
            h("span", {}, group),
            h("i", { style: `width:${(100 * n) / most}%` }),
            h("span", {}, n.toLocaleString("en")),
          ]),
        ),
        context.about.command
          ? h("p", {}, "Recorded during a boot, and then:", h("pre", {}, context.about.command))
          : undefined,
      ),
      h(
        "section",
        {},
        h("h2", {}, "Look at"),
        h(
          "div",
          { class: "cards" },
          ...views
            .filter(({ id }) => id !== "overview")
            .map(({ id, label, about, missing }, k) =>
              h(
                "button",
                { onclick: () => context.open(id), disabled: Boolean(missing) },
                h("kbd", {}, k + 2),
                h("span", {}, label),
                h("small", {}, missing || about),
              ),
            ),
        ),
        h("p", {}, "→ and ← go step by step, space plays, P is for the lecture hall, ? for the rest."),
      ),
    ),
  );
  return { element, length: 0, show() {}, stepAt: () => 0, state: () => 0 };
}
