/**
 * Starts a real node: its data folder, identity and providers, then the composition root, with the
 * API in front of it.
 */
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { names } from "../actors/names.ts";
import { TrustOperations } from "../actors/trust-operations.ts";
import { version } from "../api/version.ts";
import { MobError, Unavailable } from "../core/errors.ts";
import type { LogLevel } from "../core/log.ts";
import { apiChild } from "../interface/api-actor.ts";
import { networkCommands, runningOn } from "../interface/commands.ts";
import type { Facts } from "../membership/view.ts";
import { StartFailed } from "../otp/errors.ts";
import { showReason } from "../otp/exit-reason.ts";
import { checkParams, createProviders, type Providers } from "../providers/registry.ts";
import { openLmdb } from "../storage/lmdb.ts";
import type { Storage } from "../storage/storage.ts";
import { createTcpTransport, type TakeHttp } from "../transport/tcp.ts";
import { HeldKeys } from "../trust/held-keys.ts";
import { JoinDesk } from "../trust/join-desk.ts";
import { keyFileStore } from "../trust/key-file.ts";
import { type NodeKey, openNodeKey, pinOf } from "../trust/node-key.ts";
import { composeNode } from "./compose.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { type NodeIdentity, nextIdentity } from "./identity.ts";
import { enterNetwork, joinDoor } from "./network-entry.ts";
import { logAudit, type NodeLog, openNodeLog } from "./node-log.ts";
import { ownAddresses } from "./own-addresses.ts";
import { realEnv } from "./real-env.ts";

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
  /** Holds the network's id and key; made, for a network of its own, where there is none. */
  readonly networkKeyFile: string;
  /** Types asked for; default: all that are available here. */
  readonly providers?: readonly string[];
  /** Addresses of nodes to be in one network with. */
  readonly join: readonly string[];
  /** A join token: whose network this node, which must have none yet, is to be of. */
  readonly token?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly logLevel: LogLevel;
  /** The process's environment: tasks inherit what they need of it. */
  readonly env: Readonly<Record<string, string>>;
  /** `stderr`, as text; or a file that is appended to, as JSON. */
  readonly logTo: string;
}

export interface RunningNode {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  readonly providers: {
    readonly offered: readonly string[];
    readonly refused: readonly { readonly type: string; readonly reason: string }[];
  };
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
  });
  const opened: Opened = { folder, log };
  try {
    opened.storage = openLmdb(join(folder.path, "store"));
    const key = await openNodeKey(join(folder.path, "node.pem"));
    const identity = await nextIdentity(opened.storage, key.id);
    opened.providers = await createProviders({
      wanted: options.providers,
      folder: join(folder.path, "tasks"),
      node: identity.id,
      env: options.env,
      log: log.log,
    });
    return await run(
      options,
      { identity, key },
      {
        ...opened,
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
  storage?: Storage;
  providers?: Providers;
}

async function run(
  options: NodeOptions,
  { identity, key }: { readonly identity: NodeIdentity; readonly key: NodeKey },
  opened: Required<Opened>,
): Promise<RunningNode> {
  const { storage, providers } = opened;
  const env = realEnv(opened.log.log);
  const name = options.name ?? `${options.port}@${hostname()}`;
  const { listen, advertised: address } = ownAddresses(options, networkInterfaces());
  const transport = createTcpTransport({ key, log: env.log });
  const audit = logAudit(env.log);
  const entered = await enterNetwork({
    ...options,
    dataFolder: opened.folder.path,
    key,
    storage,
    log: env.log,
  });
  const networkKeys = new HeldKeys(keyFileStore(options.networkKeyFile), entered.keys, env.log);
  const desk = new JoinDesk({ keys: networkKeys, pin: pinOf(key), address, env, audit });
  transport.serveJoins((request, from) => desk.redeem(request, from));
  const { asked, ask } = stopRequest();
  const node = await composeNode(
    { env, transport, storage, providers: providers.offered },
    {
      identity,
      name,
      networkKeys,
      audit,
      address,
      listen,
      facts: factsOf(providers, options.labels),
      join: entered.join,
      checkParams,
      onFatal: ask,
      interface: ({ operations, system, catalog }) => {
        const door = joinDoor({ ...options, dataFolder: opened.folder.path, key, storage });
        const trust = new TrustOperations({
          node: identity.id,
          address,
          system,
          catalog,
          operations,
          keys: networkKeys,
          desk,
          door,
        });
        const commands = networkCommands({ operations, system, trust, name, stop: () => ask() });
        return [apiChild(commands, (take) => transport.serveHttp(take && fromThisHost(take)))];
      },
    },
  );
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
    providers: { offered: [...providers.offered.keys()], refused: providers.refused },
    stopped,
    async stop() {
      const running = runningOn(node.operations, identity.id);
      ask();
      await stopped;
      return { running };
    },
  };
}

/** The API trusts whoever calls it: until it asks who that is, it is for this host. */
function fromThisHost(take: TakeHttp): TakeHttp {
  return (socket, how) => {
    const isLocal = /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? "");
    if (isLocal) take(socket, how);
    else socket.destroy();
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

function factsOf(
  { capabilities, refused }: Providers,
  labels: Readonly<Record<string, string>>,
): Facts {
  const offered = [...capabilities].map(([type, { version: engine, features }]) => ({
    type,
    available: true,
    version: engine,
    features,
  }));
  const others = refused.map(({ type, reason }) => ({ type, available: false, reason }));
  return { providers: [...offered, ...others], labels, version };
}

async function close({ folder, log, storage, providers }: Opened): Promise<void> {
  for (const provider of providers?.offered.values() ?? []) await provider.close();
  await storage?.close();
  log.close();
  folder.unlock();
}
