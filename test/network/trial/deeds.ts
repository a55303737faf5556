/**
 * What each item of a plan does to real machines. As on the simulator's stage a fault that finds nothing
 * to harm does nothing.
 */
import { starve } from "../../support/lan/cpu-share.ts";
import type { Mend } from "../../support/lan/firewall.ts";
import type { RealItem } from "./real-plan.ts";
import type { RealStage } from "./real-stage.ts";
import { tasksOn } from "./tasks.ts";
import { ask } from "./users.ts";

/** A stall that every node must bear without being taken for dead. */
const stallMsBorne = 2_000;

/** Begins what an item says; what it does ends by itself. */
export function carryOut(stage: RealStage, item: RealItem): void {
  stage.audience.note(JSON.stringify(item));
  carry(stage, item.kind, item);
}

function carry<Kind extends RealKind>(stage: RealStage, kind: Kind, item: ItemMap[Kind]): void {
  deeds[kind](stage, item);
}

type RealKind = RealItem["kind"];
type ItemMap = { readonly [Kind in RealKind]: Extract<RealItem, { readonly kind: Kind }> };

const deeds: { readonly [Kind in RealKind]: (stage: RealStage, item: ItemMap[Kind]) => void } = {
  crash: (stage, { machine, forMs }) => stage.crash(machine, forMs),
  blackout(stage, { forMs }) {
    for (const machine of stage.machines) stage.crash(machine, forMs);
  },
  cut: (stage, { from, to, forMs }) => split(stage, [from], [to], forMs, "one way"),
  partition(stage, { side, forMs }) {
    const others = stage.machines.filter((name) => !side.includes(name));
    split(stage, side, others, forMs, "both ways");
  },
  late(stage, { share, forMs }) {
    const { firewall } = stage.lan;
    const mends = stage.machines.map((name) => firewall.lose(share, stage.host(name)));
    mendAfter(stage, forMs, mends, () => {});
  },
  slow(stage, { bytesPerSecond, delayMs, to, forMs }) {
    const end = stage.disturbances.begin(undefined, stage.now);
    const mend = stage.lan.firewall.slow(bytesPerSecond, delayMs, stage.host(to));
    mendAfter(stage, forMs, [mend], end);
  },
  stall,
  starve(stage, { machine, share, forMs }) {
    if (!stage.isUp(machine)) return;
    stage.disturb(machine, forMs);
    stage.undo(forMs, starve(stage.real(machine).pid, share).end);
  },
  "kill-task"(stage, { machine, pick }) {
    const tasks = tasksOn(machine, stage.real(machine));
    for (const pid of tasks[Math.floor(pick * tasks.length)]?.pids ?? []) kill(pid);
  },
  deploy: ask,
  act: ask,
};

function split(
  stage: RealStage,
  from: readonly string[],
  to: readonly string[],
  forMs: number,
  how: "one way" | "both ways",
): void {
  const end = stage.disturbances.begin(undefined, stage.now);
  const hosts = (names: readonly string[]) => names.map((name) => stage.host(name));
  const { firewall } = stage.lan;
  const there = hosts(to).map((host) => firewall.cut(hosts(from), host));
  const back = how === "one way" ? [] : hosts(from).map((host) => firewall.cut(hosts(to), host));
  mendAfter(stage, forMs, [...there, ...back], end);
}

/** `mended` is told when. */
function mendAfter(
  stage: RealStage,
  forMs: number,
  mends: readonly Promise<Mend>[],
  mended: (nowMs: number) => void,
): void {
  const begun = Promise.all(mends);
  stage.work(begun);
  stage.undo(forMs, () => {
    const all = begun.then((undo) => Promise.all(undo.map((mend) => mend())));
    stage.work(all.finally(() => mended(stage.now)));
  });
}

/** Machines, until when they stand still. */
const stalledUntil = new WeakMap<RealStage, Map<string, number>>();

/** One after the other is as bad as a long one. */
function stall(stage: RealStage, { machine, forMs }: ItemMap["stall"]): void {
  if (!stage.isUp(machine)) return;
  const until = stalledUntil.get(stage) ?? new Map<string, number>();
  stalledUntil.set(stage, until);
  const last = until.get(machine) ?? Number.NEGATIVE_INFINITY;
  const node = stage.real(machine);
  const { pid } = node;
  const end = Math.max(last, stage.now + forMs);
  until.set(machine, end);
  if (forMs >= stallMsBorne || stage.now - last < stallMsBorne) stage.disturb(machine, forMs);
  node.signal("SIGSTOP");
  stage.undo(forMs, () => {
    if (node.pid === pid && until.get(machine) === end) node.signal("SIGCONT");
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
