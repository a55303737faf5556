/**
 * Durable key-value storage, as small as the store needs it. Values are bytes: what they mean is the
 * caller's. `disk` implements it, `memory` does for tests, the simulator with crashes.
 */
export interface Storage {
  /** The value, or undefined. The latest `put`, flushed or not. */
  get(key: string): Uint8Array | undefined;
  /** Visible to `get` and `list` at once, durable only after a later `flush` resolves. */
  put(key: string, value: Uint8Array): void;
  /** Durable only after a later `flush` resolves. Removing what is not there is no error. */
  remove(key: string): void;
  /** Every entry whose key starts with `prefix`, in byte order of the keys. */
  list(prefix: string): Iterable<{ readonly key: string; readonly value: Uint8Array }>;
  /**
   * Resolves when everything put or removed before this call survives power loss. Calls made
   * together share one flush.
   * @throws Unavailable when the disk refuses (full, read-only): nothing put since is acknowledged.
   */
  flush(): Promise<void>;
  close(): Promise<void>;
}
