/**
 * Serves commands over HTTP the way a node does: sockets are handed to the API, those of a Unix socket
 * and those of a free port, and a run file says where the node on that port is to be found.
 */
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Commands } from "../../src/api/commands.ts";
import { formatRunFile } from "../../src/api/run-file.ts";
import type { Endpoint } from "../../src/client/endpoint.ts";
import type { Address } from "../../src/core/address.ts";
import type { Log } from "../../src/core/log.ts";
import { silentLog } from "../../src/core/log.ts";
import type { GateOptions } from "../../src/interface/access.ts";
import { type Api, type ApiOptions, createApi } from "../../src/interface/server.ts";

export interface ApiServer {
  /** Where everyone comes in, with a token. */
  readonly address: Address;
  /** Where the node's user comes in. */
  readonly at: { readonly socketPath: string };
  readonly endpoint: Endpoint;
  /** With which commands find it by `-p` and the port of `address`. */
  readonly env: { readonly MOB_HOME: string };
  readonly api: Api;
  close(): Promise<void>;
}

export interface ServeOptions extends ApiOptions {
  /** Default: no token is known. */
  readonly gate?: GateOptions;
  readonly log?: Log;
}

export async function serveApi(
  commands: Commands,
  { gate, log = silentLog, ...options }: ServeOptions = {},
): Promise<ApiServer> {
  const home = await mkdtemp(join(tmpdir(), "mob-api-"));
  const socketPath = join(home, "api.sock");
  const api = await createApi(commands, log, gate, options);
  const listener = createServer((socket) => api.take(socket, { kind: "tcp", secure: false }));
  const local = createServer((socket) => api.take(socket, { kind: "local" }));
  listener.listen(0, "127.0.0.1");
  local.listen(socketPath);
  await Promise.all([once(listener, "listening"), once(local, "listening")]);
  const bound = listener.address();
  if (bound === null || typeof bound === "string") throw new TypeError("not a TCP port");
  const { port } = bound;
  await mkdir(join(home, "run"));
  await writeFile(
    join(home, "run", String(port)),
    formatRunFile({ socket: socketPath, pid: process.pid }),
  );
  return {
    address: { host: "127.0.0.1", port },
    at: { socketPath },
    endpoint: { kind: "local", port, socketPath },
    env: { MOB_HOME: home },
    api,
    async close() {
      listener.close();
      local.close();
      await api.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Runs `body` against a server of these commands, and closes it whatever happens. */
export async function withApi(
  commands: Commands,
  body: (server: ApiServer) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const server = await serveApi(commands, options);
  try {
    await body(server);
  } finally {
    await server.close();
  }
}
