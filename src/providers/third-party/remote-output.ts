/** The output of an instance whose provider is in another process, over every such process there is. */
import type { InstanceId } from "../../core/ids.ts";
import type { LogLimits, Output, OutputChunk } from "../provider.ts";
import type { ProviderProcess } from "./provider-process.ts";

/** In a process: the number that it knows the output by. */
interface Opened {
  readonly process: ProviderProcess;
  readonly number: number;
}

export class RemoteOutput implements Output {
  readonly #instance: InstanceId;
  readonly #limits: LogLimits;
  readonly #there: () => ProviderProcess;
  readonly #watches = new Set<() => void>();
  #opened: Promise<Opened> | undefined;
  /** The process that `#opened` is, or will be, of. */
  #openedIn: ProviderProcess | undefined;

  /** @param there the provider's process. @throws Unavailable when there is none now */
  constructor(instance: InstanceId, limits: LogLimits, there: () => ProviderProcess) {
    this.#instance = instance;
    this.#limits = limits;
    this.#there = there;
  }

  /** @throws what the provider throws */
  async open(): Promise<void> {
    await this.#open();
  }

  async read(cursor: number, bytesMax: number): Promise<OutputChunk> {
    const { process, number } = await this.#open();
    const chunk = await process.call("read", { output: number, cursor, bytesMax });
    if (chunk.bytes.length <= bytesMax) return chunk;
    return { ...chunk, bytes: chunk.bytes.subarray(0, bytesMax), next: chunk.from + bytesMax };
  }

  async tail(lines: number): Promise<number> {
    const { process, number } = await this.#open();
    return await process.call("tail", { output: number, lines });
  }

  watch(changed: () => void): () => void {
    this.#watches.add(changed);
    this.takeUp();
    return () => {
      this.#watches.delete(changed);
      if (this.#watches.size === 0) this.#ask("unwatch");
    };
  }

  /** Has a process that has just come watch it, where anyone does. */
  takeUp(): void {
    if (this.#watches.size > 0) this.#ask("watch");
  }

  async close(): Promise<void> {
    this.#watches.clear();
    const { process, number } = (await this.#opened?.catch(() => {})) ?? {};
    if (process === undefined || number === undefined) return;
    process.outputs.delete(number);
    await process.call("closeOutput", { output: number }).catch(() => {}); // One that ended has none.
  }

  /** For whoever is told of growth; one that cannot be asked now is asked by the next process. */
  #ask(method: "watch" | "unwatch"): void {
    void this.#open()
      .then(({ process, number }) => process.call(method, { output: number }))
      .then(() => method === "watch" && this.#changed())
      .catch(() => {});
  }

  #changed(): void {
    for (const changed of this.#watches) changed();
  }

  async #open(): Promise<Opened> {
    const process = this.#there();
    if (this.#openedIn !== process || this.#opened === undefined) {
      this.#openedIn = process;
      this.#opened = this.#openIn(process);
    }
    try {
      return await this.#opened;
    } catch (error) {
      if (this.#openedIn === process) this.#opened = undefined;
      throw error;
    }
  }

  async #openIn(process: ProviderProcess): Promise<Opened> {
    const number = process.nextNumber();
    const request = { output: number, instance: this.#instance, limits: this.#limits };
    await process.call("output", request);
    process.outputs.set(number, () => this.#changed());
    return { process, number };
  }
}
