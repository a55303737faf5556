/** Both ends of what is measured: a stack and bare TLS here, and the same in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { SecureContext } from "node:tls";
import { type ActorName, named } from "../../src/otp/ref.ts";
import { createNodeKey, type NodeKey } from "../../src/trust/node-key.ts";
import { encode } from "../../src/wire/codec.ts";
import { headerBytes } from "../../src/wire/framing.ts";
import { type BareSizes, BareTls, bareContext } from "./bare-tls.ts";
import { type EchoProtocol, echoName } from "./echo.ts";
import type { OtherNode, Usage } from "./other-node.ts";
import { PeerStack } from "./peer-stack.ts";

/** A frame id as the actor layer counts them in a node's first life: they travel as 9 bytes. */
const frameId = 2 ** 32 + 1;
const patience = { timeoutMs: 60_000 } as const;

export class TwoProcesses {
  readonly key: NodeKey;
  readonly stack: PeerStack;
  readonly other: OtherNode;
  readonly #child: ChildProcess;
  readonly #target: ActorName<EchoProtocol>;
  readonly #bareContext: SecureContext;

  private constructor(key: NodeKey, child: ChildProcess, other: OtherNode) {
    this.key = key;
    this.stack = new PeerStack(key);
    this.#child = child;
    this.other = other;
    this.#target = named(other.id, echoName);
    this.#bareContext = bareContext(key);
  }

  static async start(): Promise<TwoProcesses> {
    const child = fork(join(import.meta.dirname, "other-node.ts"), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [other]: [OtherNode] = (await once(child, "message")) as [OtherNode];
    return new TwoProcesses(await createNodeKey(), child, other);
  }

  /** What the other process has cost so far. */
  async usage(): Promise<Usage> {
    this.#child.send("usage");
    const [usage]: [Usage] = (await once(this.#child, "message")) as [Usage];
    return usage;
  }

  /** Calls the other node's echo. */
  call<M extends keyof EchoProtocol>(
    method: M,
    request: EchoProtocol[M]["request"],
  ): Promise<EchoProtocol[M]["reply"]> {
    return this.stack.system.call<EchoProtocol, M>(this.#target, method, request, patience);
  }

  /** Bare TLS with the other process, its requests and answers as long as the frames of such a call. */
  bare(method: keyof EchoProtocol, request: string | Uint8Array, reply: unknown): Promise<BareTls> {
    return BareTls.dial(this.#bareContext, this.other.barePort, this.sizes(method, request, reply));
  }

  /** Of the frames of such a call and its reply. */
  sizes(method: keyof EchoProtocol, request: string | Uint8Array, reply: unknown): BareSizes {
    const what = { target: this.#target, method, payload: request, ...patience };
    const call = { kind: "call", id: frameId, ...what } as const;
    const answer = { kind: "reply", id: frameId, ok: true, payload: reply } as const;
    return {
      requestBytes: headerBytes + encode(call).length,
      answerBytes: headerBytes + encode(answer).length,
    };
  }

  close(): void {
    this.#child.disconnect();
  }
}
