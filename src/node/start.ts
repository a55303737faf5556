/**
 * Starts a real node: its data folder, identity and providers, then the composition root, with the
 * API in front of it.
 */
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { completeDeparture } from "../actors/departure.ts";
import { names } from "../actors/names.ts";
import { version } from "../api/version.ts";
import { parseAddress } from "../core/address.ts";
import { MobError, Unavailable } from "../core/errors.ts";
import type { LogLevel } from "../core/log.ts";
import type { Resources } from "../core/resources.ts";
import { runningOn } from "../interface/node-commands.ts";
import type { MembershipOptions } from "../membership/options.ts";
import type { Facts } from "../membership/view.ts";
import { StartFailed } from "../otp/errors.ts";
import { showReason } from "../otp/exit-reason.ts";
import { Mounts } from "../providers/glusterfs/mounts.ts";
import { type Offers, offersOf } from "../providers/live-providers.ts";
import { createProviders, type Providers } from "../providers/registry.ts";
import { openDisk } from "../storage/disk.ts";
import type { Storage } from "../storage/storage.ts";
import { createTcpTransport } from "../transport/tcp.ts";
import { pinOfNode } from "../trust/api-token.ts";
import { HeldKeys } from "../trust/held-keys.ts";
import { JoinDesk } from "../trust/join-desk.ts";
import { keyFileStore } from "../trust/key-file.ts";
import { type NodeKey, openNodeKey, pinOf } from "../trust/node-key.ts";
import { apiFront } from "./api-front.ts";
import { type AuditFile, openAuditFile } from "./audit-file.ts";
import { capacityOf } from "./capacity.ts";
import { composeNode, type World } from "./compose.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { folderUse } from "./folder-use.ts";
import { isPortFree } from "./free-port.ts";
import { type NodeIdentity, nextIdentity } from "./identity.ts";
import { type LocalDoor, localDoor } from "./local-door.ts";
import { type Entered, enterNetwork, joinDoor } from "./network-entry.ts";
import { type NodeLog, openNodeLog } from "./node-log.ts";
import { ownAddresses } from "./own-addresses.ts";
import { reachHost } from "./reach-host.ts";
import { realEnv } from "./real-env.ts";
import { volumeFolders } from "./volume-folders.ts";

export interface NodeOptions {
  /** For peers and HTTP alike. */
  readonly port: number;
  /** Host to listen on; default: 127.0.0.1. */
  readonly bind?: string;
  /** Host that others reach it at; default: `bind`, or the only address there is. */
  readonly advertise?: string;
  /** Default: `PORT@HOSTNAME`. */
  readonly name?: string;
  readonly dataFolder: string;
  /** Where the user's commands look for the nodes of this host: `~/.mob/run`. */
  readonly runFolder: string;
  /** Holds the network's id and key; made, for a network of its own, where there is none. */
  readonly networkKeyFile: string;
  /** Types, absolute paths of files, names of packages; default: all of Mob's own that are available. */
  readonly providers?: readonly string[];
  /** A file with logins at registries of images, in the form of Docker's `config.json`; default: none. */
  readonly registryLogins?: string;
  /** Addresses of nodes to be in one network with. */
  readonly join: readonly string[];
  /** How nodes watch each other; all of a network should have the same. Default: the preset `lan`. */
  readonly membership?: MembershipOptions;
  /** A join token: whose network this node, which must have none yet, is to be of. */
  readonly token?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its share of the network's records, relative to other nodes'; default 1. */
  readonly weight?: number;
  /** What services may reserve; default: all of this machine, or of the node's cgroup. */
  readonly capacity?: Partial<Resources>;
  readonly logLevel: LogLevel;
  /** The process's environment: tasks inherit what they need of it. */
  readonly env: Readonly<Record<string, string>>;
  /** `stderr`, as text; or a file that is appended to, as JSON. */
  readonly logTo: string;
  /** The file that standard error goes to, where this node alone writes to it: to be kept within bounds. */
  readonly stderrFile?: string;
}

export interface RunningNode {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** Of its Unix socket: the API for its user. */
  readonly socketPath: string;
  /** As they were when it had started. */
  readonly providers: Offers;
  /** Settles when the node has stopped, whoever stopped it; rejects when it could not go on. */
  readonly stopped: Promise<void>;
  /** Stops the node; its services run on: their names are told. Idempotent. */
  stop(): Promise<{ readonly running: readonly string[] }>;
}

