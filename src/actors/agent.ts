/**
 * Runs on this node what is placed on it: a `service` supervisor for each instance, started when the
 * placement comes and ended once the instance is gone. It decides nothing about services; it obeys.
 * An instance whose actors keep failing is left until the next pass: it must not take the rest along.
 */
import type { Random } from "../core/env.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import type { ActorDefinition } from "../otp/definition.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderTable } from "../providers/provider-table.ts";
import { newStatus } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import { StartPace } from "../services/start-pace.ts";
import type { Catalog, CatalogChange } from "./catalog.ts";
import { sweepEngine } from "./engine-sweep.ts";
import { type FormerInstance, formerOn, hasPredecessor, isToRun } from "./former-instances.ts";
import { type Held, HeldInstances, type InstanceHere } from "./held-instances.ts";
import { InstanceActors } from "./instance-actors.ts";
import type { LedgerInfo } from "./ledger.ts";
import { names, providerWorkerName } from "./names.ts";
import { presumeRoom } from "./presumed-room.ts";
import { doubt } from "./provider-watch.ts";
import type { ProviderWorkerInfo, PublishStatus } from "./provider-worker-protocol.ts";
import type { Turns } from "./turns.ts";
import type { VolumeClaims } from "./volume-claims.ts";
import { wishHere, wishOf } from "./wish-view.ts";

export type AgentInfo =
  | { readonly type: "changed"; readonly change: CatalogChange }
  /** Nothing is left of the instance: its actors may go. */
  | { readonly type: "removed"; readonly instance: InstanceId }
  /** The turn may have come of one whose start is paced. */
  | { readonly type: "paced" }
  | { readonly type: "pass" };

export interface AgentOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly providers: Pick<ProviderTable, "made" | "met">;
  /** The `service` supervisor of an instance. */
  readonly service: (here: InstanceHere) => ActorDefinition;
  readonly publish: PublishStatus;
  readonly volumes: VolumeClaims;
  /** What is done with the tasks of each instance. */
  readonly work: Turns<InstanceId>;
}

/** Time between two looks at everything, which repair whatever was missed. */
const passMs = 10_000;

interface State {
  readonly self: Self<Protocol, AgentInfo>;
  readonly options: AgentOptions;
  readonly held: HeldInstances;
  readonly actors: InstanceActors;
  /** Those whose engines were looked through for what is no longer placed here, or are being. */
  readonly swept: Set<Provider>;
  readonly pace: StartPace;
  readonly random: Random;
  /** One `paced` is on its way. */
  isPaced: boolean;
  /** The first look at everything is done. */
  hasLooked: boolean;
}

export function agent(options: AgentOptions): Behaviour<State, Protocol, AgentInfo> {
  return {
    init(self) {
      const swept = new Set<Provider>();
      self.tell({ type: "pass" });
      const pace = { pace: new StartPace(), random: self.env.random("agent"), isPaced: false };
      const actors = new InstanceActors(self, options.service);
      const held = new HeldInstances();
      return { self, options, held, actors, swept, ...pace, hasLooked: false };
    },
    handlers: {},
    async info(state, message) {
      if (message.type === "changed") await look(state, namesIn(message.change));
      else if (message.type === "removed") await end(state, message.instance);
      else if (message.type === "DOWN") await state.actors.ended(state.held, message);
      else if (message.type === "paced") {
        state.isPaced = false;
        await beginPaced(state);
      } else if (message.type === "pass") await pass(state);
      return state;
    },
    describe: ({ held }) => ({ instances: [...held.instances()] }),
  };
}

async function pass(state: State): Promise<void> {
  state.self.sendAfter(passMs, { type: "pass" });
  for (const provider of state.options.providers.met.values()) {
    if (!state.swept.has(provider)) void sweep(state, provider);
  }
  dropStatuses(state);
  if (!state.hasLooked) presumeRoom(state.options.catalog, state.options.node, state.self.system);
  state.hasLooked = true;
  for (const [, held] of state.held.entries()) {
    if (held.monitor === undefined) await state.actors.start(held);
  }
  await takeUp(state, state.options.catalog.placements());
  for (const instance of state.held.instances()) tellWorker(state, instance, { type: "repair" });
}

/** Removes the tasks in an engine whose instances are no longer placed here. Never rejects. */
async function sweep({ self, options, held, swept }: State, provider: Provider): Promise<void> {
  const { catalog, volumes, work } = options;
  swept.add(provider);
  const isWanted = (instance: InstanceId) => held.has(instance) || isToRun(catalog, instance);
  const failed = (error: unknown) => doubt(self.system, provider.type, error);
  const isDone = await sweepEngine({ provider, isWanted, volumes, work, log: self.log, failed });
  if (!isDone) swept.delete(provider);
  await volumes.sweep();
}

/** What this node once told of instances that are gone, where it crashed before it took that back. */
function dropStatuses({ options, held }: State): void {
  const { catalog, node, publish } = options;
  for (const status of catalog.statuses()) {
    const { instance } = status;
    if (status.node !== node || held.has(instance)) continue;
    if (!isToRun(catalog, instance)) publish(status, undefined);
  }
}

