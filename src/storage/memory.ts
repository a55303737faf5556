/** Storage that lasts as long as its object: for tests of what is stored, not of how. */
import { checkKey, compareKeys } from "./keys.ts";
import type { Storage } from "./storage.ts";

export function openMemory(): Storage {
  const entries = new Map<string, Uint8Array>();
  return {
    get: (key) => entries.get(key),
    put(key, value) {
      checkKey(key);
      entries.set(key, Uint8Array.from(value));
    },
    remove(key) {
      entries.delete(key);
    },
    list: (prefix) =>
      [...entries]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => compareKeys(a, b))
        .map(([key, value]) => ({ key, value })),
    async flush() {},
    async close() {},
  };
}
