/**
 * Starts a node and stays with it: at the shell on a terminal, in the foreground otherwise, or, when
 * detached, as the background process that `detach.ts` started. However it stops, the user is told
 * what becomes of the services.
 */
import { delimiter, join, resolve } from "node:path";
import { createAttachment } from "../../client/attachment.ts";
import { createClient } from "../../client/client.ts";
import type { Endpoint } from "../../client/endpoint.ts";
import { errorShape } from "../../core/errors.ts";
import type { LogLevel } from "../../core/log.ts";
import type { NodeOptions, RunningNode } from "../../node/start.ts";
import type { Shell } from "../../shell/shell.ts";
import { coloured, plain } from "../../shell/style.ts";
import { type CommonOptions, portOf } from "../context.ts";
import { nodeLogFile } from "../detach.ts";
import { mobHome, runFolder } from "../home.ts";
import type { Io } from "../io.ts";
import { farewell, greeting, shellHint } from "../node-messages.ts";

export interface UpOptions extends CommonOptions {
  /** Default: all that are found on the machine. */
  readonly providers?: readonly string[];
  /** A file; relative to where the command is given. */
  readonly registryLogins?: string;
  readonly data?: string;
  readonly bind?: string;
  readonly advertise?: string;
  readonly join: readonly string[];
  /** A join token of another machine. */
  readonly token?: string;
  readonly name?: string;
  readonly membership?: NonNullable<NodeOptions["membership"]>;
  readonly label: Readonly<Record<string, string>>;
  readonly weight?: number;
  readonly capacity?: NonNullable<NodeOptions["capacity"]>;
  /** This is the process that a detaching one started, and that waits to hear how the start went. */
  readonly detached?: boolean;
  readonly logLevel: LogLevel;
}

export type StartNode = (options: NodeOptions) => Promise<RunningNode>;

/** Resolves when the node has stopped. */
export async function up(io: Io, options: UpOptions, startNode: StartNode): Promise<void> {
  const port = portOf(io, options);
  const dataFolder = dataFolderOf(io, options);
  const atShell = io.interactive && options.detached !== true;
  const node = await startNode({
    port,
    dataFolder,
    runFolder: runFolder(io),
    networkKeyFile: join(mobHome(io), "network.key"),
    join: options.join,
    ...(options.token !== undefined && { token: options.token }),
    labels: options.label,
    logLevel: options.logLevel,
    env: inheritedByTasks(io.env),
    logTo: atShell ? nodeLogFile(dataFolder) : "stderr", // Log lines would break into the prompt.
    ...(options.detached === true && { stderrFile: nodeLogFile(dataFolder) }),
    ...(options.bind !== undefined && { bind: options.bind }),
    ...(options.advertise !== undefined && { advertise: options.advertise }),
    ...(options.weight !== undefined && { weight: options.weight }),
    ...(options.capacity !== undefined && { capacity: options.capacity }),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.membership !== undefined && { membership: options.membership }),
    ...(options.providers !== undefined && { providers: options.providers }),
    ...(options.registryLogins !== undefined && {
      registryLogins: resolve(options.registryLogins),
    }),
  }).catch((error: unknown) => {
    if (options.detached === true) io.tellParent({ error: errorShape(error) });
    throw error;
  });

  const endpoint = { kind: "local", port, socketPath: node.socketPath } as const;
  const client = createClient(endpoint);
  const stop = new StopRequest(io);
  try {
    const hello = greeting(node, await client.nodes(), options.join, io.color ? coloured : plain);
    io.stdout.write(hello);
    if (atShell) io.stdout.write(shellHint);
    if (options.detached === true) io.tellParent({ hello });
    const shell = atShell ? await openShell(io, node, endpoint, dataFolder) : undefined;
    await Promise.race([stop.asked, node.stopped, ...(shell === undefined ? [] : [shell.closed])]);
    shell?.close();
  } finally {
    stop.begin();
    client.close();
    const { running } = await node.stop();
    io.stdout.write(farewell(node.name, running, port));
    stop.end();
  }
}

/** `--data`, or a folder for each port in `~/.mob` or what MOB_HOME says. */
export function dataFolderOf(io: Io, options: Pick<UpOptions, "data" | "port">): string {
  return resolve(options.data ?? join(mobHome(io), String(portOf(io, options))));
}

/** The first signal asks the node to stop; one more, while it stops, ends the process. */
class StopRequest {
  readonly asked: Promise<void>;
  readonly end: () => void;
  #stopping = false;

  constructor(io: Io) {
    let ask = () => {};
    this.asked = new Promise((resolve) => {
      ask = resolve;
    });
    this.end = io.onSignal(() => {
      if (this.#stopping) io.exit(130); // 128 + SIGINT, as shells have it.
      ask();
    });
  }

  begin(): void {
    this.#stopping = true;
  }
}

async function openShell(
  io: Io,
  node: RunningNode,
  endpoint: Endpoint,
  dataFolder: string,
): Promise<Shell> {
  const { startShell } = await import("../../shell/shell.ts");
  const attachment = createAttachment(endpoint);
  const shell = startShell({
    client: createClient(endpoint, {}, attachment),
    attachment,
    name: node.name,
    input: io.stdin,
    output: io.stdout,
    terminal: true,
    color: io.color,
    historyFile: join(dataFolder, "shell-history"),
  });
  void shell.closed.then(() => attachment.close());
  return shell;
}

/** The node's own environment, but for what scripts/launch.sh or npm has set in it for the node alone. */
function inheritedByTasks(env: Io["env"]): Readonly<Record<string, string>> {
  const { MOB_SET_ARENAS: isSetByUs, MALLOC_ARENA_MAX: arenas, ...rest } = withoutNpm(env);
  const inherited = isSetByUs === undefined ? { ...rest, MALLOC_ARENA_MAX: arenas } : rest;
  return Object.fromEntries(
    Object.entries(inherited).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

const setByNpm = /^(?:npm_.*|INIT_CWD)$/;
const folderOfNpm = /\/node_modules\/(?:\.bin|.*\/node-gyp-bin)$/;

/** As it was before `npm start`. */
function withoutNpm(env: Io["env"]): Io["env"] {
  if (env["npm_lifecycle_event"] === undefined) return env;
  const folders = env["PATH"]?.split(delimiter).filter((folder) => !folderOfNpm.test(folder));
  const rest = Object.entries(env).filter(([name]) => !setByNpm.test(name));
  return { ...Object.fromEntries(rest), PATH: folders?.join(delimiter) };
}
