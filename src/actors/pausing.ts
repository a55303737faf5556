/**
 * Pauses instances, and has them go on, wherever they are. Nothing of it is stored as a wish: each instance's own
 * node brings it about, and tells it in its status as it tells whatever else becomes of a task.
 */
import type { Env } from "../core/env.ts";
import { Conflict, errorShape, RemoteError, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { named } from "../otp/ref.ts";
import type { Catalog } from "./catalog.ts";
import { providerWorkerName } from "./names.ts";
import type { ProviderWorkerProtocol } from "./provider-worker-protocol.ts";
import { isRunning, labelOf, type RunningInstance, whyNotRunning } from "./running-instance.ts";
import { serviceNamed } from "./service-named.ts";
import { type InstanceInfo, instanceInfos } from "./service-view.ts";
import { instancesNamed } from "./slot-named.ts";
import { until } from "./waiting.ts";

/** Longest that a node may take for one instance: less than who asks waits. */
const pauseTimeoutMs = 70_000;

export interface PausingOptions {
  readonly catalog: Catalog;
  readonly env: Env;
  readonly call: ActorSystem["call"];
}

/** An instance that is as it was wanted to be. */
export interface PausedInstance {
  readonly name: string;
  readonly slot: number;
  readonly node: NodeId;
  /** It was not so before, as far as was known. */
  readonly changed: boolean;
}

/**
 * All instances of each name, which is a service's, a group's or that of one slot; resolves once each is as wanted.
 * Nothing is done where one of them cannot be meant.
 * @throws NotFound; Conflict naming each that does not run, or whose provider cannot; Unreachable naming each whose
 * node is away; what a node or provider throws, naming the instances
 */
export async function setPaused(
  options: PausingOptions,
  wanted: readonly string[],
  isPaused: boolean,
): Promise<readonly PausedInstance[]> {
  const { catalog } = options;
  const meant = wanted.flatMap((name) => instancesMeant(catalog, name));
  const placed = checked(catalog, [...new Map(meant.map((one) => [labelOf(one), one])).values()]);
  const asked = await Promise.allSettled(placed.map((one) => askNode(options, one, isPaused)));
  const failures = asked.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (failures.length > 0) throw together(failures);
  await Promise.all(placed.map((one) => known(options, one, isPaused)));
  return placed.map(({ name, slot, node, pausedSince }) => {
    return { name, slot, node, changed: isPaused !== (pausedSince !== undefined) };
  });
}

/** @throws NotFound; BadRequest for a slot of a group; Conflict for a name of no instances */
function instancesMeant(catalog: Catalog, name: string): readonly InstanceInfo[] {
  const has = (one: string) => catalog.servicesUnder(one).length > 0;
  const instancesOf = (one: string) => instanceInfos(catalog, serviceNamed(catalog, one));
  const meant = has(name)
    ? catalog.servicesUnder(name).flatMap((service) => instanceInfos(catalog, service))
    : instancesNamed({ has, instancesOf }, name);
  if (meant.length === 0) throw new Conflict(`${name} does not run: it is to have no instances`);
  return meant;
}

function checked(catalog: Catalog, instances: readonly InstanceInfo[]): readonly RunningInstance[] {
  const away = instances.flatMap((one) => whyAway(catalog, one) ?? []);
  if (away.length > 0) throw new Unreachable(away.join("; "));
  const refused = instances.flatMap((one) => whyNot(catalog, one) ?? []);
  if (refused.length > 0) throw new Conflict(refused.join("; "));
  return instances.filter(isRunning);
}

function whyAway(catalog: Catalog, one: InstanceInfo): string | undefined {
  const member = one.node === null ? undefined : catalog.member(one.node);
  if (one.node === null || (member !== undefined && isLive(member))) return undefined;
  const { name = one.node, state = "not known" } = member ?? {};
  return `${labelOf(one)} cannot be asked: its node ${name} is ${state}`;
}

function whyNot(catalog: Catalog, one: InstanceInfo): string | undefined {
  if (!isRunning(one)) return `${labelOf(one)} does not run: ${whyNotRunning(one)}`;
  const { provider: type } = one;
  const member = catalog.member(one.node);
  const fact = member?.facts.providers.find((known) => known.type === type);
  // What one that is away can do is not known: it is asked.
  if (fact?.available !== true || fact.features?.includes("pause")) return undefined;
  const why = fact.lacks?.["pause"] ?? `${type} pauses nothing`;
  return `${labelOf(one)} cannot be paused by ${type} on ${member?.name}: ${why}`;
}

async function askNode(
  { call }: PausingOptions,
  one: RunningInstance,
  isPaused: boolean,
): Promise<void> {
  const worker = named<ProviderWorkerProtocol>(one.node, providerWorkerName(one.instance));
  try {
    await call(worker, "setPaused", { isPaused }, { timeoutMs: pauseTimeoutMs });
  } catch (error) {
    const told = errorShape(error);
    throw new RemoteError({ ...told, message: `${labelOf(one)}: ${told.message}` });
  }
}

/** Resolves once it is known here too, or after a while. */
function known(
  { catalog, env }: PausingOptions,
  one: RunningInstance,
  isPaused: boolean,
): Promise<void> {
  return until({ catalog, env }, one.name, () => {
    const status = catalog.status(one.instance);
    return status?.state !== "running" || isPaused === (status.pausedAt !== undefined);
  });
}

/** One error of several, with the code of the first. */
function together(failures: readonly unknown[]): RemoteError {
  const told = failures.map(errorShape);
  const { code = "internal", details = [] } = told[0] ?? {};
  return new RemoteError({ code, details, message: told.map(({ message }) => message).join("; ") });
}
