/**
 * The one composition root: from a world (real or simulated) and a configuration to a running tree of
 * actors. Nothing in here knows which of the two it is.
 */
import { Catalog, type CatalogChange } from "../actors/catalog.ts";
import { type ConnectionOptions, connection } from "../actors/connection.ts";
import type { CheckParams } from "../actors/deploy-checks.ts";
import { Durability } from "../actors/durability.ts";
import { Links } from "../actors/links.ts";
import { names } from "../actors/names.ts";
import { Operations } from "../actors/operations.ts";
import type { PublishStatus } from "../actors/provider-worker.ts";
import { Records } from "../actors/records.ts";
import { ShardMap } from "../actors/shard-map.ts";
import type { StoreProtocol } from "../actors/store.ts";
import { TaskWork } from "../actors/task-work.ts";
import type { Env } from "../core/env.ts";
import type { MobError } from "../core/errors.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import type { Facts } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { startChild } from "../otp/children.ts";
import type { ChildSpec } from "../otp/definition.ts";
import { createSystem } from "../otp/system.ts";
import { worker } from "../otp/worker.ts";
import type { Provider } from "../providers/provider.ts";
import { keys } from "../services/keys.ts";
import type { StatusRecord } from "../services/records.ts";
import type { Storage } from "../storage/storage.ts";
import type { Entry } from "../store/replication.ts";
import { type MobOptions, mobSupervisor } from "../supervisors/mob.ts";
import { serviceSupervisor } from "../supervisors/service.ts";
import type { Transport } from "../transport/transport.ts";
import { identityOf } from "../wire/handshake.ts";
import type { NodeIdentity } from "./identity.ts";

/** Everything a node touches outside itself. */
export interface World {
  readonly env: Env;
  readonly transport: Transport;
  readonly storage: Storage;
  readonly providers: ReadonlyMap<string, Provider>;
}

export interface NodeConfig {
  readonly identity: NodeIdentity;
  /** `6666@host`: unique among the live nodes of the network. */
  readonly name: string;
  readonly network: string;
  /** Where it listens, and where others reach it: `host:port`. */
  readonly address: string;
  readonly facts: Facts;
  /** Addresses of nodes to be in one network with. */
  readonly join: readonly string[];
  readonly checkParams: CheckParams;
  /** The node cannot go on as it is: another has its name. */
  readonly onFatal: (error: MobError) => void;
  /** The children of the `interface` supervisor; they are given what they show and command. */
  readonly interface?: (node: ComposedNode) => readonly ChildSpec[];
}

export interface ComposedNode {
  readonly system: ActorSystem;
  readonly operations: Operations;
  readonly catalog: Catalog;
  readonly shards: ShardMap;
  readonly records: Records;
}

/**
 * Starts a node; resolves when its port is open and its services are taken up.
 * @throws Unavailable when the port cannot be had
 */
export async function composeNode(world: World, config: NodeConfig): Promise<ComposedNode> {
  const { env } = world;
  const { id, boot } = config.identity;
  const links = new Links();
  const system = createSystem({ node: id, boot, env, remote: links });
  const catalog = new Catalog(id, env.log);
  const checkParams = config.checkParams;
  const operations = new Operations({ node: id, system, catalog, env, checkParams });
  const shards = new ShardMap(id);
  const records = new Records(shards, env.clock);
  const node: ComposedNode = { system, operations, catalog, shards, records };
  catalog.watch((change) => spread(system, change));
  await system.start(mobSupervisor(treeOptions(world, config, node, links)), { id: "mob" });
  return node;
}

function treeOptions(
  world: World,
  config: NodeConfig,
  node: ComposedNode,
  links: Links,
): MobOptions {
  const { storage, transport, providers } = world;
  const { identity, name, address, facts, network } = config;
  const { id, boot } = identity;
  const { catalog } = node;
  const { shards, records } = node;
  const durability = new Durability(storage, world.env.log);
  const introduction = identityOf({ network, node: id, boot, name, address });
  const connect = connector(world.env, node, { identity: introduction, links, catalog });
  const publish = statusPublisher(node, id);
  const work = new TaskWork();
  return {
    peer: {
      store: { node: id, storage, durability, links, catalog, shards, records },
      ringMember: {
        describe: { id, name, address, boot, facts },
        links,
        catalog,
        storage,
        join: config.join,
        dial: (to) => connect({ address: to, dial: (at) => transport.dial(at) }),
        onNameTaken: config.onFatal,
      },
      listener: { transport, address, accept: (accepted) => connect({ accepted }) },
    },
    supervisor: {
      controller: { node: id, catalog, shards },
      agent: {
        node: id,
        catalog,
        providers,
        publish,
        work,
        service: (here) => serviceSupervisor({ ...here, catalog, publish, work }),
      },
    },
    interface: config.interface?.(node) ?? [],
  };
}

/** Tells those who act on what the catalog holds that something in it has changed. */
function spread(system: ActorSystem, change: CatalogChange): void {
  system.tell(names.controller, { type: "changed", change });
  system.tell(names.agent, { type: "changed", change });
  if (change.kind === "view") system.tell(names.store, { type: "view" });
}

/** Gives each connection an actor; one whose actor cannot be started is closed. */
function connector(env: Env, { system }: ComposedNode, shared: Omit<ConnectionOptions, "from">) {
  let connections = 0;
  return (from: ConnectionOptions["from"]): void => {
    connections++;
    const start = worker({ behaviour: () => connection({ ...shared, from }) });
    const spec = { id: `${connections}`, restart: "temporary", start } as const;
    startChild(system, names.connections, spec).catch((error: unknown) => {
      if ("accepted" in from) from.accepted.close();
      env.log.warn("a connection could not be taken", { error });
    });
  };
}

/** Writes statuses into the store; the caller does not wait, and a lost one is made up by the next. */
function statusPublisher({ system, catalog }: ComposedNode, node: NodeId): PublishStatus {
  // What was told may be on its way to the node that writes it, and not be here yet.
  const told = new Set<InstanceId>();
  return ({ service, instance, uid }, status) => {
    const key = keys.status(service, instance);
    const record: StatusRecord | undefined = status && { service, instance, uid, node, status };
    if (record !== undefined) told.add(instance);
    else if (!told.delete(instance) && catalog.status(instance) === undefined) return;
    const entry: Entry = record === undefined ? { key } : { key, value: record };
    system.cast<StoreProtocol, "write">(names.store, "write", { entries: [entry] });
  };
}
