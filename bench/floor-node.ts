/**
 * The least that a durable write takes of three Node processes, for `bench/store.ts`: asked like a node of
 * Mob's, it passes the write to the process that its key hashes to, which sends it to the other two over
 * Mob's own transport, and answers once it and one of them have appended it to a file and flushed that.
 * What waits meanwhile is flushed together. There is no store, no clock, no view, no repair, no actor.
 */
import { constants, openSync, write } from "node:fs";
import { join } from "node:path";
import { Packr } from "msgpackr";
import { silentLog } from "../src/core/log.ts";
import { hashText } from "../src/ring/hash.ts";
import { createTcpTransport } from "../src/transport/tcp.ts";
import type { Connection } from "../src/transport/transport.ts";
import { openNodeKey } from "../src/trust/node-key.ts";
import type { Ask, StoreNodeOptions } from "./store-node.ts";

type Frame =
  /** To the process that writes. */
  | readonly ["ask", id: number, key: string, value: unknown]
  | readonly ["answer", id: number]
  /** To those that flush it too. */
  | readonly ["append", id: number, key: string, value: unknown]
  | readonly ["flushed", id: number];

/** Appends to a file opened so that each write to it is durable when it returns, one at a time. */
class Log {
  readonly #file: number;
  #waiting: Uint8Array[] = [];
  #then: (() => void)[] = [];
  #busy = false;

  constructor(path: string) {
    this.#file = openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_DSYNC, 0o600);
  }

  append(bytes: Uint8Array, then: () => void): void {
    this.#waiting.push(bytes);
    this.#then.push(then);
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const [all, then] = [Buffer.concat(this.#waiting), this.#then];
    [this.#waiting, this.#then] = [[], []];
    write(this.#file, all, (error) => {
      if (error !== null) throw error;
      this.#busy = this.#waiting.length > 0;
      if (this.#busy) this.#flush();
      for (const flushed of then) flushed();
    });
  }
}

async function serve({ folder, port, join: peers }: StoreNodeOptions): Promise<void> {
  const packr = new Packr({ useRecords: false });
  const key = await openNodeKey(join(folder, "node.pem"));
  const transport = createTcpTransport({ key, log: silentLog });
  const log = new Log(join(folder, "log"));
  const others = new Map<string, Connection>();
  /** By the ids that this process has given: what is told, or done, once it is answered. */
  const asked = new Map<number, () => void>();
  /** How many have flushed each write that this process has begun. */
  const begun = new Map<number, { flushed: number; readonly then: () => void }>();
  let ids = 0;

  const send = (to: Connection, frame: Frame) => to.send(Uint8Array.from(packr.pack(frame)));
  const count = (id: number) => {
    const write = begun.get(id);
    if (write === undefined || ++write.flushed < 2) return;
    begun.delete(id);
    write.then();
  };
  const begin = (name: string, value: unknown, then: () => void) => {
    const id = ++ids;
    begun.set(id, { flushed: 0, then });
    const bytes = Uint8Array.from(packr.pack(["append", id, name, value] satisfies Frame));
    for (const other of others.values()) other.send(bytes);
    log.append(bytes, () => count(id));
  };
  const writeKey = (name: string, value: unknown, then: () => void) => {
    const all = [key.id, ...others.keys()].sort();
    const writer = others.get(all[hashText(name).high % all.length] ?? "");
    if (writer === undefined) return begin(name, value, then);
    const id = ++ids;
    asked.set(id, then);
    send(writer, ["ask", id, name, value]);
  };
  const take = (from: Connection, frame: Frame, bytes: Uint8Array) => {
    const [kind, id] = frame;
    if (kind === "ask") begin(frame[2], frame[3], () => send(from, ["answer", id]));
    else if (kind === "append") log.append(bytes, () => send(from, ["flushed", id]));
    else if (kind === "flushed") count(id);
    else {
      asked.get(id)?.();
      asked.delete(id);
    }
  };
  const use = (connection: Connection) => {
    others.set(connection.peer, connection);
    connection.admit();
    connection.onFrame((bytes) => take(connection, packr.unpack(bytes), Uint8Array.from(bytes)));
    connection.onClose(() => others.delete(connection.peer));
  };

  await transport.listen(`127.0.0.1:${port}`, use);
  process.on("message", ({ id, asked: ask }: { readonly id: number; readonly asked: Ask }) => {
    const answer = (value?: unknown) => process.send?.({ id, value });
    if (ask.kind === "live") answer(others.size + 1);
    for (const { key: name, value } of ask.kind === "write" ? ask.entries : []) {
      writeKey(name, value, answer);
    }
  });
  for (const peer of peers.filter((other) => other > port)) {
    for (let isThere = false; !isThere; ) {
      isThere = await transport.dial(`127.0.0.1:${peer}`).then(
        (connection) => {
          use(connection);
          return true;
        },
        () => false,
      );
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  await serve(JSON.parse(process.argv[2] ?? "") as StoreNodeOptions);
}
