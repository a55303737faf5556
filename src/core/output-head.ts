/** The beginning of what a command writes: enough for people to see why it failed. */
export class OutputHead {
  readonly #chunks: Uint8Array[] = [];
  #left: number;

  constructor(bytesMax: number) {
    this.#left = bytesMax;
  }

  add(bytes: Uint8Array): void {
    if (this.#left <= 0) return;
    this.#chunks.push(bytes.subarray(0, this.#left));
    this.#left -= bytes.length;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
