/**
 * The tokens that let clients in, as this node knows them: the part of the catalog that the API looks
 * at for each request from elsewhere.
 */
import { InvalidSpec } from "../core/errors.ts";
import { parseToken, type TokenRecord } from "../services/token-record.ts";

export class TokenTable {
  readonly #byId = new Map<string, TokenRecord>();
  readonly #watchers = new Set<() => void>();

  /** One that was made and not revoked, whether expired or not. No scan, whatever is asked for. */
  get(id: string): TokenRecord | undefined {
    return this.#byId.get(id);
  }

  all(): readonly TokenRecord[] {
    return [...this.#byId.values()];
  }

  /** Calls `changed` after each change, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Forgets those whose ids are so. */
  drop(isSo: (id: string) => boolean): void {
    for (const id of this.#byId.keys()) if (isSo(id)) this.#byId.delete(id);
  }

  /**
   * Takes a record; undefined is its revocation. One that cannot be read lets no one in, not as it was
   * before either.
   * @throws InvalidSpec
   */
  take(id: string, value: unknown): void {
    this.#byId.delete(id);
    if (value === undefined) return;
    const record = parseToken(value);
    if (record.id !== id) throw new InvalidSpec("the record is not of what its key names");
    this.#byId.set(id, record);
  }

  /** Tells who watches: something was taken, or all of it anew. */
  changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
