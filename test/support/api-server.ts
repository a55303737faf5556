/** Serves commands over HTTP on a free port, the way a node does: sockets are handed to the API. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Commands } from "../../src/api/commands.ts";
import type { Address } from "../../src/core/address.ts";
import type { Log } from "../../src/core/log.ts";
import { silentLog } from "../../src/core/log.ts";
import { type Api, type ApiOptions, createApi } from "../../src/interface/server.ts";

export interface ApiServer {
  readonly address: Address;
  readonly api: Api;
  close(): Promise<void>;
}

export async function serveApi(
  commands: Commands,
  options: ApiOptions = {},
  log: Log = silentLog,
): Promise<ApiServer> {
  const api = await createApi(commands, log, options);
  const listener = createServer((socket) => api.take(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const bound = listener.address();
  if (bound === null || typeof bound === "string") throw new TypeError("not a TCP port");
  return {
    address: { host: "127.0.0.1", port: bound.port },
    api,
    async close() {
      listener.close();
      await api.close();
    },
  };
}

/** Runs `body` against a server of these commands, and closes it whatever happens. */
export async function withApi(
  commands: Commands,
  body: (server: ApiServer) => Promise<void>,
  options: ApiOptions = {},
  log: Log = silentLog,
): Promise<void> {
  const server = await serveApi(commands, options, log);
  try {
    await body(server);
  } finally {
    await server.close();
  }
}
