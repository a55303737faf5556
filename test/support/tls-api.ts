/** Serves commands over HTTPS with a node's key, and notes what is said to it. */
import { once } from "node:events";
import type { TestContext } from "node:test";
import { createServer } from "node:tls";
import type { Commands } from "../../src/api/commands.ts";
import type { Address } from "../../src/core/address.ts";
import { silentAudit } from "../../src/core/audit.ts";
import { silentLog } from "../../src/core/log.ts";
import { createApi } from "../../src/interface/server.ts";
import type { TokenSource } from "../../src/interface/token-source.ts";
import type { NodeKey } from "../../src/trust/node-key.ts";

export interface TlsApi {
  readonly address: Address;
  /** How many connections were made secure. */
  connections(): number;
}

export async function serveTls(
  t: TestContext,
  key: NodeKey,
  tokens: TokenSource,
  commands: Commands,
): Promise<TlsApi> {
  const api = await createApi(commands, silentLog, { tokens, audit: silentAudit, hosts: [] });
  let connections = 0;
  const server = createServer(
    {
      key: key.privateKey,
      cert: key.certificate,
      minVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
    },
    (socket) => {
      connections += 1;
      api.take(socket, { kind: "tcp", secure: true });
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.close();
    await api.close();
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new TypeError("not a TCP port");
  return { address: { host: "127.0.0.1", port: bound.port }, connections: () => connections };
}
