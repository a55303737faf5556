/**
 * The host of one function, which outlives the node: takes invocations on a Unix socket in the folder that
 * it runs in, and has the function's processes do them. What is to be done is decided by the pool.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { ErrorShape } from "../../core/errors.ts";
import {
  coldHeader,
  type HostConfig,
  hostSocket,
  idHeader,
  msHeader,
  payloadBytesMax,
} from "./host-config.ts";
import {
  emptyPool,
  loadOf,
  nextDueMs,
  type Pool,
  type PoolEffect,
  type PoolEvent,
  step,
} from "./pool.ts";
import { type Answer, bodyOf, Worker } from "./worker.ts";

interface Invocation {
  readonly event: Buffer;
  /** Whoever waits for it. */
  readonly response: ServerResponse;
  worker: number | undefined;
  cold: boolean;
  handedAtMs: number;
}

const standardOutput = 1;
/** A timer of Node's takes no longer. */
const timerMsMax = 2 ** 31 - 1;

/** One function, for as long as its task. */
export class FunctionHost {
  readonly #config: HostConfig;
  readonly #pool: Pool;
  readonly #workers = new Map<number, Worker>();
  readonly #invocations = new Map<string, Invocation>();
  /** What each worker is at, for its lines. */
  readonly #at = new Map<number, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(config: HostConfig) {
    this.#config = config;
    this.#pool = emptyPool(config.pool);
  }

  /** Begins to listen. @throws what the file system does, where the code cannot be written */
  begin(): void {
    const { root, inline } = this.#config;
    if (inline !== undefined) {
      mkdirSync(root, { recursive: true });
      writeFileSync(join(root, "index.js"), inline);
    }
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy()); // Who asked went away meanwhile.
    });
    server.keepAliveTimeout = 0; // The node's connections end with the node.
    rmSync(hostSocket, { force: true }); // Left by the host of an attempt before, which a signal has ended.
    server.listen(hostSocket);
    this.#feed({ kind: "due" });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      response.end(JSON.stringify({ load: loadOf(this.#pool) }));
      return;
    }
    const event = await bodyOf(request);
    const id = randomUUID();
    if (event === undefined) {
      const message = `the event has more than ${payloadBytesMax} bytes`;
      answerError(response, id, { code: "bad_request", message, details: [] });
      return;
    }
    const waiting = { worker: undefined, cold: false, handedAtMs: 0 };
    this.#invocations.set(id, { event, response, ...waiting });
    this.#feed({ kind: "invoked", id });
  }

  #feed(event: PoolEvent): void {
    for (const effect of step(this.#pool, event, performance.now())) this.#carryOut(effect);
    clearTimeout(this.#timer);
    const dueMs = nextDueMs(this.#pool);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const inMs = Math.min(Math.max(0, Math.ceil(dueMs - performance.now())), timerMsMax);
    this.#timer = setTimeout(() => this.#feed({ kind: "due" }), inMs);
  }

  #carryOut(effect: PoolEffect): void {
    switch (effect.kind) {
      case "spawn":
        this.#spawn(effect.worker);
        return;
      case "kill": {
        const worker = this.#workers.get(effect.worker);
        this.#workers.delete(effect.worker);
        worker?.kill();
        return;
      }
      case "hand":
        this.#hand(effect);
        return;
      case "fail": {
        const { id, code, message } = effect;
        this.#settle(id, `failed: ${message}`, (response) =>
          answerError(response, id, {
            code,
            message: `${this.#config.name}: ${message}`,
            details: [],
          }),
        );
        return;
      }
    }
  }

  #spawn(number: number): void {
    const worker = new Worker(this.#config, {
      ready: () => this.#feed({ kind: "ready", worker: number }),
      line: (text) => this.#print(number, text),
      ended: (how) => {
        this.#workers.delete(number);
        this.#feed({ kind: "ended", worker: number, how });
        this.#at.delete(number);
      },
      answered: async (id, answer) => {
        await whatIsInThePipes();
        if (this.#at.get(number) !== id) return; // It was too late, or is not its own.
        this.#answer(id, answer);
        this.#at.delete(number);
        this.#feed({ kind: "answered", worker: number });
      },
    });
    this.#workers.set(number, worker);
  }

  #hand({ id, worker: number, cold, deadlineMs }: PoolEffect & { readonly kind: "hand" }): void {
    const invocation = this.#invocations.get(id);
    if (invocation === undefined) return;
    const nowMs = performance.now();
    Object.assign(invocation, { worker: number, cold, handedAtMs: nowMs });
    this.#at.set(number, id);
    print(`START ${id} process ${number}${cold ? ", cold" : ""}`);
    const wallMs = Date.now() + deadlineMs - nowMs;
    this.#workers.get(number)?.hand(id, invocation.event, wallMs, this.#config.name);
  }

  #answer(id: string, answer: Answer): void {
    if (answer.kind === "error") {
      const { type, message } = answer;
      const error = { code: "function_failed", message: `${type}: ${message}`, details: [] };
      this.#settle(id, `failed: ${type}: ${message}`, (response) =>
        answerError(response, id, error),
      );
      return;
    }
    this.#settle(id, "done", (response, { cold }, ms) => {
      const headers = { [idHeader]: id, [coldHeader]: String(cold), [msHeader]: ms.toFixed(3) };
      response.writeHead(200, headers).end(answer.bytes);
    });
  }

  /** Tells the end of an invocation, in the log and to whoever waits. */
  #settle(
    id: string,
    how: string,
    tell: (response: ServerResponse, invocation: Invocation, ms: number) => void,
  ): void {
    const invocation = this.#invocations.get(id);
    if (invocation === undefined) return;
    this.#invocations.delete(id);
    const { handedAtMs, worker, response } = invocation;
    const ms = worker === undefined ? 0 : performance.now() - handedAtMs;
    print(`END ${id} ${how.split("\n")[0]}\nREPORT ${id} ${ms.toFixed(1)} ms`);
    tell(response, invocation, ms);
  }

  #print(worker: number, line: string): void {
    const id = this.#at.get(worker);
    print(id === undefined ? `[process ${worker}] ${line}` : `[${id}] ${line}`);
  }
}

/** At once and whole: lines of several processes never mix. */
function print(lines: string): void {
  writeSync(standardOutput, `${lines}\n`);
}

/** One round of the event loop, in which all that was printed until now is read. */
function whatIsInThePipes(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function answerError(response: ServerResponse, id: string, error: ErrorShape): void {
  response.writeHead(500, { [idHeader]: id }).end(JSON.stringify(error));
}
