/**
 * Opens all pages of the demos in a Chromium without a window: every link leads
 * somewhere, nothing is wider than the screen of a projector, nothing complains;
 * and takes pictures, to be looked at.
 *
 *     node check.mjs CHROMIUM SITE PICTURES
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "../tools/trace-view/test/browser.mjs";

const [, , program, site, pictures] = process.argv;
const files = readdirSync(site).filter((name) => name.endsWith(".html"));

const LINKS = `[...document.querySelectorAll("a[href], link[href]")].map((a) => a.getAttribute("href"))`;
const FITS = "document.documentElement.scrollWidth <= innerWidth";
const LOADED = `new Promise((done) => (document.readyState === "complete" ? done() : addEventListener("load", done)))`;

async function picture(browser, name) {
  await browser.drawn();
  writeFileSync(path.join(pictures, `${name}.png`), await browser.screenshot());
}

/** A page of text: its links, and pictures of its top and its middle. Returns the links. */
async function text(browser, file, scheme) {
  await browser.send("Page.navigate", { url: pathToFileURL(path.resolve(site, file)).href });
  await browser.evaluate(LOADED);
  const links = await browser.evaluate(LINKS);
  for (const link of links) {
    assert.ok(!/^\w+:/.test(link), `${file}: ${link} leads out`);
    assert.ok(existsSync(path.join(site, link.split("#")[0])), `${file}: ${link} leads nowhere`);
  }
  assert.equal(await browser.evaluate(FITS), true, `${file} fits`);
  const name = path.basename(file, ".html");
  await picture(browser, `${name}-${scheme}`);
  await browser.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))");
  assert.equal(await browser.evaluate(FITS), true, `${file} fits with the code`);
  await browser.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)");
  await picture(browser, `${name}-${scheme}-middle`);
  return links;
}

/** The trace of a demo, as the link to it opens it, a third of its steps on. */
async function trace(browser, link, scheme) {
  await browser.open(`${pathToFileURL(path.resolve(site, link.split("#")[0])).href}#${link.split("#")[1]}`);
  const view = new URLSearchParams(link.split("#")[1]).get("view");
  assert.equal(await browser.evaluate("traceView.current.id"), view, link);
  assert.ok((await browser.evaluate("traceView.current.view.length")) > 5, `${link} has steps`);
  await browser.evaluate("traceView.go(Math.ceil(traceView.current.view.length / 3))");
  await picture(browser, `${path.basename(link.split("#")[0], ".html")}-${scheme}`);
}

mkdirSync(pictures, { recursive: true });
const browser = await Browser.start(program);
try {
  const traces = new Set();
  for (const scheme of ["light", "dark"]) {
    await browser.prefer(scheme);
    for (const file of files.filter((name) => !name.endsWith("-trace.html")))
      for (const link of await text(browser, file, scheme)) if (/-trace\.html#/.test(link)) traces.add(link);
    for (const link of traces) await trace(browser, link, scheme);
  }
  assert.equal(traces.size, files.filter((name) => name.endsWith("-trace.html")).length, "traces are linked");
  assert.deepEqual(browser.errors, [], "the console is silent");
  console.log(`${files.length - traces.size} pages and ${traces.size} traces: all is well; pictures in ${pictures}`);
} finally {
  await browser.close();
}
