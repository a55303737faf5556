/**
 * A node in a process of its own, with real disk, TLS and clock and nothing that runs services, as
 * `bench/store.ts` has it: what it is asked over the channel of its parent goes to its store.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { names } from "../src/actors/names.ts";
import type { StoreProtocol } from "../src/actors/store-protocol.ts";
import { silentAudit } from "../src/core/audit.ts";
import { silentLog } from "../src/core/log.ts";
import { composeNode } from "../src/node/compose.ts";
import { nextIdentity } from "../src/node/identity.ts";
import { realEnv } from "../src/node/real-env.ts";
import { virtualTable } from "../src/simulator/virtual-providers.ts";
import { noVolumeMounts, virtualVolumes } from "../src/simulator/virtual-volumes.ts";
import { openDisk } from "../src/storage/disk.ts";
import type { Entry } from "../src/store/replication.ts";
import { createTcpTransport } from "../src/transport/tcp.ts";
import { HeldKeys } from "../src/trust/held-keys.ts";
import { keyFileStore, openKeyFile } from "../src/trust/key-file.ts";
import { openNodeKey } from "../src/trust/node-key.ts";

export interface StoreNodeOptions {
  /** Its own; made by the caller. */
  readonly folder: string;
  /** All nodes of a network have one file. */
  readonly networkKeyFile: string;
  readonly port: number;
  readonly join: readonly number[];
}

export type Ask =
  /** Durable on a majority when answered. */
  | { readonly kind: "write"; readonly entries: readonly Entry[] }
  | { readonly kind: "read"; readonly key: string }
  /** How many nodes live, as it sees it. */
  | { readonly kind: "live" }
  /** All services, as `mob ls` has them; how many there are, and how long it took, ms. */
  | { readonly kind: "list" }
  /** Of the heap, after a collection; bytes. */
  | { readonly kind: "heap" };

type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

export class StoreNode {
  readonly #child;
  readonly #waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void }
  >();
  #asked = 0;

  /** @param program built: this file's, or one that is asked in the same way */
  constructor(options: StoreNodeOptions, program: string) {
    this.#child = fork(program, [JSON.stringify(options)], {
      execArgv: process.execArgv.slice(0, process.execArgv.indexOf("--import")),
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
  }

  ask(asked: Ask): Promise<unknown> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, asked });
    });
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

async function serve({ folder, networkKeyFile, port, join: peers }: StoreNodeOptions) {
  const env = realEnv(silentLog);
  const storage = openDisk(join(folder, "store"), env);
  const key = await openNodeKey(join(folder, "node.pem"));
  const address = `127.0.0.1:${port}`;
  const keys = new HeldKeys(keyFileStore(networkKeyFile), openKeyFile(networkKeyFile), silentLog);
  const node = await composeNode(
    {
      env,
      transport: createTcpTransport({ key, log: silentLog }),
      storage,
      providers: await virtualTable([]),
      reach: async () => undefined,
      isPortFree: async () => true,
      volumeMounts: noVolumeMounts,
      volumeFolders: virtualVolumes(),
      lookAtFolder: async (dataFolder) => ({ dataFolder, use: "gone" }),
    },
    {
      identity: await nextIdentity(storage, key.id),
      name: `${port}@bench`,
      networkKeys: keys,
      audit: silentAudit,
      address,
      facts: { labels: {}, version: "0" },
      join: peers.map((peer) => `127.0.0.1:${peer}`),
      checkParams: () => "checked",
      onFatal: (error) => {
        throw error;
      },
    },
  );
  const { system, operations, records } = node;
  const answer = async (asked: Ask): Promise<unknown> => {
    switch (asked.kind) {
      case "write": {
        const { entries } = asked;
        const options = { timeoutMs: 15_000 };
        await system.call<StoreProtocol, "write">(names.store, "write", { entries }, options);
        return undefined;
      }
      case "read":
        return records.get(asked.key);
      case "live":
        return operations.nodes().filter(({ isLive }) => isLive).length;
      case "list": {
        const beganAt = performance.now();
        const count = operations.instances().length;
        return { count, ms: performance.now() - beganAt };
      }
      case "heap":
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
    }
  };
  process.on("message", ({ id, asked }: { readonly id: number; readonly asked: Ask }) => {
    answer(asked).then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
  process.send?.({ id: 0 });
}

if (process.argv[1] === import.meta.filename) {
  await serve(JSON.parse(process.argv[2] ?? "") as StoreNodeOptions);
}
