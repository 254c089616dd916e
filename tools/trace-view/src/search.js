/** Searching the records: words that must all be in an event's name or arguments. */

import { argumentsOf } from "./model/text.js";

/**
 * @param {import("./model/stream.js").Trace} trace
 * @param {import("./model/people.js").People} people
 * @param {string} query "virtq.used id=3", "cat fault"
 * @returns {number[]} records
 */
export function search(trace, people, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  if (!words.length) return found;
  for (const record of trace.records()) {
    const event = trace.events.get(trace.ids[record.i]);
    const text =
      ` ${record.name} ${argumentsOf(record, event)} pid=${record.pid} hart=${record.hart} ${people.name(record.pid, record.i)} `.toLowerCase();
    if (words.every((word) => (word.includes("=") ? text.includes(` ${word} `) : text.includes(word))))
      found.push(record.i);
  }
  return found;
}
