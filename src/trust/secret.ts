/**
 * Bytes that must not be seen. They stand in a private field, so that no log line, trace of messages,
 * description of an actor's state or JSON shows them; who needs them asks by name.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Random } from "../core/env.ts";

export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  /** `length` random bytes. As good as `random`, which is the system's own source in a real node. */
  static random(random: Random, length: number): Secret {
    return new Secret(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
  }

  /** The bytes themselves. Not to be kept, sent or printed but where that is the purpose. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** In a time that does not tell where the two differ. */
  equals(other: Secret): boolean {
    const [own, its] = [this.#bytes, other.reveal()];
    return own.length === its.length && timingSafeEqual(own, its);
  }

  toJSON(): string {
    return "(secret)";
  }
}

/** SHA-256 of `bytes` for one `purpose`: hashes for different purposes have nothing in common. */
export function digest(purpose: string, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(`mob/${purpose}\0`).update(bytes).digest();
}
