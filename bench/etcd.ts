/**
 * Three etcd processes on this machine and a client of theirs: gRPC over one HTTP/2 connection a member,
 * the two calls that are compared written out, so that no library stands between.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** What `etcd --version` says; undefined where it is not installed. */
export function etcdVersion(): string | undefined {
  try {
    return /etcd Version: (\S+)/.exec(
      execFileSync("etcd", ["--version"], { encoding: "utf8" }),
    )?.[1];
  } catch {
    return undefined;
  }
}

export class Etcd {
  readonly #members: ChildProcess[];
  readonly #sessions: ClientHttp2Session[];

  private constructor(members: ChildProcess[], sessions: ClientHttp2Session[]) {
    this.#members = members;
    this.#sessions = sessions;
  }

  /** With etcd's own defaults, data in `folder`; two ports a member. Resolves once it takes a write. */
  static async start(folder: string, ports: readonly number[]): Promise<Etcd> {
    const url = (port: number | undefined) => `http://127.0.0.1:${port}`;
    const members = [0, 1, 2].map((n) => ({ n, client: ports[2 * n], peer: ports[2 * n + 1] }));
    const cluster = members.map(({ n, peer }) => `m${n}=${url(peer)}`).join();
    const children = members.map(({ n, client, peer }) => {
      const args = {
        name: `m${n}`,
        "data-dir": join(folder, `m${n}`),
        "listen-client-urls": url(client),
        "advertise-client-urls": url(client),
        "listen-peer-urls": url(peer),
        "initial-advertise-peer-urls": url(peer),
        "initial-cluster": cluster,
        "initial-cluster-state": "new",
        "log-level": "error",
      };
      const flags = Object.entries(args).map(([key, value]) => `--${key}=${value}`);
      return spawn("etcd", flags, { stdio: "ignore" });
    });
    await setTimeout(1_000);
    const sessions = members.map(({ client }) => connect(url(client)));
    const etcd = new Etcd(children, sessions);
    for (let tries = 1; ; tries++) {
      try {
        await etcd.put(0, "ready", Buffer.alloc(1));
        return etcd;
      } catch (error) {
        if (tries === 20) throw error;
        await setTimeout(500);
      }
    }
  }

  /** Through that member. Resolves when it is durable on a majority. */
  async put(member: number, key: string, value: Uint8Array): Promise<void> {
    await this.#call(member, "/etcdserverpb.KV/Put", [field(1, Buffer.from(key)), field(2, value)]);
  }

  /** Through that member, as etcd reads by default: linearizable. */
  async get(member: number, key: string): Promise<void> {
    await this.#call(member, "/etcdserverpb.KV/Range", [field(1, Buffer.from(key))]);
  }

  stop(): void {
    for (const session of this.#sessions) session.destroy();
    for (const member of this.#members) member.kill("SIGKILL");
  }

  #call(member: number, path: string, fields: readonly Buffer[]): Promise<void> {
    const message = Buffer.concat(fields);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    return new Promise((resolve, reject) => {
      const session = this.#sessions[member % this.#sessions.length];
      if (session === undefined) throw new RangeError(`no member ${member}`);
      const headers = { "content-type": "application/grpc", te: "trailers" };
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      let status: unknown;
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"];
      });
      stream.on("response", (answer) => {
        status ??= answer["grpc-status"];
      });
      stream.on("error", reject);
      stream.on("close", () =>
        status === "0" ? resolve() : reject(new Error(`etcd answered ${status}`)),
      );
      stream.resume();
      stream.end(Buffer.concat([frame, message]));
    });
  }
}

/** A field of bytes, as protobuf has it. */
function field(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}
