/**
 * Runs on this node what is placed on it: a `service` supervisor for each instance, started when the
 * placement comes and ended once the instance is gone. It decides nothing about services; it obeys.
 */
import type { InstanceId, NodeId } from "../core/ids.ts";
import { startChild, terminateChild } from "../otp/children.ts";
import type { ActorDefinition } from "../otp/definition.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import { newStatus } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog, CatalogChange } from "./catalog.ts";
import { names, providerWorkerName } from "./names.ts";
import type { PublishStatus } from "./provider-worker.ts";

export type AgentInfo =
  | { readonly type: "changed"; readonly change: CatalogChange }
  /** Nothing is left of the instance: its actors may go. */
  | { readonly type: "removed"; readonly instance: InstanceId }
  | { readonly type: "pass" };

export interface AgentOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly providers: ReadonlyMap<string, Provider>;
  /** The `service` supervisor of an instance. */
  readonly service: (instance: InstanceId, provider: Provider) => ActorDefinition;
  readonly publish: PublishStatus;
}

/** Time between two looks at everything, which repair whatever was missed. */
const passMs = 10_000;

interface State {
  readonly self: Self<Protocol, AgentInfo>;
  readonly options: AgentOptions;
  /** Instances whose actors run here. */
  readonly running: Map<InstanceId, PlacementRecord>;
}

export function agent(options: AgentOptions): Behaviour<State, Protocol, AgentInfo> {
  return {
    async init(self) {
      const state: State = { self, options, running: new Map() };
      await removeStrays(state);
      self.tell({ type: "pass" });
      return state;
    },
    handlers: {},
    async info(state, message) {
      if (message.type === "changed") await look(state, namesIn(message.change));
      else if (message.type === "removed") await end(state, message.instance);
      else if (message.type === "pass") {
        await look(state, undefined);
        state.self.sendAfter(passMs, { type: "pass" });
      }
      return state;
    },
    describe: ({ running }) => ({ instances: [...running.keys()] }),
  };
}

/** Tasks in the engines whose instances are no longer placed here: removed while no one looked. */
async function removeStrays({ self, options }: State): Promise<void> {
  for (const provider of options.providers.values()) {
    const instances = new Set((await provider.list()).map(({ instance }) => instance));
    for (const instance of instances) {
      if (options.catalog.desired(instance) !== undefined) continue;
      self.log.info("removing what is left of an instance that is no longer placed here", {
        instance,
      });
      await provider.remove(instance);
    }
  }
}

/** @param changed the services to look at; undefined: all */
async function look(state: State, changed: ReadonlySet<string> | undefined): Promise<void> {
  const { catalog, node } = state.options;
  const due =
    changed === undefined
      ? catalog.placements()
      : [...changed].map((name) => catalog.placement(name, 0)).filter((it) => it !== undefined);
  for (const placement of due) {
    if (placement.node === node && !state.running.has(placement.instance)) {
      await begin(state, placement);
    }
  }
  nudge(state, changed);
}

async function begin(state: State, placement: PlacementRecord): Promise<void> {
  const { catalog, providers, publish, service } = state.options;
  const { instance } = placement;
  const spec = catalog.desired(instance)?.spec;
  if (spec === undefined) return;
  const provider = providers.get(spec.provider);
  if (provider === undefined) {
    const reason = `this node no longer offers ${spec.provider}`;
    if (catalog.status(instance)?.reason === reason) return;
    publish(placement, { ...newStatus(state.self.env.clock.wall()), reason });
    return;
  }
  state.running.set(instance, placement);
  try {
    const start = service(instance, provider);
    await startChild(state.self.system, names.services, { id: instance, start });
  } catch (error) {
    state.running.delete(instance);
    state.self.log.error("an instance could not be taken up; the next pass tries again", {
      instance,
      error,
    });
  }
}

/** Has the instances that something changed for look at the catalog. */
function nudge(state: State, changed: ReadonlySet<string> | undefined): void {
  const { catalog } = state.options;
  for (const [instance, { service }] of state.running) {
    const requires = catalog.group(service)?.record.spec.requires ?? [];
    const isDue =
      changed === undefined || changed.has(service) || requires.some((name) => changed.has(name));
    if (isDue) state.self.system.tell(providerWorkerName(instance), { type: "look" });
  }
}

async function end(state: State, instance: InstanceId): Promise<void> {
  const { system } = state.self;
  if (!state.running.delete(instance)) return;
  await terminateChild(system, names.services, instance);
}

function namesIn(change: CatalogChange): ReadonlySet<string> | undefined {
  return change.kind === "records" ? change.names : undefined;
}
