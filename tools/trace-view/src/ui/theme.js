/** Light or dark: as was chosen, or as the system has it. */

import { forgetColours } from "./dom.js";

let chosen;

/** Sets what was chosen, or what the system prefers. */
export function applyTheme() {
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  forgetColours();
}

/** Chooses the other one. */
export function otherTheme() {
  chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  applyTheme();
}
