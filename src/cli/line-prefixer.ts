/**
 * Merges the output of several sources line by line, each line with its source before it. A line is
 * held back until it is whole, but no longer than a bound: output without newlines must not fill
 * memory.
 */
const lineBytesMax = 64 * 1024;
const newline = 10;

export class LinePrefixer {
  /** What has come of each source's next line. */
  readonly #begun = new Map<string, Buffer>();
  /** Prefixes are aligned to the longest seen. */
  #width = 0;

  /** The lines that are whole now. */
  push(source: string, bytes: Uint8Array): Buffer {
    this.#width = Math.max(this.#width, source.length);
    const all = Buffer.concat([this.#begun.get(source) ?? Buffer.alloc(0), bytes]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let end = all.indexOf(newline); end >= 0; end = all.indexOf(newline, from)) {
      parts.push(this.#prefix(source), all.subarray(from, end + 1));
      from = end + 1;
    }
    let rest = all.subarray(from);
    if (rest.length > lineBytesMax) {
      parts.push(this.#prefix(source), rest, Buffer.from("\n"));
      rest = Buffer.alloc(0);
    }
    this.#begun.set(source, rest);
    return Buffer.concat(parts);
  }

  /** The lines that will never be whole. */
  end(): Buffer {
    const unfinished = [...this.#begun].filter(([, rest]) => rest.length > 0);
    return Buffer.concat(
      unfinished.flatMap(([source, rest]) => [this.#prefix(source), rest, Buffer.from("\n")]),
    );
  }

  #prefix(source: string): Buffer {
    return Buffer.from(`${source.padEnd(this.#width)} | `);
  }
}
