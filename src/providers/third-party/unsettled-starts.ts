/**
 * Starts of which nobody knows what came of them, since the provider's process ended meanwhile. Their
 * failure was told: what they have left is ended as soon as a process can be asked.
 */
import type { InstanceId } from "../../core/ids.ts";
import type { FoundTask } from "../provider.ts";
import type { ProviderProcess } from "./provider-process.ts";

type Start = Pick<FoundTask, "instance" | "attempt">;

export class UnsettledStarts {
  readonly #there: () => ProviderProcess;
  readonly #starts = new Map<string, Start>();
  readonly #settling = new Map<string, Promise<void>>();

  /** @param there the provider's process. @throws Unavailable when there is none now */
  constructor(there: () => ProviderProcess) {
    this.#there = there;
  }

  add(start: Start): void {
    this.#starts.set(keyOf(start), start);
  }

  /** It is known what came of it. */
  delete(start: Start): void {
    this.#starts.delete(keyOf(start));
  }

  /** Nothing is left of an instance. */
  forget(instance: InstanceId): void {
    for (const start of this.#starts.values()) if (start.instance === instance) this.delete(start);
  }

  /** Ends what came of the other starts of an instance, before that one. @throws what the provider throws */
  async settleBefore({ instance, attempt }: Start): Promise<void> {
    for (const start of this.#starts.values()) {
      if (start.instance === instance && start.attempt !== attempt) await this.#settled(start);
    }
  }

  /** Ends what came of any. @param failed told what the provider throws */
  settleAll(failed: (error: unknown) => void): void {
    for (const start of this.#starts.values()) this.#settled(start).catch(failed);
  }

  #settled(start: Start): Promise<void> {
    const key = keyOf(start);
    const settling =
      this.#settling.get(key) ?? this.#settle(start).finally(() => this.#settling.delete(key));
    this.#settling.set(key, settling);
    return settling;
  }

  async #settle(start: Start): Promise<void> {
    const { instance, attempt } = start;
    const process = this.#there();
    const tasks = await process.call("list", { instance });
    const found = tasks.find((task) => task.attempt === attempt);
    if (found !== undefined && this.#starts.has(keyOf(start))) {
      const number = process.nextNumber();
      const { gone } = await process.call("adopt", { task: number, found });
      const options = { signal: "SIGKILL", graceMs: 0 };
      if (!gone) await process.call("stop", { task: number, options });
      await process.call("forget", { instance, attempt });
    }
    this.delete(start);
  }
}

function keyOf({ instance, attempt }: Start): string {
  return `${instance}.${attempt}`;
}
