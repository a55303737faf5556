/**
 * Follows the engine's events for one node's containers, over every loss of the connection, and has
 * whoever waits for something look for itself: an event says of whom, the engine's state what. After each
 * connection all look, since what happened before it was told to nobody.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Log } from "../../core/log.ts";
import { type Engine, EngineRefused } from "./engine.ts";
import { unceasingly } from "./patience.ts";

const isEvent = Compile(
  Type.Object({ Action: Type.String(), Actor: Type.Object({ ID: Type.String() }) }),
);

/**
 * Docker's, of a command in a container, as each check of its health is one: it changes nothing of the container.
 * Podman's `exec_died` is another: its `health_status` comes before the new status is there (4.3).
 */
const ofCommand = /^exec_(create|start|die)\b/;

export class EngineWatch {
  readonly #engine: Engine;
  readonly #label: string;
  readonly #log: Log;
  /** By a container's id, as people know it. */
  readonly #lookers = new Map<string, () => void>();
  readonly #closing = new AbortController();
  #lost: () => void = () => {};
  #following: Promise<void> | undefined;

  /** @param label that the containers have: `name=value` */
  constructor(engine: Engine, label: string, log: Log) {
    this.#engine = engine;
    this.#label = label;
    this.#log = log;
  }

  /** Calls `lost` whenever the events have ended, and whenever they cannot be had again. */
  onLost(lost: () => void): void {
    this.#lost = lost;
  }

  /** Calls `look` when something may have become of the container, until it is dropped. */
  add(container: string, look: () => void): void {
    this.#lookers.set(container, look);
    const { signal } = this.#closing;
    this.#following ??= unceasingly(
      () => this.#followOrTell(signal),
      signal,
      (error) => this.#log.warn("The engine's events are lost until it answers again", { error }),
    );
  }

  drop(container: string): void {
    this.#lookers.delete(container);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  async #followOrTell(signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal);
    } catch (error) {
      if (error instanceof EngineRefused) throw error; // It is there, and gives none.
      if (!signal.aborted) this.#lost();
      throw error;
    }
    if (!signal.aborted) this.#lost();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const events = await this.#engine.events(this.#label, signal);
    for (const look of this.#lookers.values()) look();
    for await (const event of events) {
      if (!isEvent.Check(event) || ofCommand.test(event.Action)) continue;
      this.#lookers.get(event.Actor.ID.slice(0, 12))?.();
    }
  }
}
