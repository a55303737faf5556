/**
 * The other one of two node processes: answers remote calls, and bare TLS beside them, and says what it
 * has cost so far. Forked by bench/remote-calls.ts; ends with whoever forked it.
 */
import type { NodeId } from "../../src/core/ids.ts";
import type { Behaviour } from "../../src/otp/gen-server.ts";
import { worker } from "../../src/otp/worker.ts";
import { createNodeKey } from "../../src/trust/node-key.ts";
import { listenBare } from "./bare-tls.ts";
import { type EchoProtocol, echoName } from "./echo.ts";
import { PeerStack } from "./peer-stack.ts";

/** What it says at first. */
export interface OtherNode {
  readonly id: NodeId;
  readonly address: string;
  readonly barePort: number;
}

/** What it answers whenever it is asked. */
export interface Usage {
  /** User and system time of the process so far. */
  readonly cpuMs: number;
  /** What the process holds of memory, once what is garbage is given back. */
  readonly rssBytes: number;
}

const echo = (): Behaviour<null, EchoProtocol> => ({
  init: () => null,
  handlers: {
    echo: (state, text) => [state, text],
    take: (state, bytes) => [state, bytes.length],
  },
  remote: { echo: String, take: (payload) => payload as Uint8Array },
});

const key = await createNodeKey();
const stack = new PeerStack(key);
await stack.system.start(worker({ name: echoName, behaviour: echo, mailboxMax: 10_000 }));
const other: OtherNode = {
  id: key.id,
  address: await stack.listen(),
  barePort: await listenBare(key),
};
process.send?.(other);
process.on("disconnect", () => process.exit());
process.on("message", () => {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() };
  process.send?.(usage);
});
