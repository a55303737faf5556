/**
 * The one composition root: from a world (real or simulated) and a configuration to a running tree of
 * actors. Nothing in here knows which of the two it is.
 */
import { Catalog, type CatalogChange } from "../actors/catalog.ts";
import { connection } from "../actors/connection.ts";
import type { ConnectionOptions } from "../actors/connection-state.ts";
import { placedAs } from "../actors/copy-view.ts";
import { askDecider } from "../actors/decider.ts";
import type { CheckParams } from "../actors/deploy-checks.ts";
import { Durability } from "../actors/durability.ts";
import type { LookAtFolder } from "../actors/janitor.ts";
import { Links } from "../actors/links.ts";
import { names } from "../actors/names.ts";
import { Operations } from "../actors/operations.ts";
import { type IsPortFree, PortClaims } from "../actors/port-claims.ts";
import { providerFact } from "../actors/provider-looks.ts";
import type { PublishStatus } from "../actors/provider-worker-protocol.ts";
import type { Reach } from "../actors/reach.ts";
import { Records } from "../actors/records.ts";
import { Refusals } from "../actors/refusals.ts";
import { ShardMap } from "../actors/shard-map.ts";
import type { StoreProtocol } from "../actors/store-protocol.ts";
import { Turns } from "../actors/turns.ts";
import { VolumeClaims, type VolumeFolders, type VolumeMounts } from "../actors/volume-claims.ts";
import type { Audit } from "../core/audit.ts";
import type { Env } from "../core/env.ts";
import type { MobError } from "../core/errors.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import { noResources } from "../core/resources.ts";
import type { MembershipOptions } from "../membership/options.ts";
import type { Facts } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { startChild } from "../otp/children.ts";
import type { ChildSpec } from "../otp/definition.ts";
import { createSystem } from "../otp/system.ts";
import type { Turns as ActorTurns } from "../otp/turns.ts";
import { worker } from "../otp/worker.ts";
import type { ProviderTable } from "../providers/provider-table.ts";
import { keys } from "../services/keys.ts";
import type { StatusRecord } from "../services/records.ts";
import type { Storage } from "../storage/storage.ts";
import type { Entry } from "../store/replication.ts";
import { type MobOptions, mobSupervisor } from "../supervisors/mob.ts";
import { serviceSupervisor } from "../supervisors/service.ts";
import type { Transport } from "../transport/transport.ts";
import type { HeldKeys } from "../trust/held-keys.ts";
import { identityOf } from "../wire/handshake.ts";
import { type NodeIdentity, raiseBoot } from "./identity.ts";

/** Everything a node touches outside itself. */
export interface World {
  readonly env: Env;
  readonly transport: Transport;
  readonly storage: Storage;
  readonly providers: ProviderTable;
  readonly reach: Reach;
  readonly isPortFree: IsPortFree;
  readonly volumeFolders: VolumeFolders;
  readonly volumeMounts: VolumeMounts;
  readonly lookAtFolder: LookAtFolder;
  /** Of its actors, for whoever ends a node without stopping it; default: of its own. */
  readonly turns?: ActorTurns;
}

export interface NodeConfig {
  readonly identity: NodeIdentity;
  /** `6666@host`: unique among the live nodes of the network. */
  readonly name: string;
  /** Of its network: what it proves to peers, and peers to it. */
  readonly networkKeys: HeldKeys;
  readonly audit: Audit;
  /** Where others reach it: `host:port`. */
  readonly address: string;
  /** Where it listens: `host:port`; default: `address`. */
  readonly listen?: string;
  /** What it tells of itself, beside what its providers are. */
  readonly facts: Omit<Facts, "providers">;
  /** Addresses of nodes to be in one network with. */
  readonly join: readonly string[];
  /** What differs from the preset `lan`. */
  readonly membership?: Partial<MembershipOptions>;
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
  const { env, turns } = world;
  const { id, boot } = config.identity;
  const catalog = new Catalog(id, env.log);
  const links = new Links((peer) => catalog.member(peer)?.name);
  const system = createSystem({ node: id, boot, env, remote: links, turns });
  const checkParams = config.checkParams;
  const shards = new ShardMap(id, config.join.length > 0);
  const records = new Records(shards, env.clock);
  const operations = new Operations({ node: id, system, catalog, records, env, checkParams });
  const node: ComposedNode = { system, operations, catalog, shards, records };
  catalog.watch((change) => spread(system, change));
  config.networkKeys.onReplaced(() => links.closeAll("its key is good no more"));
  await system.start(mobSupervisor(treeOptions(world, config, node, links)), { id: "mob" });
  return node;
}

