/**
 * Makes the page without a recording: one file, with its scripts and styles
 * in it.
 *
 *     node build.mjs FOLDER    FOLDER/node_modules has esbuild and d3,
 *                              FOLDER/app.html is made
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(process.argv[2]);
const { build } = createRequire(path.join(folder, "package.json"))("esbuild");

const { outputFiles } = await build({
  entryPoints: [path.join(here, "src/main.js"), path.join(here, "src/style.css")],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16.4"],
  nodePaths: [path.join(folder, "node_modules")],
  outdir: folder,
  write: false,
  legalComments: "inline",
});
const made = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text;

// A function as the replacement: "$" in code means nothing special then.
const page = readFileSync(path.join(here, "src/index.html"), "utf8")
  .replace("/*STYLE*/", () => made(".css"))
  .replace("/*SCRIPT*/", () => made(".js").replaceAll("</script", "<\\/script"));
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, "app.html"), page);
