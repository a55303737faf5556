/**
 * A command that a third party's provider runs, in its process: what it writes is told piece by piece,
 * each once the last one of its stream was taken, however fast the provider writes.
 */
import type { ExecRequest, OutputStream, TerminalSize } from "../provider.ts";
import { type CommandRequest, pieceBytesMax, type Told } from "./messages.ts";

type Streams = Pick<ExecRequest<unknown>, "signal" | "output" | "input" | "terminal">;

export class ServedCommand {
  readonly #number: number;
  readonly #tell: (told: Told) => void;
  readonly #abort = new AbortController();
  /** By stream: resolves once all that was written so far was taken. */
  readonly #written = new Map<OutputStream, Promise<void>>();
  readonly #goOn = new Map<OutputStream, () => void>();
  readonly #ended: Promise<void>;
  #end: () => void = () => {};
  #give: (bytes: Uint8Array | undefined) => void = () => {};
  #resize: (size: TerminalSize) => void = () => {};

  constructor(number: number, tell: (told: Told) => void) {
    this.#number = number;
    this.#tell = tell;
    this.#ended = new Promise((end) => {
      this.#end = end;
    });
  }

  /** @throws whatever the provider throws */
  async run<Reply>(
    exec: (streams: Streams) => Promise<Reply>,
    { hasInput, terminal }: Pick<CommandRequest, "hasInput"> & Partial<CommandRequest>,
  ): Promise<Reply> {
    const onResize = (listener: (size: TerminalSize) => void) => {
      this.#resize = listener;
    };
    try {
      const exit = await exec({
        signal: this.#abort.signal,
        output: (bytes, stream) => this.#write(bytes, stream),
        ...(hasInput && { input: this.#input() }),
        ...(terminal !== undefined && { terminal: { ...terminal, onResize } }),
      });
      await Promise.all(this.#written.values());
      return exit;
    } finally {
      this.#give(undefined);
      this.#end();
    }
  }

  /** Resolves when it has ended. */
  async abort(): Promise<void> {
    this.#abort.abort();
    for (const goOn of this.#goOn.values()) goOn();
    this.#give(undefined);
    await this.#ended;
  }

  taken(stream: OutputStream): void {
    this.#goOn.get(stream)?.();
  }

  give(bytes: Uint8Array | undefined): void {
    this.#give(bytes);
  }

  resize(size: TerminalSize): void {
    this.#resize(size);
  }

  /** @throws TypeError for what is no piece of a stream, where it is written */
  #write(bytes: Uint8Array, stream: OutputStream): Promise<void> {
    if (!(bytes instanceof Uint8Array) || (stream !== "stdout" && stream !== "stderr")) {
      throw new TypeError("output takes a Uint8Array, and stdout or stderr");
    }
    const before = this.#written.get(stream) ?? Promise.resolve();
    const written = before.then(() => this.#send(bytes, stream));
    this.#written.set(stream, written);
    return written;
  }

  async #send(bytes: Uint8Array, stream: OutputStream): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#abort.signal.aborted; at += pieceBytesMax) {
      const piece = bytes.subarray(at, at + pieceBytesMax);
      await new Promise<void>((goOn) => {
        this.#goOn.set(stream, goOn);
        this.#tell({ told: "wrote", command: this.#number, stream, bytes: piece });
      });
    }
  }

  async *#input(): AsyncGenerator<Uint8Array> {
    try {
      while (!this.#abort.signal.aborted) {
        const bytes = await new Promise<Uint8Array | undefined>((give) => {
          this.#give = give;
          this.#tell({ told: "wants", command: this.#number });
        });
        if (bytes === undefined) return;
        yield bytes;
      }
    } finally {
      this.#tell({ told: "enough", command: this.#number });
    }
  }
}