/** @throws Unavailable when the folder or the port cannot be had; UnusableKey */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const folder = await openDataFolder(options.dataFolder);
  const log = openNodeLog({
    level: options.logLevel,
    to: options.logTo === "stderr" ? "stderr" : { file: options.logTo },
    ...(options.stderrFile !== undefined && { stderrFile: options.stderrFile }),
  });
  const env = realEnv(log.log);
  const audit = openAuditFile(join(folder.path, "audit.log"), env);
  const opened: Opened = { folder, log, audit };
  try {
    opened.door = localDoor(folder.path, options.runFolder, options.port);
    opened.storage = openDisk(folder.store, env);
    const key = await openNodeKey(join(folder.path, "node.pem"));
    const identity = await nextIdentity(opened.storage, key.id);
    await completeDeparture(opened.storage, identity.id, log.log);
    const entered = await enterNetwork({
      ...options,
      dataFolder: folder.path,
      key,
      storage: opened.storage,
      log: log.log,
    });
    opened.providers = await createProviders({
      wanted: options.providers,
      folder: join(folder.path, "tasks"),
      node: identity.id,
      network: entered.keys.network,
      registryLogins: options.registryLogins,
      env: options.env,
      log: log.log,
    });
    return await run(
      options,
      { identity, key, entered },
      {
        ...opened,
        door: opened.door,
        storage: opened.storage,
        providers: opened.providers,
      },
    );
  } catch (error) {
    await close(opened);
    throw firstCause(error);
  }
}

/** Of an actor that did not start because its child did not: what the child said. */
function firstCause(error: unknown): unknown {
  return error instanceof StartFailed && error.cause instanceof MobError
    ? firstCause(error.cause)
    : error;
}

/** What a node holds of its machine, in the order in which it was taken. */
interface Opened {
  readonly folder: DataFolder;
  readonly log: NodeLog;
  readonly audit: AuditFile;
  door?: LocalDoor;
  storage?: Storage;
  providers?: Providers;
}

/** Who a node is, and of which network, once that is known. */
interface Begun {
  readonly identity: NodeIdentity;
  readonly key: NodeKey;
  readonly entered: Entered;
}

async function run(
  options: NodeOptions,
  { identity, key, entered }: Begun,
  opened: Required<Opened>,
): Promise<RunningNode> {
  const { storage, providers, door } = opened;
  const env = realEnv(opened.log.log);
  const name = options.name ?? `${options.port}@${hostname()}`;
  const { listen, advertised: address } = ownAddresses(options, networkInterfaces());
  const hosts = [listen, address].map((one) => parseAddress(one).host);
  const doors = { hosts, port: options.port };
  const transport = createTcpTransport({ key, log: env.log });
  const audit = opened.audit;
  const networkKeys = new HeldKeys(keyFileStore(options.networkKeyFile), entered.keys, env.log);
  const desk = new JoinDesk({ keys: networkKeys, pin: pinOf(key), address, env, audit });
  transport.serveJoins((request, from) => desk.redeem(request, from));
  const { asked, ask } = stopRequest();
  const node = await composeNode(
    { env, transport, ...machineOf(opened, options, entered.keys.network) },
    {
      identity,
      name,
      networkKeys,
      audit,
      address,
      listen,
      facts: factsOf(options),
      join: entered.join,
      ...(options.membership && { membership: options.membership }),
      checkParams: providers.checkParams,
      onFatal: ask,
      interface: (node) =>
        apiFront(node, {
          identity,
          name,
          address,
          env,
          keys: networkKeys,
          desk,
          pin: pinOfNode(key),
          door: joinDoor({ ...options, dataFolder: opened.folder.path, key, storage }),
          serveHttp: (take) => transport.serveHttp(take),
          socketPath: door.socketPath,
          gate: { ...doors, audit },
          stop: () => ask(),
        }),
    },
  );
  try {
    door.announce();
  } catch (error) {
    await node.system.shutdown();
    throw error;
  }
  node.system.monitor(names.mob, ({ reason }) => {
    ask(new Unavailable(`the node gave up: ${showReason(reason)}; its log tells more`));
  });
  const stopped = asked.then(async (error) => {
    await node.system.shutdown();
    await close(opened);
    if (error !== undefined) throw error;
  });
  return {
    name,
    address,
    socketPath: door.socketPath,
    providers: offersOf(providers),
    stopped,
    async stop() {
      const running = runningOn(node.operations, identity.id);
      ask();
      await stopped;
      return { running };
    },
  };
}

/** What of the machine a node is composed on. */
function machineOf(
  { storage, providers, folder }: Required<Opened>,
  { env }: Pick<NodeOptions, "env">,
  network: string,
): Omit<World, "env" | "transport"> {
  return {
    storage,
    providers,
    reach: reachHost,
    isPortFree,
    lookAtFolder: folderUse(folder.path),
    volumeFolders: volumeFolders(join(folder.path, "volumes")),
    volumeMounts: new Mounts({ folder: join(folder.path, "mounts"), network, env }),
  };
}

/** The first to ask says why: undefined where a user wanted it. */
function stopRequest() {
  let ask: (error?: MobError) => void = () => {};
  const asked = new Promise<MobError | undefined>((resolve) => {
    ask = resolve;
  });
  return { asked, ask };
}

function factsOf({ labels, weight = 1, capacity }: NodeOptions): Omit<Facts, "providers"> {
  const facts = { labels, version, capacity: capacityOf(capacity) };
  return weight === 1 ? facts : { ...facts, weight };
}

async function close(opened: Opened): Promise<void> {
  const { folder, log, audit, door, storage, providers } = opened;
  door?.remove();
  await providers?.close();
  await storage?.close();
  audit.close();
  log.close();
  folder.unlock();
}
