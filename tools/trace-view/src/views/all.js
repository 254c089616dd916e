/** The views, in the order of their keys. */

import { bootView } from "./boot.js";
import { diskView } from "./disk.js";
import { overviewView } from "./overview.js";
import { pagesView } from "./pages.js";
import { runQueuesView } from "./runqueues.js";
import { timelineView } from "./timeline.js";
import { virtqView } from "./virtq.js";

/**
 * Makes a view of a recording that has something for it.
 * @callback ViewMaker
 * @param {object} context
 * @returns {{element: HTMLElement, length: number, show: (n: number) => void,
 *     sentence: (n: number) => {text: string, section: string, record: number},
 *     stepAt: (record: number) => number, state: (n: number) => object,
 *     choose?: (which?: string) => string, key?: (event: KeyboardEvent) => boolean}}
 */

/** `needs` is an event without which a view has nothing to show. */
export const VIEWS = [
  { id: "overview", label: "Overview", about: "", needs: "", make: overviewView },
  {
    id: "timeline",
    label: "Time line",
    about: "Harts, disks and threads over time.",
    needs: "",
    make: timelineView,
  },
  {
    id: "virtq",
    label: "Virtqueue",
    about: "Descriptors and rings, driver and device, step by step.",
    needs: "virtq.publish",
    make: virtqView,
  },
  {
    id: "pages",
    label: "Pages",
    about: "What processes have mapped, and share since a fork.",
    needs: "page.map",
    make: pagesView,
  },
  {
    id: "runq",
    label: "Run queues",
    about: "Who has each hart, and who waits.",
    needs: "sched.switch",
    make: runQueuesView,
  },
  {
    id: "disk",
    label: "Disk",
    about: "Requests, the journal, and what is where.",
    needs: "blk.submit",
    make: diskView,
  },
  { id: "boot", label: "Boot", about: "What the boot waited for.", needs: "", make: bootView },
];