function treeOptions(
  world: World,
  config: NodeConfig,
  node: ComposedNode,
  links: Links,
): MobOptions {
  const { env, storage, transport, providers, reach } = world;
  const { identity, name, address, networkKeys, audit } = config;
  const wallMs = env.clock.wall();
  const facts: Facts = {
    ...config.facts,
    providers: providers.looks().map((look) => providerFact(look, wallMs)),
  };
  const { id, boot } = identity;
  const { catalog } = node;
  const { network } = networkKeys;
  const { shards, records } = node;
  const durability = new Durability(storage, world.env.log);
  const introduction = identityOf({ network, node: id, boot, name, address });
  const refusals = new Refusals(world.env);
  const shared = { identity: introduction, keyRing: networkKeys, links, catalog, refusals };
  const connect = connector(world.env, node, shared);
  const publish = statusPublisher(node, id);
  const work = new Turns<InstanceId>();
  const ports = new PortClaims(world.isPortFree, env.random("ports"));
  const volumes = new VolumeClaims({
    log: env.log,
    node: id,
    catalog,
    folders: world.volumeFolders,
    mounts: world.volumeMounts,
    providers: providers.met,
    settle: (name) => askDecider({ ...node, env }, name, "settleVolume", { name, node: id }),
  });
  return {
    peer: {
      store: { node: id, storage, durability, links, catalog, shards, records },
      keyKeeper: { node: id, keys: networkKeys, links, catalog, audit },
      ringMember: {
        describe: { id, name, address, boot, facts },
        links,
        catalog,
        storage,
        join: config.join,
        dial: (to) => connect({ address: to, dial: (at) => transport.dial(at) }),
        said: {},
        raiseBoot: (to) => raiseBoot(storage, id, to),
        // The store compares all it has with the others in any case; it takes no vote for it yet.
        onOutdated: (why) => node.system.tell(names.store, { type: "outdated", why }),
        onNameTaken: config.onFatal,
        ...(config.membership && { membership: config.membership }),
      },
      listener: {
        transport,
        address: config.listen ?? address,
        accept: (accepted) => connect({ accepted }),
      },
    },
    supervisor: {
      controller: { node: id, catalog, shards },
      ledger: { capacity: facts.capacity ?? noResources },
      volumeKeeper: { node: id, catalog, volumes },
      agent: {
        node: id,
        catalog,
        providers,
        publish,
        volumes,
        work,
        service: (here) =>
          serviceSupervisor({ ...here, catalog, publish, work, ports, volumes, reach }),
      },
    },
    providerWatch: { node: id, catalog, providers },
    executor: { providers: providers.made },
    meter: { providers: providers.made },
    janitor: { catalog, providers: providers.met, lookAtFolder: world.lookAtFolder },
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
function connector(
  env: Env,
  { system }: ComposedNode,
  shared: Omit<ConnectionOptions, "from" | "connect">,
) {
  let connections = 0;
  const connect = (from: ConnectionOptions["from"]): void => {
    connections++;
    const start = worker({ behaviour: () => connection({ ...shared, from, connect }) });
    const spec = { id: `${connections}`, restart: "temporary", start } as const;
    startChild(system, names.connections, spec).catch((error: unknown) => {
      if ("accepted" in from) from.accepted.close();
      else from.bulkOf?.close("its bulk connection could not be started");
      env.log.warn("a connection could not be taken", { error });
    });
  };
  return connect;
}

/** Writes statuses into the store; the caller does not wait, and a lost one is made up by the next. */
function statusPublisher({ system, catalog }: ComposedNode, node: NodeId): PublishStatus {
  // What was told may be on its way to the node that writes it, and not be here yet.
  const told = new Set<InstanceId>();
  return (placement, status) => {
    const { service, instance, uid } = placement;
    const key = keys.status(service, instance);
    const placed = "epoch" in placement ? placedAs(catalog, placement) : undefined;
    const record: StatusRecord | undefined = status && {
      ...{ service, instance, uid, node, status },
      ...(placed && { placed }),
    };
    if (record !== undefined) told.add(instance);
    else if (!told.delete(instance) && catalog.status(instance) === undefined) return;
    const entry: Entry = record === undefined ? { key } : { key, value: record };
    system.cast<StoreProtocol, "write">(names.store, "write", { entries: [entry] });
  };
}
