/**
 * What each item of a plan does to a stage. A fault that finds nothing to harm (its machine is down, it
 * has no task) does nothing, so that any subset of a plan can be carried out.
 */
import { owns } from "../actors/ownership.ts";
import { ask } from "./asking.ts";
import { flushMsUsual } from "./machine.ts";
import { healAtMs, type Item, type ItemKind, type ItemOf } from "./schedule.ts";
import type { Stage } from "./stage.ts";
import type { DiskImage } from "./virtual-disk.ts";

/** A stall that every node must bear without being taken for dead. */
const stallMsBorne = 2_000;
/** Connections that swallow everything are given up by then. */
const swallowMsMax = 60_000;
const blankDisk: DiskImage = new Map();

/** Begins what an item says; what it does ends by itself. */
export function carryOut(stage: Stage, item: Item): void {
  stage.simulation.note(JSON.stringify(item));
  carry(stage, item.kind, item);
}

function carry<Kind extends ItemKind>(stage: Stage, kind: Kind, item: ItemMap[Kind]): void {
  deeds[kind](stage, item);
}

type ItemMap = { readonly [Kind in ItemKind]: ItemOf<Kind> };

const deeds: { readonly [Kind in ItemKind]: (stage: Stage, item: ItemMap[Kind]) => void } = {
  crash: (stage, { machine, forMs }) => stage.crash(machine, forMs),
  "crash-at-write": crashAtWrite,
  power(stage, { machine, disk, ageMs, forMs }) {
    if (disk !== "old") {
      stage.powerOff(machine, forMs, disk === "blank" ? blankDisk : undefined);
      return;
    }
    const image = stage.simulation.machine(machine).disk.image();
    stage.once(ageMs, () => stage.powerOff(machine, forMs, image));
  },
  blackout(stage, { forMs }) {
    for (const machine of stage.machines) stage.crash(machine, forMs);
  },
  cut: (stage, { from, to, forMs }) => cut(stage, [[from, to]], forMs),
  partition(stage, { side, forMs }) {
    const others = stage.machines.filter((name) => !side.includes(name));
    const pairs = side.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]));
    cut(stage, pairs, forMs);
  },
  reset: ({ simulation }, { a, b }) => simulation.network.reset(a, b),
  swallow(stage, { a, b }) {
    stage.disturb(undefined, swallowMsMax);
    stage.simulation.network.swallow(a, b);
  },
  slow(stage, { from, to, delayMs, bytesPerSecond, forMs }) {
    const { links } = stage.simulation.network;
    stage.disturb(undefined, forMs);
    links.setQuality(from, to, { delayMs: { min: delayMs / 2, max: delayMs }, bytesPerSecond });
    stage.undo(forMs, () => links.setQuality(from, to, undefined));
  },
  late(stage, { share, lateMs, forMs }) {
    const { links } = stage.simulation.network;
    links.setLateness({ share, ms: lateMs });
    stage.undo(forMs, () => links.setLateness({ share: 0, ms: 0 }));
  },
  stall,
  clock(stage, { machine, aheadMs, ppm, forMs }) {
    const { clock } = stage.simulation.machine(machine);
    clock.drift(ppm);
    clock.setWall(aheadMs);
    stage.undo(forMs, () => {
      clock.drift(0);
      clock.setWall(0);
    });
  },
  "disk-full"(stage, { machine, forMs }) {
    const { disk } = stage.simulation.machine(machine);
    disk.isFull = true;
    stage.undo(forMs, () => {
      disk.isFull = false;
    });
  },
  "disk-slow"(stage, { machine, flushMs, forMs }) {
    const { disk } = stage.simulation.machine(machine);
    disk.flushMsMax = flushMs;
    stage.undo(forMs, () => {
      disk.flushMsMax = flushMsUsual;
    });
  },
  "kill-actor": killActor,
  "kill-task"({ simulation }, { machine, pick }) {
    const host = simulation.host(machine);
    const tasks = host.running();
    const task = tasks[Math.floor(pick * tasks.length)];
    if (task !== undefined) host.kill(task.instance);
  },
  engine(stage, { machine, forMs }) {
    const host = stage.simulation.host(machine);
    host.isDown = true;
    stage.undo(forMs, () => {
      host.isDown = false;
    });
  },
  deploy: ask,
  act: ask,
  rivals,
};

/** At most until the heal. */
function crashAtWrite(
  stage: Stage,
  { machine, effect, forMs, keeps }: ItemOf<"crash-at-write">,
): void {
  const { disk } = stage.simulation.machine(machine);
  let left = effect;
  disk.onEffect = () => {
    left--;
    if (left > 0) return false;
    disk.onEffect = undefined;
    disk.keepsCommit = keeps;
    stage.crash(machine, forMs);
    disk.keepsCommit = undefined;
    return true;
  };
  stage.undo(Number.POSITIVE_INFINITY, () => {
    disk.onEffect = undefined;
  });
}

type Pair = readonly [string, string];

function cut(stage: Stage, pairs: readonly Pair[], forMs: number): void {
  const { network } = stage.simulation;
  stage.disturb(undefined, forMs);
  for (const [from, to] of pairs) network.cut(from, to);
  stage.undo(forMs, () => {
    for (const [from, to] of pairs) network.mend(from, to);
  });
}

/** One after the other is as bad as a long one. */
function stall(stage: Stage, { machine, forMs }: ItemOf<"stall">): void {
  const { simulation } = stage;
  const { life } = simulation.machine(machine);
  const last = life?.owner.stalledUntil ?? Number.NEGATIVE_INFINITY;
  const ms = Math.min(forMs, healAtMs(stage.plan) - simulation.now);
  simulation.stall(machine, ms);
  if (ms >= stallMsBorne || simulation.now - last < stallMsBorne) stage.disturb(machine, ms);
}

function rivals(stage: Stage, { atMs, name, version }: ItemOf<"rivals">): void {
  const deciding = stage.machines.filter((machine) => {
    const node = stage.node(machine);
    return node !== undefined && owns(node.catalog.view, node.system.node, name);
  });
  for (const [i, machine] of deciding.entries()) {
    ask(stage, { kind: "deploy", atMs, machine, name, version: version + i });
  }
}

function killActor(stage: Stage, { machine, pick }: ItemOf<"kill-actor">): void {
  const { simulation } = stage;
  if (!simulation.isUp(machine)) return;
  const names = simulation.actorNames(machine).filter((name) => name !== "mob");
  const actor = names[Math.floor(pick * names.length)];
  if (actor === undefined) return;
  stage.disturb(machine, 0);
  simulation.kill(machine, actor);
}
