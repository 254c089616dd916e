/**
 * A Chromium without a window, driven through its debugging pipe: messages in
 * JSON that end in NUL, to file descriptor 3 and from file descriptor 4.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A browser with one page. */
export class Browser {
  /** @param {string} program Chromium's */
  static async start(program, { width = 1280, height = 720 } = {}) {
    const browser = new Browser();
    browser.folder = mkdtempSync(path.join(tmpdir(), "umbra-view-"));
    browser.process = spawn(
      program,
      [
        "--headless=new",
        "--remote-debugging-pipe",
        `--user-data-dir=${browser.folder}`,
        `--window-size=${width},${height}`,
        "--no-first-run",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    browser.#listen();
    const { targetInfos } = await browser.send("Target.getTargets");
    const target = targetInfos.find(({ type }) => type === "page");
    browser.session = (
      await browser.send("Target.attachToTarget", { targetId: target.targetId, flatten: true })
    ).sessionId;
    await browser.send("Page.enable");
    await browser.send("Runtime.enable");
    await browser.send("Log.enable");
    await browser.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    return browser;
  }

  /** What the page complained about. */
  errors = [];
  #waiting = new Map();
  #events = [];
  #number = 0;

  #listen() {
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
    this.process.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("Chromium has ended"));
      this.#waiting.clear();
    });
  }

  #take({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { resolve, reject } = this.#waiting.get(id) ?? {};
      this.#waiting.delete(id);
      return error ? reject?.(new Error(error.message)) : resolve?.(result);
    }
    if (method === "Runtime.exceptionThrown")
      this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(params.type))
      this.errors.push(params.args.map((a) => a.description ?? a.value).join(" "));
    if (method === "Log.entryAdded" && params.entry.level === "error") this.errors.push(params.entry.text);
    this.#events = this.#events.filter(({ name, resolve }) => name !== method || resolve(params));
  }

  /** Sends a command of the debugging protocol; returns its result. */
  send(method, params = {}) {
    const id = ++this.#number;
    const message = JSON.stringify({ id, method, params, ...(this.session && { sessionId: this.session }) });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.stdio[3].write(`${message}\0`);
    });
  }

  #event(name) {
    return new Promise((resolve) => this.#events.push({ name, resolve: (params) => void resolve(params) }));
  }

  /** Opens an address, and waits until the page says that it is ready. */
  async open(url) {
    // From one place in a page to another would be no loading.
    for (const address of ["about:blank?", url]) {
      const loaded = this.#event("Page.loadEventFired");
      await this.send("Page.navigate", { url: address });
      await loaded;
    }
    await this.evaluate(
      "new Promise((done) => { const look = () => (document.documentElement.dataset.ready ? done() : setTimeout(look, 10)); look(); })",
    );
  }

  /** @returns what an expression, or a promise, comes to in the page */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Presses a key as a person does. */
  async press(key, { shift = false } = {}) {
    const text = key.length === 1 ? key : undefined;
    const event = { key, modifiers: shift ? 8 : 0, code: key === " " ? "Space" : key };
    await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...event, text });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Waits for two frames: what was changed has been drawn then. */
  drawn() {
    return this.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))",
    );
  }

  /** @returns {Promise<Buffer>} a picture, PNG */
  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  /** Which colours media queries say the system prefers: "light" or "dark". */
  prefer(scheme) {
    return this.send("Emulation.setEmulatedMedia", {
      features: [
        { name: "prefers-color-scheme", value: scheme },
        { name: "prefers-reduced-motion", value: "reduce" },
      ],
    });
  }

  /** Ends the browser, and nothing of it stays. */
  async close() {
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
