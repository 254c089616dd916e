/** The boot as a chart: the kernel's steps, then the first processes. */

/**
 * The steps from before there were rings to record them in: the report on the console
 * has them, with the seconds since the kernel began.
 *
 * @param {{name: string, time: number}[]} steps those that were recorded
 * @param {[number, string][]} log the report's lines: seconds, subject
 * @returns {{name: string, time: number}[]} microseconds as in the trace: below zero
 */
export function earlySteps(steps, log) {
  const first = steps[0];
  const met = first ? log.findIndex(([, subject]) => subject === first.name) : -1;
  if (met < 0) return [];
  const zero = first.time - log[met][0] * 1e6;
  return log.slice(0, met).map(([seconds, name]) => ({ name, time: zero + seconds * 1e6 }));
}

/**
 * @param {import("./stream.js").Trace} trace
 * @param {import("./people.js").People} people
 * @param {number} most rows
 * @param {[number, string][]} log the report of the boot, if it is known
 * @returns {{start: number, rows: {label: string, kind: "kernel" | "process", early?: boolean, from: number, to: number, open: boolean, record: number}[],
 *     end: number}} end: when the last step of the kernel's was done; start: below zero if there
 *     are steps from before the first record
 */
export function bootChart(trace, people, most = 40, log = []) {
  const recorded = [...trace.records("boot.step")].map((step) => ({
    name: step.args.name,
    time: step.time,
    record: step.i,
  }));
  const steps = [...earlySteps(recorded, log), ...recorded];
  const start = Math.min(0, steps[0]?.time ?? 0);
  const rows = [];
  steps.forEach((step, k) => {
    // A line of the report is printed when its part is done.
    const from = k === 0 ? start : steps[k - 1].time;
    const early = step.record === undefined;
    rows.push({ label: step.name, kind: "kernel", early, from, to: step.time, open: false, record: step.record ?? 0 });
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
    start,
    end: steps.at(-1)?.time ?? 0,
    left: Math.max(0, processes.length + steps.length - rows.length),
  };
}

/** @returns {string} what a row says in a sentence */
export function describeRow(row, duration) {
  if (row.early)
    return `“${row.label}” was ready ${duration(-row.to)} before the first record, as the report on the console has it.`;
  if (row.kind === "kernel")
    return `“${row.label}” was ready ${duration(row.to)} after the first record; the step took ${duration(row.to - row.from)}.`;
  return `${row.label} began at ${duration(row.from)} and ${row.open ? "was still there at the end" : `lived for ${duration(row.to - row.from)}`}.`;
}
