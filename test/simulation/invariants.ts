/**
 * What must be true of simulated machines once all is whole again and time has passed: the nodes agree,
 * exactly what is wished runs, once each, and nothing is left of what is gone.
 */
import type { InstanceInfo } from "../../src/actors/service-view.ts";
import type { Simulation } from "../../src/simulator/simulation.ts";
import type { VirtualTask } from "../../src/simulator/virtual-host.ts";

/** `absent`, `stopped 7` or `running 7`, the version of its parameters; `any`: it is not known which. */
export type Wish = string;

export interface Wished {
  readonly name: string;
  /** One of these is in force. */
  readonly possible: ReadonlySet<Wish>;
}

interface Running extends VirtualTask {
  /** Id of the node on whose machine it runs. */
  readonly node: string | undefined;
}

/** What is not as it must be, a line each. */
export function problemsOf(
  simulation: Simulation,
  machines: readonly string[],
  wished: readonly Wished[],
): readonly string[] {
  return [
    ...simulation.violations,
    ...disagreements(simulation, machines),
    ...unwished(simulation, machines, wished),
    ...leftovers(simulation, machines),
    ...early(simulation, machines),
  ];
}

/** All nodes tell the same of all services. */
function disagreements(simulation: Simulation, machines: readonly string[]): readonly string[] {
  const [first = "", ...others] = machines;
  const seen = (name: string) => JSON.stringify(simulation.operations(name).instances());
  return others
    .filter((name) => seen(name) !== seen(first))
    .map((name) => `${first} sees ${seen(first)}\n${name} sees ${seen(name)}`);
}

/** One task for each service that is to run, where all nodes say; nothing else. */
function unwished(
  simulation: Simulation,
  machines: readonly string[],
  wished: readonly Wished[],
): readonly string[] {
  const [first = ""] = machines;
  const told = simulation.operations(first).instances();
  const tasks = machines.flatMap((name) => runningOn(simulation, name));
  return wished.flatMap(({ name, possible }) => {
    const info = told.find((it) => it.name === name);
    const running = tasks.filter(({ service }) => service === name);
    if (isAlone(info, running) && [...possible].some((wish) => isSo(wish, info, running)))
      return [];
    const seen = running.map(({ found, params, node }) => ({ ...found, params, node }));
    const what = `told ${JSON.stringify(info)}, running ${JSON.stringify(seen)}`;
    return [`${name}: ${what}, possible ${[...possible].join(" | ")}`];
  });
}

function runningOn(simulation: Simulation, machine: string): readonly Running[] {
  const nodes = simulation.operations(machine).nodes();
  const node = nodes.find(({ name }) => name === machine)?.id;
  const tasks = [...simulation.host(machine).tasks.values()];
  return tasks.filter(({ ended }) => !ended).map((task) => ({ ...task, node }));
}

/** At most one task, and of the instance that is told. */
function isAlone(info: InstanceInfo | undefined, running: readonly Running[]): boolean {
  const [task] = running;
  return task === undefined || (running.length === 1 && task.found.instance === info?.instance);
}

function isSo(wish: Wish, info: InstanceInfo | undefined, running: readonly Running[]): boolean {
  const [task] = running;
  const [run, version] = wish.split(" ");
  switch (run) {
    case "any":
      return true;
    case "absent":
      return info === undefined && task === undefined;
    case "stopped":
      return info?.state === "stopped" && task === undefined;
    default:
      return info !== undefined && runs(info, task, version);
  }
}

/** Jobs end and begin anew; `api` may wait for what it requires. */
function runs(info: InstanceInfo, task: Running | undefined, version = ""): boolean {
  if (info.name === "job") return ["running", "backing-off", "starting"].includes(info.state);
  if (info.name === "api" && info.state === "pending") return task === undefined;
  if (info.state !== "running" || task?.node !== info.node) return false;
  return "v" in task.params && String(task.params.v) === version;
}

/** Records of what is gone, which nobody would ever take away. */
function leftovers(simulation: Simulation, machines: readonly string[]): readonly string[] {
  const catalog = simulation.catalog(machines[0] ?? "");
  const isThere = (service: string) => catalog.group(service) !== undefined;
  return [
    ...catalog.placements().filter(({ service }) => !isThere(service)),
    ...catalog.statuses().filter(({ instance }) => catalog.placementOf(instance) === undefined),
  ].map((record) => `left over: ${JSON.stringify(record)}`);
}

/** `api` requires `db`: its first start comes after one of `db`. */
function early(simulation: Simulation, machines: readonly string[]): readonly string[] {
  const history = machines.flatMap((name) => simulation.host(name).history);
  const firstDb = Math.min(
    ...history.filter(({ service }) => service === "db").map(({ startedAt }) => startedAt),
  );
  return history
    .filter(({ service, startedAt }) => service === "api" && startedAt < firstDb)
    .map(({ startedAt }) => `api was started at ${startedAt} with no db`);
}
