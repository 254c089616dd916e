/** Who is who: the names, parents and lives of processes, and their threads. */

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {{record: number, name: string}[]} names in the order they got them
 * @property {number | undefined} parent
 * @property {number} begin microseconds; of the first record if the birth was not seen
 * @property {number | undefined} end
 * @property {boolean} born whether its fork is in the trace
 */

/** The processes and threads of a trace. */
export class People {
  /** @param {import("./stream.js").Trace} trace */
  constructor(trace) {
    /** @type {Map<number, Process>} */
    this.processes = new Map();
    /** @type {Map<number, number>} the process of a thread */
    this.threads = new Map();
    for (const record of trace.records()) this.#note(record);
  }

  #note(record) {
    const { pid, tid, name, args, time, i } = record;
    const process = this.#process(pid, time);
    this.threads.set(tid, pid);
    if (name === "proc.exec" || name === "proc.name")
      process.names.push({ record: i, name: baseName(args.name) });
    else if (name === "proc.exit") process.end = time;
    else if (name === "proc.fork") this.#birth(process, record);
  }

  #process(pid, time) {
    let process = this.processes.get(pid);
    if (process === undefined) {
      process = { pid, names: [], parent: undefined, begin: time, end: undefined, born: false };
      this.processes.set(pid, process);
    }
    return process;
  }

  #birth(parent, { args, time, i, pid }) {
    if (args.child === pid) return void this.threads.set(args.tid, pid); // a thread of its own
    const child = this.#process(args.child, time);
    Object.assign(child, { parent: pid, begin: time, born: true });
    child.names.push({ record: i, name: parent.names.at(-1)?.name ?? "" });
    this.threads.set(args.tid ?? args.child, args.child);
  }

  /**
   * @param {number} pid
   * @param {number} record the name it had then; the last one it had if missing
   * @returns {string} its name, or "" if it has none
   */
  name(pid, record = Infinity) {
    const names = this.processes.get(pid)?.names ?? [];
    let found = names[0]?.name ?? "";
    for (const entry of names) if (entry.record <= record) found = entry.name;
    return found || (pid === 0 ? "kernel" : "");
  }

  /** @returns {string} "cat (12)"; "cat (12) thread 14" for another than its first thread */
  thread(tid, record = Infinity) {
    const pid = this.threads.get(tid) ?? tid;
    const name = this.name(pid, record);
    if (tid === 0) return "idle";
    if (tid < 0) return `kernel thread ${-tid}`;
    const who = name ? `${name} (${pid})` : `process ${pid}`;
    return pid === tid ? who : `${who} thread ${tid}`;
  }
}

function baseName(path) {
  return path.replace(/\/+$/, "").split("/").at(-1);
}
