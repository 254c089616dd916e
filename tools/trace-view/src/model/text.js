/** Numbers as people read them. */

/** @returns {string} microseconds with a unit that suits them: "12 µs", "3.50 ms", "1.200 s" */
export function duration(us) {
  if (us < 0) return `−${duration(-us)}`;
  if (us < 1000) return `${us < 10 && us % 1 ? us.toFixed(1) : Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e5 ? 2 : 1)} ms`;
  return `${(us / 1e6).toFixed(3)} s`;
}

/** @returns {string} "0x8000_1000": groups of four, counted from the right */
export function hex(value) {
  const digits = BigInt.asUintN(64, BigInt(value)).toString(16);
  return "0x" + digits.replace(/\B(?=(?:[0-9a-f]{4})+$)/g, "_");
}

/** @returns {string} "512 bytes", "4 KiB", "1.5 MiB" */
export function bytes(n) {
  if (n === 1) return "1 byte";
  if (n < 1024 || (n < 1 << 20 && n % 512)) return `${n.toLocaleString("en")} bytes`;
  if (n < 1 << 20) return `${round(n / 1024)} KiB`;
  return `${round(n / (1 << 20))} MiB`;
}

/** @returns {string} "1 block", "3 blocks" */
export function count(n, noun, plural = `${noun}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? noun : plural}`;
}

function round(x) {
  return Number(x.toFixed(1));
}

/** @returns {string} a record's arguments, "head=3 count=2" */
export function argumentsOf(record, event) {
  return event.fields
    .map(({ name, kind }) => `${name}=${kind === "x" ? hex(record.args[name]) : record.args[name]}`)
    .join(" ");
}
