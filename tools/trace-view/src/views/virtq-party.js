/** The driver or the device: what it knows, and the chains that it has. */

import { s } from "../ui/dom.js";

const WIDE = 246,
  HIGH = 522;
const PLACES = {
  driver: { x: 6, title: "Driver", where: "in Umbra" },
  device: { x: 1028, title: "Device", where: "in QEMU" },
};

/**
 * @param {object} scene
 * @param {"driver" | "device"} who
 */
export function drawParty(scene, who) {
  const { x, title, where } = PLACES[who];
  const { step } = scene;
  const acts = step && (["take", "finish"].includes(step.kind) ? "device" : "driver") === who;
  const group = s(
    "g",
    { transform: `translate(${x},4)` },
    s("rect", { class: `panel side ${who} ${acts ? "acts" : ""}`, width: WIDE, height: HIGH, rx: 10 }),
    s("text", { class: `name ${who}-ink`, x: 14, y: 30 }, title),
    s("text", { class: "soft", x: WIDE - 14, y: 28, "text-anchor": "end" }, where),
  );
  const lines = who === "driver" ? driverLines(scene.state) : deviceLines(scene.state);
  lines.forEach(([label, value], k) =>
    group.append(
      s("text", { class: "soft", x: 14, y: 62 + k * 27 }, label),
      s(
        "text",
        { class: "mono", x: WIDE - 14, y: 62 + k * 27, "text-anchor": "end", style: "font-weight:650" },
        value,
      ),
    ),
  );
  group.append(chains(scene, who, x, 62 + lines.length * 27 + 14));
  return group;
}

function driverLines(state) {
  const busy = Object.values(state.descriptors).filter((d) => d.chain !== undefined).length;
  return [
    ["descriptors free", `${state.size - busy}`],
    ["next avail.idx", state.avail.idx ?? "?"],
    ["seen up to", state.driverSeen ?? "?"],
  ];
}

function deviceLines(state) {
  return [
    ["works on", `${state.held.length}`],
    ["taken up to", state.deviceSeen ?? "?"],
    ["next used.idx", state.used.idx ?? "?"],
  ];
}

const STAGES = {
  built: "being built",
  published: "published",
  taken: "at the device",
  finished: "done",
  used: "seen",
};

function chains({ state, anchors, big }, who, left, top) {
  const group = s("g", { transform: `translate(0,${top})` });
  const wanted = who === "driver" ? ["used"] : ["taken"];
  const all = Object.values(state.chains);
  const here =
    who === "device"
      ? state.held.map((head) => state.chains[head]).filter(Boolean)
      : all.filter((c) => wanted.includes(c.stage));
  const high = big ? 50 : 40;
  const most = Math.floor((HIGH - top - 60) / high);
  group.append(s("text", { class: "title", x: 14, y: 16 }, who === "driver" ? "Chains" : "Works on"));
  const list = who === "driver" ? all : here;
  list.slice(0, most).forEach((chain, k) => {
    const y = 28 + k * high;
    if (wanted.includes(chain.stage)) anchors.set(chain.head, { x: left + 36, y: 4 + top + y + high / 2 });
    const x = 62;
    const [purpose, where] = chain.purpose.split(/ at (?=sector)/);
    if (!wanted.includes(chain.stage))
      group.append(
        s("text", { class: "mono", x: 36, y: y + high / 2 + 5, "text-anchor": "middle" }, chain.head),
      );
    group.append(
      s("text", { x, y: y + high / 2 - 2, class: "small" }, purpose || `${chain.count ?? "?"} buffers`),
    );
    group.append(
      s(
        "text",
        { class: "soft tiny", x, y: y + high / 2 + (big ? 16 : 14) },
        [big ? "" : where, STAGES[chain.stage]].filter(Boolean).join(", "),
      ),
    );
  });
  if (list.length > most)
    group.append(
      s("text", { class: "soft", x: 14, y: 28 + most * high + 18 }, `and ${list.length - most} more`),
    );
  if (!list.length) group.append(s("text", { class: "soft", x: 14, y: 46 }, "none"));
  return group;
}
