/**
 * What must be true of real nodes some time after all faults ended (invariants 2, 5 and 10 of the design):
 * all live and say the same, and exactly what users want runs, once each. Asked over their API, and of the
 * kernel.
 */
import type { ActorView } from "../../../src/api/actor-shapes.ts";
import type { InstanceView } from "../../../src/api/shapes.ts";
import { asServiceName } from "../../../src/core/ids.ts";
import { everyoneLives, lookForDisagreement } from "../../../src/simulator/invariants/agreement.ts";
import { quietMailboxMax } from "../../../src/simulator/invariants/bounds.ts";
import { lookForUndesired } from "../../../src/simulator/invariants/services.ts";
import { isSteadyKey } from "../../../src/simulator/invariants/steady.ts";
import type { FollowedNode } from "./followed-node.ts";
import type { RealStage } from "./real-stage.ts";
import { tasksOn } from "./tasks.ts";

/** By the invariant's number. */
export type Object = (invariant: number, what: string) => void;

/** One node's words. */
interface Said {
  readonly nodes: string;
  readonly services: readonly InstanceView[];
}

/** Objects to whatever is not so now. */
export async function lookAtRest(stage: RealStage, object: Object): Promise<void> {
  const said = new Map<string, Said>();
  for (const machine of stage.machines) {
    const node = stage.node(machine);
    if (node === undefined) object(2, `no node runs on ${machine}`);
    else said.set(machine, await words(machine, node, object));
  }
  if (said.size < stage.machines.length) return;
  for (const machine of stage.machines) {
    everyoneLives(stage, machine, (what) => object(2, what));
  }
  const differ = (what: string, read: (machine: string) => unknown) =>
    lookForDisagreement(
      stage.machines,
      what,
      (machine) => JSON.stringify(read(machine)),
      (text) => object(2, text),
    );
  differ("nodes", (machine) => said.get(machine)?.nodes);
  differ("services", (machine) => said.get(machine)?.services.filter(isSteady));
  differ("records", (machine) => [...toldBy(stage, machine)].sort());
  const [first = ""] = stage.machines;
  const services = said.get(first)?.services ?? [];
  lookForTasks(stage, services, object);
  await lookForWanted(stage.node(first), services, object);
}

/** Stamps of the records that a node shows, by their keys. */
export function toldBy(stage: RealStage, machine: string): ReadonlyMap<string, string> {
  const told = stage.node(machine)?.told.list() ?? [];
  const held = told.filter(({ key, removed }) => !removed && isSteadyKey(key));
  return new Map(held.map(({ key, stamp }) => [key, stamp]));
}

function isSteady({ name }: InstanceView): boolean {
  return name !== "job";
}

async function words(machine: string, node: FollowedNode, object: Object): Promise<Said> {
  const nodes = await node.client.nodes();
  for (const actor of flat(await node.client.actors())) {
    if (actor.mailbox <= quietMailboxMax) continue;
    object(10, `${actor.path} on ${machine} still has ${actor.mailbox} messages waiting`);
  }
  const services = [...(await node.services())].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { nodes: JSON.stringify(nodes.map(({ id, state }) => `${id} ${state}`).sort()), services };
}

function flat(actor: ActorView): readonly ActorView[] {
  return [actor, ...actor.children.flatMap(flat)];
}

function lookForTasks(stage: RealStage, services: readonly InstanceView[], object: Object): void {
  const tasks = stage.machines.flatMap((machine) => tasksOn(machine, stage.real(machine)));
  const idOf = (machine: string) => stage.idOf(machine);
  const infos = services.map(({ name, state, id, node }) => {
    const where = node === null ? null : (stage.idOf(node) ?? node);
    return { name: asServiceName(name), state, instance: id, node: where };
  });
  lookForUndesired(infos, tasks, idOf, (what) => object(5, what));
}

/** What is to run does, unless what it requires does not. */
async function lookForWanted(
  node: FollowedNode | undefined,
  services: readonly InstanceView[],
  object: Object,
): Promise<void> {
  const running = new Set(services.filter(({ state }) => state === "running").map((it) => it.name));
  for (const { name, state, reason = "" } of services.filter(isSteady)) {
    const shown = await node?.client.show(name);
    const { requires = [] } = (shown?.spec ?? {}) as { readonly requires?: readonly string[] };
    const isHeldUp = requires.some((other) => !running.has(other));
    if (shown?.wanted === "running" && state !== "running" && !isHeldUp) {
      object(5, `${name} is to run and is ${state}: ${reason}`);
    }
    if (shown?.wanted === "stopped" && state !== "stopped") {
      object(5, `${name} is to be stopped and is ${state}: ${reason}`);
    }
  }
}