/** @param changed the groups to look at; undefined: all */
async function look(state: State, changed: ReadonlySet<string> | undefined): Promise<void> {
  const { catalog } = state.options;
  const due =
    changed === undefined
      ? catalog.placements()
      : [...changed].flatMap((name) => catalog.placementsIn(name));
  await takeUp(state, due);
  nudge(state, changed);
}

/** Begins what is placed here and is not held yet, the most important first. */
async function takeUp(state: State, placements: readonly PlacementRecord[]): Promise<void> {
  const { options, held, pace } = state;
  const { node, catalog } = options;
  const priorityOf = ({ service }: PlacementRecord) =>
    catalog.service(service)?.member.spec.priority ?? 0;
  const isNew = (placement: PlacementRecord) =>
    placement.node === node && !held.has(placement.instance);
  const due = placements.filter((one) => isNew(one) || formerOn(catalog, one, node).length > 0);
  for (const placement of due.toSorted((a, b) => priorityOf(b) - priorityOf(a))) {
    const { instance, cause } = placement;
    if (isNew(placement)) {
      const isUntold = catalog.status(instance) === undefined;
      if (cause === "lost" && isUntold) pace.add(instance, priorityOf(placement));
      else if (!hasPredecessor(catalog, held, placement)) await begin(state, placement);
    }
    for (const former of formerOn(catalog, placement, node)) {
      if (!held.has(former.instance)) await resume(state, placement, former);
    }
  }
  await beginPaced(state);
}

/** Begins those that are taken over from lost nodes whose turn it is. */
async function beginPaced(state: State): Promise<void> {
  const { self, options, held, pace, random } = state;
  const isStarting = (instance: InstanceId) => {
    const phase = options.catalog.status(instance)?.state ?? "starting";
    return phase === "starting" && held.get(instance)?.monitor !== undefined;
  };
  for (;;) {
    const next = pace.next(isStarting, self.env.clock.mono(), random);
    if (next === undefined) return;
    if (next.kind === "wait") {
      if (!state.isPaced) self.sendAfter(next.ms, { type: "paced" });
      state.isPaced = true;
      return;
    }
    const placement = options.catalog.placementOf(next.instance);
    if (placement === undefined || held.has(next.instance)) continue;
    if (!hasPredecessor(options.catalog, held, placement)) await begin(state, placement);
  }
}

/** Back on a node that has been away: one that runs here beside the one that is placed is taken up as it is. */
async function resume(state: State, by: PlacementRecord, former: FormerInstance): Promise<void> {
  const { catalog, providers, node } = state.options;
  const { service: name, slot, instance } = former;
  const service = catalog.service(name);
  const status = catalog.status(instance);
  if (service === undefined || status === undefined) return;
  const provider = providers.made.get(by.provider ?? service.member.spec.provider);
  if (provider === undefined) return;
  const { inGroup: _inGroup, ...wish } = wishOf(catalog, service, slot);
  const { specStamp, restartStamp } = status;
  const desired = { ...wish, specStamp, restartStamp };
  await hold(state, { placement: { ...by, instance, node }, desired, provider });
}

async function begin(state: State, placement: PlacementRecord): Promise<void> {
  const { catalog, providers, publish } = state.options;
  const { instance } = placement;
  const desired = wishHere(catalog, instance);
  if (desired === undefined) return;
  const type = desired.spec.provider;
  const provider = providers.made.get(type);
  if (provider === undefined) {
    const reason = `this node no longer offers ${type}`;
    if (catalog.status(instance)?.reason === reason) return;
    publish(placement, { ...newStatus(state.self.env.clock.wall()), reason });
    return;
  }
  await hold(state, { placement, desired, provider });
}

async function hold(state: State, here: Omit<InstanceHere, "wereThere">): Promise<void> {
  const groups = groupsOf(state, here.placement);
  const held: Held = { ...here, wereThere: new Set(), monitor: undefined, groups };
  state.held.add(held);
  await state.actors.start(held);
}

/** The groups in which a change may concern an instance. */
function groupsOf({ options }: State, { service }: PlacementRecord): readonly string[] {
  const requires = options.catalog.service(service)?.member.spec.requires ?? [];
  return [service, ...requires].map(groupOf);
}

/** Has the instances that something changed for look at the catalog. */
function nudge(state: State, changed: ReadonlySet<string> | undefined): void {
  const { held } = state;
  const due =
    changed === undefined ? [...held.entries()].map(([, one]) => one) : held.heeding(changed);
  for (const one of due) {
    held.heed(one, groupsOf(state, one.placement));
    tellWorker(state, one.placement.instance, { type: "look" });
  }
}

function tellWorker({ self }: State, instance: InstanceId, message: ProviderWorkerInfo): void {
  self.system.tell(providerWorkerName(instance), message);
}

async function end(state: State, instance: InstanceId): Promise<void> {
  const held = state.held.get(instance);
  if (held === undefined) return;
  state.held.delete(instance);
  await state.actors.end(instance);
  const given: LedgerInfo = { type: "release", instance };
  state.self.system.tell(names.ledger, given);
  // It may have been placed here again meanwhile.
  await look(state, new Set([groupOf(held.placement.service)]));
}

function namesIn(change: CatalogChange): ReadonlySet<string> | undefined {
  return change.kind === "records" ? change.names : undefined;
}
