/**
 * The process of a third party's provider over all its lives: one that has died or does not answer is
 * started again, later and later. Until it is back, what is asked of it is refused, or waits.
 */
import { setTimeout } from "node:timers/promises";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { CreateRequest, LoadRequest, ProviderCalls } from "./messages.ts";
import { ProviderProcess, type ProviderProcessOptions } from "./provider-process.ts";

export interface LastingProcessOptions extends ProviderProcessOptions {
  readonly load: LoadRequest;
  readonly create: CreateRequest;
}

export interface LastingProcessEvents {
  /** It has ended, or could not be started again. */
  readonly away: () => void;
  /** Another has taken its place, of which nothing was asked yet. */
  readonly back: (process: ProviderProcess) => void;
}

/** Before it is started again: doubling from the least to the most, anew after a minute of life. */
const waitMsLeast = 1_000;
const waitMsMost = 60_000;
/** Longest that its process may take to close what it holds. */
const closeMsMax = 5_000;

export class LastingProcess {
  /** Of its provider, in each of its lives. */
  readonly #type: string;
  readonly #options: LastingProcessOptions;
  readonly #events: LastingProcessEvents;
  readonly #closing = new AbortController();
  /** Undefined while it is away. */
  #process: ProviderProcess | undefined;
  #waitingForIt: (() => void)[] = [];
  #why = "";

  /** @param first in which its provider was made */
  constructor(
    type: string,
    first: ProviderProcess,
    options: LastingProcessOptions,
    events: LastingProcessEvents,
  ) {
    this.#type = type;
    this.#process = first;
    this.#options = options;
    this.#events = events;
    void this.#keepUp(first);
  }

  /** The present one. @throws Unavailable while it is away */
  there(): ProviderProcess {
    if (this.#process !== undefined && !this.#process.hasEnded) return this.#process;
    throw new Unavailable(`the provider ${this.#type} is away, and is started again: ${this.#why}`);
  }

  /** Resolves once there is one. @throws Unavailable when there will be none */
  async whenThere(): Promise<ProviderProcess> {
    while (this.#process === undefined || this.#process.hasEnded) {
      if (this.#closing.signal.aborted) throw new Unavailable("its node is stopping");
      await new Promise<void>((resolve) => this.#waitingForIt.push(resolve));
    }
    return this.#process;
  }

  /** Has its provider close what it holds, and ends it for good. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeWaiting();
    const process = this.#process;
    if (process === undefined) return;
    const closed = process.call("close", undefined).catch(() => {}); // It goes in any case.
    await Promise.race([closed, setTimeout(closeMsMax, undefined, { ref: false })]);
    process.end("its node has stopped");
    await process.ended;
  }

  /** Has it run again whenever it has ended, until it is closed. Never rejects. */
  async #keepUp(first: ProviderProcess): Promise<void> {
    const { signal } = this.#closing;
    let waitMs = waitMsLeast;
    for (let process: ProviderProcess | undefined = first; !signal.aborted; ) {
      const beganAt = performance.now();
      if (process !== undefined) {
        this.#why = await process.ended;
        this.#process = undefined;
      }
      if (signal.aborted) return;
      this.#events.away();
      if (performance.now() - beganAt > waitMsMost) waitMs = waitMsLeast;
      const why = this.#why;
      this.#options.log.warn("a provider is away, and is started again", { why, inMs: waitMs });
      await setTimeout(waitMs, undefined, { ref: false, signal }).catch(() => {}); // Closed.
      waitMs = Math.min(waitMs * 2, waitMsMost);
      process = signal.aborted ? undefined : await this.#startAgain();
    }
  }

  /** Undefined when it cannot be had again yet. */
  async #startAgain(): Promise<ProviderProcess | undefined> {
    const process = new ProviderProcess(this.#options);
    try {
      const { type } = await firstCall(process, "load", this.#options.load);
      if (type !== this.#type) throw new Unavailable(`it is of type ${type} now`);
      await firstCall(process, "create", this.#options.create);
    } catch (error) {
      process.end(messageOf(error));
      this.#why = messageOf(error);
      return undefined;
    }
    this.#process = process;
    this.#options.log.info("a provider is back", { pid: process.pid });
    this.#events.back(process);
    this.#wakeWaiting();
    return process;
  }

  #wakeWaiting(): void {
    const waiting = this.#waitingForIt;
    this.#waitingForIt = [];
    for (const resolve of waiting) resolve();
  }
}

/** One of those that make a provider. @throws Unavailable with why it fails; then its process has ended */
export async function firstCall<M extends "load" | "create">(
  process: ProviderProcess,
  method: M,
  request: ProviderCalls[M]["request"],
): Promise<ProviderCalls[M]["reply"]> {
  try {
    return await process.call(method, request);
  } catch (error) {
    const hadEnded = process.hasEnded;
    process.end(messageOf(error));
    const why = await process.ended;
    throw hadEnded ? new Unavailable(why) : error;
  }
}
