/** The boot as a chart: the kernel's steps, then the first processes. */

/**
 * @param {import("./stream.js").Trace} trace
 * @param {import("./people.js").People} people
 * @param {number} most rows
 * @returns {{rows: {label: string, kind: "kernel" | "process", from: number, to: number, open: boolean, record: number}[],
 *     end: number}} end: when the last step of the kernel's was done
 */
export function bootChart(trace, people, most = 40) {
  const steps = [...trace.records("boot.step")];
  const rows = [];
  steps.forEach((step, k) => {
    // A line of the report is printed when its part is done.
    const from = k === 0 ? 0 : steps[k - 1].time;
    rows.push({ label: step.args.name, kind: "kernel", from, to: step.time, open: false, record: step.i });
  });
  const processes = [...people.processes.values()].filter((p) => p.pid > 0).sort((a, b) => a.begin - b.begin);
  for (const process of processes.slice(0, Math.max(0, most - rows.length))) {
    rows.push({
      label: `${people.name(process.pid) || "process"} (${process.pid})`,
      kind: "process",
      pid: process.pid,
      from: process.begin,
      to: process.end ?? trace.duration,
      open: process.end === undefined,
      record: trace.at(process.begin),
    });
  }
  return {
    rows,
    end: steps.at(-1)?.time ?? 0,
    left: Math.max(0, processes.length + steps.length - rows.length),
  };
}

/** @returns {string} what a row says in a sentence */
export function describeRow(row, duration) {
  if (row.kind === "kernel")
    return `“${row.label}” was ready ${duration(row.to)} after the first record; the step took ${duration(row.to - row.from)}.`;
  return `${row.label} began at ${duration(row.from)} and ${row.open ? "was still there at the end" : `lived for ${duration(row.to - row.from)}`}.`;
}
