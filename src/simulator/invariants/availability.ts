/**
 * Invariant 4: what is to run does, somewhere, once nothing has gone wrong for as long as a failover may take,
 * however many machines are down meanwhile. Aside is what waits for its next attempt or has given up, and says
 * so, and what has to wait for another that does not run.
 */
import type { Service } from "../../actors/catalog.ts";
import type { ComposedNode } from "../../node/compose.ts";
import type { Phase } from "../../services/instance-status.ts";
import { groupOf } from "../../services/service-name.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";
import { Quiet } from "./quiet.ts";
import { hasRun } from "./runs.ts";

/** Detection, what an `away` node may take, and 3 s; the rest is for looks a second apart. */
const failoverMsMax = 10_000 + 10_000 + 3_000 + 2_000;

const excused: ReadonlySet<Phase> = new Set(["backing-off", "failed", "done"]);

export function availability(stage: Stage, object: Objection): Invariant {
  const quiet = new Quiet(stage);

  const runs = (name: string) => hasRun(stage, name, stage.now, stage.now);

  function judge({ catalog, operations }: ComposedNode, service: Service): void {
    const { spec, after } = service.member;
    const { record } = service;
    if (spec.name === "job" || catalog.runState(record).run === "stopped" || runs(spec.name))
      return;
    const groups = [record.name, ...spec.requires.map(groupOf)];
    if (stage.now - quiet.sinceMs(groups) < failoverMsMax) return;
    if (![...spec.requires, ...after].every(runs)) return;
    const { instances } = operations.service(record.name);
    if (instances.some(({ state }) => excused.has(state))) return;
    const told = instances.find(({ name }) => name === spec.name);
    object(
      `${spec.name} runs nowhere, and is ${told?.state} on ${told?.node}: ${told?.reason ?? ""}`,
    );
  }

  return {
    number: 4,
    composed: () => quiet.turned(),
    each() {
      quiet.look();
      const machine = stage.machines.find((name) => stage.isUp(name));
      const node = machine === undefined ? undefined : stage.node(machine);
      for (const service of node?.catalog.services() ?? []) if (node) judge(node, service);
    },
  };
}
