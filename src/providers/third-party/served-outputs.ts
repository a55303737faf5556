/** The outputs that a provider's process has open for the node, by the node's numbers. */
import { NotFound } from "../../core/errors.ts";
import type { Output, OutputChunk } from "../provider.ts";
import type { Told } from "./messages.ts";

interface OpenOutput {
  readonly output: Output;
  unwatch?: () => void;
}

const methods = ["read", "tail", "watch", "close"] as const satisfies (keyof Output)[];

export class ServedOutputs {
  readonly #tell: (told: Told) => void;
  readonly #outputs = new Map<number, OpenOutput>();

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** Keeps what a provider gave for an output. @throws TypeError naming what it lacks */
  add(number: number, output: Output): void {
    const lacking = methods.filter((name) => typeof output?.[name] !== "function");
    if (lacking.length > 0) throw new TypeError(`what output() gives lacks ${lacking.join(", ")}`);
    this.#outputs.set(number, { output });
  }

  /** @throws NotFound when it is closed, as the others do */
  read(number: number, cursor: number, bytesMax: number): Promise<OutputChunk> {
    return this.#open(number).output.read(cursor, bytesMax);
  }

  tail(number: number, lines: number): Promise<number> {
    return this.#open(number).output.tail(lines);
  }

  /** Tells its growth from now on. */
  watch(number: number): void {
    const open = this.#open(number);
    open.unwatch ??= open.output.watch(() => this.#tell({ told: "changed", output: number }));
  }

  unwatch(number: number): void {
    const open = this.#open(number);
    open.unwatch?.();
    delete open.unwatch;
  }

  /** One that is closed already is no error. */
  async close(number: number): Promise<void> {
    const open = this.#outputs.get(number);
    this.#outputs.delete(number);
    open?.unwatch?.();
    await open?.output.close();
  }

  #open(number: number): OpenOutput {
    const open = this.#outputs.get(number);
    if (open === undefined) throw new NotFound("the output is closed");
    return open;
  }
}
