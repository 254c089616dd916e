/**
 * The page: opens the recording, shows one view of it at a time, and goes
 * through its steps by keyboard. The address says which view and which step,
 * so that a demo can point at a moment: #view=virtq&step=17.
 */

import { acceptFiles, readAbout, readEmbedded } from "./load.js";
import { search } from "./search.js";
import { h } from "./ui/dom.js";
import { applyTheme, otherTheme } from "./ui/theme.js";
import { VIEWS } from "./views/all.js";
import { HELP } from "./help.js";
import { People } from "./model/people.js";
import { decode, StreamError } from "./model/stream.js";
import { count, duration } from "./model/text.js";

const $ = (id) => document.getElementById(id);

/** All that the page knows. */
class Page {
  constructor() {
    this.views = [];
    this.matches = [];
    this.speed = 700; // milliseconds for a step when playing
  }

  async start() {
    this.#listen();
    applyTheme();
    acceptFiles((buffer, name) => this.open(buffer, { name }));
    const buffer = await readEmbedded();
    if (buffer === undefined)
      this.#nothing(
        "No recording is in this page",
        "Drop a recording on it, or make one with make trace-view.",
      );
    else this.open(buffer, readAbout());
    document.documentElement.dataset.ready = "true";
  }

  /** Shows a recording, or says why not. */
  open(buffer, about) {
    this.stop();
    try {
      this.trace = decode(buffer);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#nothing("This recording cannot be shown", error.message);
      return;
    }
    this.people = new People(this.trace);
    this.about = { syscalls: {}, queues: {}, disks: {}, ...about };
    this.#notice();
    if (this.trace.length === 0) {
      this.#nothing(
        "This recording is empty",
        "It has a head, but no record: was anything switched on? See docs/tracing.md.",
      );
      return;
    }
    this.#makeViews();
    this.#follow();
  }

  /** Views are made when they are first looked at: each goes through all records. */
  #makeViews() {
    this.matches = [];
    this.current = undefined;
    const counts = this.trace.counts();
    this.views = VIEWS.map((entry) => ({
      ...entry,
      step: 0,
      view: undefined,
      missing:
        entry.needs && !counts.has(entry.needs)
          ? `Nothing was traced for it: there is no ${entry.needs} in the recording.`
          : "",
    }));
    $("tabs").replaceChildren(
      ...this.views.map(({ id, label, missing }, k) =>
        h(
          "button",
          {
            onclick: () => this.choose(id),
            disabled: Boolean(missing),
            title: missing || label,
            "data-view": id,
          },
          h("kbd", {}, k + 1),
          label,
        ),
      ),
    );
  }

  #made(entry) {
    if (entry.view) return entry.view;
    entry.view = entry.make({
      trace: this.trace,
      people: this.people,
      about: this.about,
      views: this.views,
      go: (n) => this.go(n),
      open: (view) => this.choose(view),
      matches: () => this.matches,
      choose: (which) => this.select(which),
    });
    entry.view.choose?.();
    return entry.view;
  }

  #notice() {
    const lost = [...this.trace.records("trace.lost")].reduce((n, { args }) => n + args.count, 0);
    const words = [
      this.trace.damage,
      lost ? `${count(lost, "record")} found no room and are missing: views may be wrong from there on.` : "",
    ].filter(Boolean);
    $("notice").hidden = !words.length;
    $("notice").textContent = words.join(" ");
  }

  #nothing(title, why) {
    this.views = [];
    this.current = undefined;
    $("tabs").replaceChildren();
    $("steps").hidden = true;
    $("stage").replaceChildren(
      h("div", { class: "view" }, h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, why))),
    );
  }

  /** Goes to another view, at the moment of this one. */
  choose(id) {
    const entry = this.views.find((one) => one.id === id);
    if (!entry || entry.missing) return;
    const view = this.#made(entry);
    const before = this.current;
    if (before && before !== entry && before.step > 0) {
      const { record } = before.view.sentence(before.step);
      entry.step = Math.min(view.length, view.stepAt(record));
    }
    this.#enter(entry);
    this.go(entry.step);
  }

  #enter(entry) {
    if (this.current === entry) return;
    this.stop();
    this.current = entry;
    $("stage").replaceChildren(entry.view.element);
    $("steps").hidden = entry.view.length === 0;
    for (const tab of $("tabs").children) tab.setAttribute("aria-current", tab.dataset.view === entry.id);
  }

  /** Chooses a queue, a process or a disk within the view. */
  select(which) {
    this.current.chosen = this.current.view.choose(which);
    this.go(Math.min(this.current.step, this.current.view.length));
  }

  /** Goes to a step of the view. */
  go(n) {
    const entry = this.current;
    if (!entry) return;
    const { view } = entry;
    entry.step = Math.max(0, Math.min(view.length, Math.round(n) || 0));
    view.show(entry.step);
    $("slider").max = view.length;
    $("slider").value = entry.step;
    this.#say(entry);
    const hash = `#view=${entry.id}&step=${entry.step}${entry.chosen ? `&of=${encodeURIComponent(entry.chosen)}` : ""}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }

  #say({ view, step }) {
    if (step === 0) {
      $("position").textContent = `0 of ${view.length.toLocaleString("en")}`;
      $("sentence").replaceChildren(
        h("span", { class: "words" }, "Before the first step. Press → to go on."),
      );
      return;
    }
    const { text, section, who, inferred, record } = view.sentence(step);
    const time = this.trace.times[record];
    $("position").textContent =
      `${step.toLocaleString("en")} of ${view.length.toLocaleString("en")} · ${duration(time)}`;
    $("sentence").replaceChildren(
      ...[
        who ? h("span", { class: `chip who-${who}` }, who) : "",
        h("span", { class: "words" }, text),
        inferred
          ? h(
              "span",
              { class: "chip", title: "Not in the trace: it happened at this step at the latest." },
              "inferred",
            )
          : "",
        section ? h("span", { class: "chip" }, section) : "",
      ],
    );
  }

  /** Does what the address says. */
  #follow() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (wanted.has("presenter")) document.documentElement.classList.add("presenter");
    let entry = this.views.find(({ id }) => id === wanted.get("view"));
    if (!entry || entry.missing) entry = this.views[0];
    this.#made(entry);
    if (wanted.get("of") && entry.view.choose) entry.chosen = entry.view.choose(wanted.get("of"));
    entry.step = Number(wanted.get("step") ?? 0);
    // Drawn at its size, so first in the page.
    this.#enter(entry);
    this.go(entry.step);
  }

  play() {
    if (this.timer) return this.stop();
    $("play").textContent = "stop";
    this.timer = setInterval(() => {
      if (!this.current || this.current.step >= this.current.view.length) this.stop();
      else this.go(this.current.step + 1);
    }, this.speed);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    $("play").textContent = "play";
  }

  #faster(factor) {
    this.speed = Math.max(30, Math.min(5000, this.speed * factor));
    if (this.timer) {
      this.stop();
      this.play();
    }
  }

  /** Finds records, and goes to the next after this moment. */
  #search(query, direction = 1) {
    if (!this.trace) return;
    if (query !== this.query) this.matches = search(this.trace, this.people, query);
    this.query = query;
    const { view, step } = this.current;
    const here = step > 0 ? view.sentence(step).record : -1;
    const next =
      direction > 0
        ? (this.matches.find((i) => i > here) ?? this.matches[0])
        : (this.matches.findLast((i) => i < here) ?? this.matches.at(-1));
    $("found").textContent = query
      ? next === undefined
        ? "nothing"
        : `${this.matches.indexOf(next) + 1} of ${this.matches.length}`
      : "";
    if (next === undefined) return this.go(step);
    if (this.current.id === "overview") this.choose("timeline");
    this.go(this.current.view.stepAt(next));
  }

  #listen() {
    const on = (id, action) => $(id).addEventListener("click", action);
    on("first", () => this.go(0));
    on("back", () => this.go(this.current.step - 1));
    on("play", () => this.play());
    on("forward", () => this.go(this.current.step + 1));
    on("last", () => this.go(this.current.view.length));
    on("presenter", () => this.#present());
    on("dark", () => this.#theme());
    on("help-button", () => this.#help());
    $("slider").addEventListener("input", () => this.go(Number($("slider").value)));
    $("search").addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#search($("search").value.trim(), event.shiftKey ? -1 : 1);
      if (event.key === "Enter" || event.key === "Escape") $("search").blur();
      event.stopPropagation();
    });
    $("search").addEventListener("blur", () => $("search").classList.remove("open"));
    addEventListener("hashchange", () => this.trace?.length && this.#follow());
    addEventListener("keydown", (event) => this.#key(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      applyTheme();
      this.#again();
    });
  }

  #askWhat() {
    $("search").classList.add("open"); // in presenter mode it is not there otherwise
    $("search").focus();
  }

  #again() {
    if (this.current) this.go(this.current.step);
  }

  #present() {
    document.documentElement.classList.toggle("presenter");
    requestAnimationFrame(() => this.#again());
  }

  #theme() {
    otherTheme();
    this.#again();
  }

  #help() {
    $("help").innerHTML = HELP;
    $("help").showModal();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ($("help").open) {
      if (event.key === "?") $("help").close();
      return;
    }
    if (document.activeElement instanceof HTMLSelectElement) document.activeElement.blur();
    if (this.current?.view.key?.(event)) return event.preventDefault();
    const step = this.current?.step ?? 0;
    const keys = {
      ArrowRight: () => this.go(step + (event.shiftKey ? 10 : 1)),
      ArrowLeft: () => this.go(step - (event.shiftKey ? 10 : 1)),
      PageDown: () => this.go(step + 100),
      PageUp: () => this.go(step - 100),
      Home: () => this.go(0),
      End: () => this.go(this.current?.view.length ?? 0),
      " ": () => this.play(),
      "]": () => this.#faster(0.7),
      "[": () => this.#faster(1.4),
      n: () => this.#search(this.query ?? ""),
      N: () => this.#search(this.query ?? "", -1),
      p: () => this.#present(),
      P: () => this.#present(),
      d: () => this.#theme(),
      D: () => this.#theme(),
      "?": () => this.#help(),
      "/": () => this.#askWhat(),
    };
    const action =
      keys[event.key] ?? (/^[1-7]$/.test(event.key) ? () => this.choose(VIEWS[event.key - 1].id) : undefined);
    if (!action) return;
    event.preventDefault();
    action();
  }
}

const page = new Page();
window.traceView = page; // for the tests, and for the curious
page.start().catch((error) => {
  document.documentElement.dataset.ready = "failed";
  console.error(error);
});
