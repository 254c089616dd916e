/**
 * The stream as bytes, made into records that can be asked for by number.
 * docs/tracing.md is the format: a head, a table that names the events and
 * their fields, and records. What a recording was cut off in is left out, and
 * said so.
 */

const MAGIC = "umtrace1";
const HEAD_BYTES = 24;
const RECORD_BYTES = 24; // of a record, without its arguments
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A stream that nothing can be shown of; the message says why. */
export class StreamError extends Error {}

/**
 * Reads the table of events: lines "ID group.name field:kind ...".
 * @param {string} text
 * @returns {Map<number, {name: string, group: string, fields: object[]}>}
 */
export function parseTable(text) {
  const events = new Map();
  for (const line of text.replace(/\0+$/, "").split("\n")) {
    const [id, name, ...fields] = line.trim().split(/\s+/);
    if (!name) continue;
    let word = 0;
    const parsed = fields.map((field) => {
      const [label, kind] = field.split(":");
      const at = word;
      word += kind === "s" ? 2 : 1;
      return { name: label, kind, word: at };
    });
    events.set(Number(id), { name, group: name.split(".")[0], fields: parsed });
  }
  return events;
}

/**
 * Reads a whole stream. Records are in the order of their times; those of one
 * hart stay in their order.
 * @param {ArrayBuffer} buffer
 * @returns {Trace}
 * @throws {StreamError} if not even the head can be read
 */
export function decode(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength === 0) throw new StreamError("The trace is empty: not a single byte was recorded.");
  if (buffer.byteLength < HEAD_BYTES)
    throw new StreamError(`The trace ends after ${buffer.byteLength} bytes, within its head.`);
  const magic = text(view, 0, 8);
  if (magic !== MAGIC)
    throw new StreamError(
      `This is no trace of Umbra's: it begins with ${JSON.stringify(magic)}, not ${JSON.stringify(MAGIC)}.`,
    );
  const tableBytes = view.getUint32(8, true);
  const start = HEAD_BYTES + tableBytes;
  if (start > buffer.byteLength || tableBytes % 8 !== 0)
    throw new StreamError(
      `The trace is cut off or damaged in its table of events (${tableBytes} bytes, of which ${buffer.byteLength - HEAD_BYTES} are there).`,
    );
  const events = parseTable(text(view, HEAD_BYTES, tableBytes));
  if (events.size === 0) throw new StreamError("The trace's table of events names no event.");
  const { offsets, damage } = findRecords(view, start, events);
  return new Trace(view, events, offsets, {
    harts: view.getUint32(12, true),
    timebase: Number(view.getBigUint64(16, true)) || 1,
    damage,
  });
}

/** Returns where records begin, and what stopped the search, if it was not the end. */
function findRecords(view, start, events) {
  const offsets = [];
  let at = start;
  let unknown = 0;
  const stopped = (why) => ({
    offsets,
    damage: `${why} at byte ${at} of ${view.byteLength}; the ${offsets.length} records before it are shown.`,
  });
  while (at < view.byteLength) {
    const left = view.byteLength - at;
    if (left < RECORD_BYTES) return stopped("The trace is cut off in a record");
    const size = view.getUint16(at, true);
    if (size < RECORD_BYTES || size % 8 !== 0) return stopped(`A record claims a size of ${size} bytes`);
    if (size > left) return stopped("The trace is cut off in a record");
    const event = events.get(view.getUint16(at + 2, true));
    if (event === undefined) unknown++;
    else if (size < RECORD_BYTES + 8 * words(event))
      return stopped(`A record of ${event.name} lacks arguments`);
    else offsets.push(at);
    at += size;
  }
  return {
    offsets,
    damage: unknown
      ? `${unknown} records are of events that the table does not name; they are left out.`
      : "",
  };
}

function words(event) {
  const last = event.fields.at(-1);
  return last === undefined ? 0 : last.word + (last.kind === "s" ? 2 : 1);
}

function text(view, at, length) {
  return new TextDecoder("latin1").decode(new Uint8Array(view.buffer, at, length));
}

/** Records by number, from 0 to length - 1. */
export class Trace {
  constructor(view, events, offsets, { harts, timebase, damage }) {
    this.view = view;
    this.events = events;
    this.timebase = timebase;
    this.damage = damage;
    const ticks = Float64Array.from(
      offsets,
      (at) => view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * 2 ** 32,
    );
    const order = inOrder(ticks);
    this.length = offsets.length;
    this.offsets = Float64Array.from(order, (n) => offsets[n]);
    const first = this.length ? ticks[order[0]] : 0;
    /** Microseconds since the first record. */
    this.times = Float64Array.from(order, (n) => ((ticks[n] - first) * 1e6) / timebase);
    /** Seconds on the machine's clock at the first record. */
    this.begin = first / timebase;
    this.ids = Uint16Array.from(this.offsets, (at) => view.getUint16(at + 2, true));
    this.harts = this.offsets.reduce((n, at) => Math.max(n, view.getUint16(at + 4, true) + 1), harts);
  }

  /** @returns {number} microseconds from the first record to the last */
  get duration() {
    return this.length ? this.times[this.length - 1] : 0;
  }

  /**
   * @param {number} i
   * @returns {{i: number, name: string, group: string, time: number, hart: number,
   *            pid: number, tid: number, args: object}} args by field; numbers,
   *            strings, and BigInts where a number would not be exact
   */
  read(i) {
    const at = this.offsets[i];
    const { name, group, fields } = this.events.get(this.ids[i]);
    const args = {};
    for (const field of fields)
      args[field.name] = this.#argument(at + RECORD_BYTES + 8 * field.word, field.kind);
    return {
      i,
      name,
      group,
      args,
      time: this.times[i],
      hart: this.view.getUint16(at + 4, true),
      pid: this.view.getUint32(at + 8, true),
      tid: this.view.getInt32(at + 12, true), // below 0 in the kernel's own threads
    };
  }

  /** Goes through the records, in order, of the groups or events named; of all if none are. */
  *records(...wanted) {
    const chosen = new Set();
    for (const [id, { name, group }] of this.events)
      if (!wanted.length || wanted.includes(name) || wanted.includes(group)) chosen.add(id);
    for (let i = 0; i < this.length; i++) if (chosen.has(this.ids[i])) yield this.read(i);
  }

  /** @returns {Map<string, number>} how many records there are of each event */
  counts() {
    const counts = new Map();
    for (const id of this.ids) {
      const { name } = this.events.get(id);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  /** @returns {number} the number of the last record at or before a time, or 0 */
  at(time) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #argument(at, kind) {
    if (kind === "s") return text(this.view, at, 16).replace(/\0.*$/s, "");
    const high = this.view.getUint32(at + 4, true);
    if (high < 2 ** 21) return this.view.getUint32(at, true) + high * 2 ** 32;
    const value = kind === "d" ? this.view.getBigInt64(at, true) : this.view.getBigUint64(at, true);
    return value > SAFE || value < -SAFE ? value : Number(value);
  }
}

/** Returns the numbers of the records by time; those of one time stay as they are. */
function inOrder(ticks) {
  const order = Uint32Array.from(ticks.keys());
  return ticks.every((t, n) => n === 0 || t >= ticks[n - 1])
    ? order
    : order.sort((a, b) => ticks[a] - ticks[b] || a - b);
}
