/** What the keys do. */

const KEYS = [
  ["→ ←", "a step on, a step back; with Shift ten, with Page keys a hundred"],
  ["Home End", "before the first step, after the last"],
  ["space", "play and stop; ] faster, [ slower"],
  ["1 … 7", "the views; another view shows the same moment"],
  ["/", "search: words that must be in an event, as virtq.used id=3; n and N go on and back"],
  ["+ −", "zoom, in views with a time axis; ↑ ↓ scroll the time line"],
  ["P", "large type, for the lecture hall"],
  ["D", "light or dark"],
  ["?", "this"],
];

/** The text of the help dialog. */
export const HELP = `<table>${KEYS.map(
  ([keys, what]) =>
    `<tr><td>${keys
      .split(" ")
      .map((k) => `<kbd>${k}</kbd>`)
      .join(" ")}</td><td>${what}</td></tr>`,
).join("")}</table>
<p>The address holds the view and the step: keep it, and it leads back here. Another recording can be dropped on the page.</p>
<form method="dialog"><button>Close</button></form>`;
