/**
 * Goes through the viewer in a real browser, as somebody at its keyboard does.
 *
 *     node check.mjs CHROMIUM APP PICTURES [PAGE]
 *
 * APP is the page without a recording; PAGE, if there is one, has a real one,
 * and is gone through like a made-up one. Each view is opened at 1280 by 720, light, dark and in presenter mode; it is
 * stepped forwards and backwards, and must come to the same state; nothing may
 * be written to the console. Pictures of all that are left in PICTURES, to be
 * looked at.
 */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

import { Browser } from "./browser.mjs";
import { sample } from "./sample.mjs";

const [, , program, appFile, pictures, page] = process.argv;
const VIEWS = ["overview", "timeline", "virtq", "pages", "runq", "disk", "boot"];
const app = readFileSync(appFile, "utf8");

/** Writes a page with a stream in it; returns its address. */
function pageWith(name, bytes) {
  const file = path.join(pictures, `${name}.html`);
  const packed = gzipSync(bytes).toString("base64");
  writeFileSync(
    file,
    app
      .replace("/*ABOUT*/", () => JSON.stringify({ queues: { virtio0: 128 } }))
      .replace("/*TRACE*/", () => packed),
  );
  return pathToFileURL(file).href;
}

/** The state of a view as text, and what the page says about the step. */
const SEEN = `JSON.stringify([traceView.current.step, traceView.current.view.state(traceView.current.step), document.getElementById("sentence").textContent],
  (_, value) => (value instanceof Map ? [...value] : typeof value === "bigint" ? String(value) : value))`;

async function picture(browser, name) {
  await browser.drawn();
  writeFileSync(path.join(pictures, `${name}.png`), await browser.screenshot());
}

/** Opens every view of a page in one mode, and takes its picture at a moment in the middle. */
async function look(browser, url, { scheme, presenter, name }) {
  await browser.prefer(scheme);
  for (const view of VIEWS) {
    await browser.open(`${url}#view=${view}`);
    const missing = await browser.evaluate(`traceView.views.find((v) => v.id === "${view}").missing`);
    if (missing) {
      console.log(`  ${view}: ${missing}`);
      continue;
    }
    if (presenter) await browser.press("P");
    await browser.evaluate(`traceView.go(Math.ceil(traceView.current.view.length * 0.6))`);
    assert.equal(await browser.evaluate("document.documentElement.dataset.theme"), scheme);
    assert.equal(
      await browser.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight",
      ),
      true,
      `${view} fits`,
    );
    await picture(browser, `${name}-${view}-${scheme}${presenter ? "-presenter" : ""}`);
  }
}

/** Forwards and backwards by keys: the same step looks the same, whichever way one came. */
async function walk(browser, url) {
  await browser.open(url);
  for (const [k, view] of VIEWS.entries()) {
    await browser.press(String(k + 1));
    if (
      (await browser.evaluate("traceView.current.id")) !== view ||
      (await browser.evaluate("traceView.current.view.length")) < 8
    )
      continue;
    await browser.press("Home");
    const forwards = [await browser.evaluate(SEEN)];
    const most = Math.min(40, await browser.evaluate("traceView.current.view.length"));
    for (let n = 0; n < most; n++) {
      await browser.press("ArrowRight");
      forwards.push(await browser.evaluate(SEEN));
    }
    assert.ok(new Set(forwards).size > 5, `${view}: steps change something`);
    for (let n = most - 1; n >= 0; n--) {
      await browser.press("ArrowLeft");
      assert.equal(await browser.evaluate(SEEN), forwards[n], `${view}: step ${n} backwards`);
    }
    await browser.press("End");
    assert.equal(
      await browser.evaluate("traceView.current.step"),
      await browser.evaluate("traceView.current.view.length"),
    );
    await browser.press(" ");
    assert.equal(await browser.evaluate("Boolean(traceView.timer)"), true);
    await browser.press(" ");
    console.log(`  ${view}: ${most} steps on and back are the same`);
  }
}

async function links(browser, url) {
  await browser.open(`${url}#view=virtq&step=17`);
  assert.equal(await browser.evaluate("traceView.current.id + traceView.current.step"), "virtq17");
  await browser.press("ArrowRight");
  assert.match(await browser.evaluate("location.hash"), /view=virtq&step=18/);
  await browser.open(`${url}#view=virtq&step=17&presenter`);
  assert.equal(await browser.evaluate("document.documentElement.className"), "presenter");
  await browser.evaluate("location.hash = '#view=runq&step=3'");
  await browser.drawn();
  assert.equal(await browser.evaluate("traceView.current.id + traceView.current.step"), "runq3");
  await browser.press("?");
  assert.equal(await browser.evaluate("document.getElementById('help').open"), true);
  await browser.press("?");
  await browser.press("/");
  for (const letter of "virtq.publish") await browser.press(letter);
  await browser.press("Enter");
  assert.match(await browser.evaluate("document.getElementById('found').textContent"), /^\d+ of \d+$/);
  await browser.press("D");
  assert.equal(await browser.evaluate("document.documentElement.dataset.theme"), "light");
}

async function damaged(browser) {
  const whole = sample(500);
  const pages = [
    ["empty", new Uint8Array(0), /empty/],
    ["head-only", whole.slice(0, 24), /table of events/],
    ["no-trace", new TextEncoder().encode("<html>this is none</html>"), /no trace/],
  ];
  for (const [name, bytes, says] of pages) {
    await browser.open(pageWith(name, bytes));
    assert.match(await browser.evaluate("document.getElementById('stage').textContent"), says);
  }
  await picture(browser, "damaged-none");
  await browser.open(pageWith("cut-off", whole.slice(0, whole.length - 7)));
  assert.match(await browser.evaluate("document.getElementById('notice').textContent"), /cut off/);
  assert.ok((await browser.evaluate("traceView.trace.length")) > 400);
  await picture(browser, "damaged-cut");
}

/** How long a large recording takes; no limit is set on it here. */
async function large(browser) {
  const url = pageWith("large", sample(200_000));
  const start = performance.now();
  await browser.open(`${url}#view=timeline&step=100000`);
  await browser.drawn();
  const opened = performance.now();
  assert.ok((await browser.evaluate("traceView.trace.length")) >= 200_000);
  for (const [k] of VIEWS.entries()) {
    await browser.press(String(k + 1));
    await browser.press("ArrowRight");
    await browser.drawn();
  }
  await picture(browser, "large");
  console.log(
    `  200,000 records: opened in ${Math.round(opened - start)} ms, all views seen in ${Math.round(performance.now() - opened)} ms`,
  );
}

mkdirSync(pictures, { recursive: true });
const browser = await Browser.start(program);
try {
  const made = pageWith("made-up", sample(4000));
  const pages = [["made-up", made], ...(page ? [["recorded", pathToFileURL(path.resolve(page)).href]] : [])];
  for (const [name, url] of pages) {
    for (const scheme of ["light", "dark"]) await look(browser, url, { name, scheme, presenter: false });
    await look(browser, url, { name, scheme: "dark", presenter: true });
    console.log(`${name}: ${VIEWS.length} views, light, dark, presenter mode`);
    await walk(browser, url);
  }
  await links(browser, made);
  await damaged(browser);
  await large(browser);
  assert.deepEqual(browser.errors, [], "the console is silent");
  console.log("trace-view-check: all is well; the pictures are in", pictures);
} finally {
  await browser.close();
}
