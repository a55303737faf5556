/**
 * Speaks to the hosts of functions on this machine. A socket's path has at most 107 bytes, and that of a
 * task's folder may have more: on Linux it is reached by the folder that the host's process is in, which is
 * also sure to be that process' own.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  type ErrorShape,
  FunctionFailed,
  FunctionTimedOut,
  type MobError,
  messageOf,
  OutcomeUnknown,
  RemoteError,
  Unavailable,
} from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { Invoked } from "../provider.ts";
import { coldHeader, hostSocket, idHeader, msHeader } from "./host-config.ts";

/** Longest that a host may take to listen. */
const listenMsMax = 30_000;
const askAgainMs = 20;

export class HostClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #pids = new Map<InstanceId, number>();
  readonly #folderOf: (instance: InstanceId) => string;

  constructor(folderOf: (instance: InstanceId) => string) {
    this.#folderOf = folderOf;
  }

  add(instance: InstanceId, pid: number | undefined): void {
    if (pid !== undefined) this.#pids.set(instance, pid);
  }

  drop(instance: InstanceId, pid: number | undefined): void {
    if (this.#pids.get(instance) === pid) this.#pids.delete(instance);
  }

  /** @throws Unavailable; RemoteError as the host tells it; OutcomeUnknown when the host ends meanwhile */
  async invoke(instance: InstanceId, event: string): Promise<Invoked> {
    const [{ statusCode, headers }, text] = await this.#ask(instance, "POST", event);
    if (statusCode !== 200) throw errorOf(JSON.parse(text));
    const id = String(headers[idHeader]);
    const cold = headers[coldHeader] === "true";
    return { id, cold, ms: Number(headers[msHeader]), answer: text };
  }

  /** Invocations that are under way or wait. @throws Unavailable */
  async load(instance: InstanceId): Promise<number> {
    const [, text] = await this.#ask(instance, "GET", undefined);
    const { load }: { load: number } = JSON.parse(text);
    return load;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** One that has just been started may not listen yet. */
  async #ask(
    instance: InstanceId,
    method: "GET" | "POST",
    body: string | undefined,
  ): Promise<[IncomingMessage, string]> {
    const giveUpAtMs = performance.now() + listenMsMax;
    for (;;) {
      const pid = this.#pids.get(instance);
      if (pid === undefined) throw new Unavailable("its host does not run here");
      const here = process.platform === "linux" ? `/proc/${pid}/cwd` : this.#folderOf(instance);
      try {
        return await ask(this.#agent, join(here, hostSocket), method, body);
      } catch (error) {
        const isUnheard = error instanceof NotConnected;
        if (!isUnheard) throw new OutcomeUnknown(`its host ended: ${messageOf(error)}`);
        if (performance.now() > giveUpAtMs) throw new Unavailable(messageOf(error));
      }
      await setTimeout(askAgainMs);
    }
  }
}

function errorOf(told: ErrorShape): MobError {
  if (told.code === "function_failed") return new FunctionFailed(told.message);
  if (told.code === "function_timed_out") return new FunctionTimedOut(told.message);
  return new RemoteError(told);
}

/** Nobody heard of it. */
class NotConnected extends Error {}

function ask(
  agent: Agent,
  socketPath: string,
  method: string,
  body: string | undefined,
): Promise<[IncomingMessage, string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, socketPath, method, path: "/" });
    let isConnected = false;
    asked.once("socket", (socket) => {
      isConnected = !socket.connecting;
      if (isConnected) return; // One of an invocation before.
      socket.once("connect", () => {
        isConnected = true;
      });
    });
    asked.once("error", (error) =>
      reject(isConnected ? error : new NotConnected(`its host does not answer: ${error.message}`)),
    );
    asked.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answer.once("end", () => resolve([answer, text]));
      answer.once("error", reject);
    });
    asked.end(body);
  });
}
