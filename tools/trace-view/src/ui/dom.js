/** Making elements, and asking the page for its colours. */

/** @returns {HTMLElement} an element with attributes ("on…" are listeners) and children */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** @returns {SVGElement} */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

let colours = new Map();

/** @returns {string} the value of a colour of style.css, for canvases */
export function colour(name) {
  if (!colours.has(name))
    colours.set(
      name,
      getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888",
    );
  return colours.get(name);
}

/** Called when the theme has changed. */
export function forgetColours() {
  colours = new Map();
}

/** @returns {string} the name of one of eight colours; the same for the same number */
export function hue(number) {
  return `c${Math.abs(Math.imul(number, 5)) % 8}`;
}

/** @returns {boolean} whether type is to be large */
export function presenting() {
  return document.documentElement.classList.contains("presenter");
}

/** @returns {HTMLElement} a legend: coloured squares and what they mean */
export function legend(entries) {
  return h(
    "span",
    { style: "display:contents" },
    ...entries.map(([name, text]) =>
      h("span", { class: "key" }, h("i", { style: `background:var(--${name})` }), text),
    ),
  );
}
