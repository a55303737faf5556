/**
 * What every storage must do, whatever keeps its bytes. Run by each implementation's own test file;
 * that a flush survives a crash is for each to show in its own way.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { BadRequest } from "../../src/core/errors.ts";
import type { Storage } from "../../src/storage/storage.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);
const listed = (storage: Storage, prefix: string) =>
  [...storage.list(prefix)].map(({ key, value }) => [key, text(value)]);

export function storageSuite(
  name: string,
  open: (t: TestContext) => Storage | Promise<Storage>,
): void {
  test(`${name}: a value put is read back at once, and after a flush`, async (t) => {
    const storage = await open(t);
    storage.put("a", bytes("1"));
    assert.equal(text(storage.get("a")), "1");
    await storage.flush();
    assert.equal(text(storage.get("a")), "1");
    storage.put("a", bytes("2"));
    assert.equal(text(storage.get("a")), "2");
    assert.equal(storage.get("b"), undefined);
  });

  test(`${name}: an empty value is a value`, async (t) => {
    const storage = await open(t);
    storage.put("a", bytes(""));
    assert.equal(text(storage.get("a")), "");
    await storage.flush();
    assert.deepEqual(listed(storage, ""), [["a", ""]]);
  });

  test(`${name}: what was removed is gone, before and after a flush`, async (t) => {
    const storage = await open(t);
    storage.put("a", bytes("1"));
    await storage.flush();
    storage.remove("a");
    storage.remove("never there");
    assert.equal(storage.get("a"), undefined);
    assert.deepEqual(listed(storage, ""), []);
    await storage.flush();
    assert.equal(storage.get("a"), undefined);
  });

  test(`${name}: list gives the keys of a prefix alone, in byte order`, async (t) => {
    const storage = await open(t);
    const keys = ["b/\u{1f600}", "b/\uffee", "b/é", "b/a", "b/", "b", "a/z", "c", "b0"];
    for (const key of keys.slice(0, 4)) storage.put(key, bytes(key));
    await storage.flush();
    for (const key of keys.slice(4)) storage.put(key, bytes(key));
    const expected = ["b/", "b/a", "b/é", "b/\uffee", "b/\u{1f600}"];
    assert.deepEqual(
      listed(storage, "b/"),
      expected.map((key) => [key, key]),
    );
    assert.equal(listed(storage, "").length, keys.length);
    assert.deepEqual(listed(storage, "x"), []);
  });

  test(`${name}: the caller's buffer can be reused after a put`, async (t) => {
    const storage = await open(t);
    const value = bytes("1");
    storage.put("a", value);
    value.fill(0);
    await storage.flush();
    assert.equal(text(storage.get("a")), "1");
  });

  test(`${name}: keys of 1,978 bytes are kept, empty and longer ones are refused`, async (t) => {
    const storage = await open(t);
    const longest = "é".repeat(989);
    storage.put(longest, bytes("1"));
    await storage.flush();
    assert.equal(text(storage.get(longest)), "1");
    assert.throws(() => storage.put("", bytes("1")), BadRequest);
    assert.throws(() => storage.put(`${longest}x`, bytes("1")), BadRequest);
  });

  test(`${name}: any order of writes and flushes reads like a map`, async (t) => {
    const key = fc.constantFrom("a", "a/1", "a/2", "b", "é");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("put" as const), key, value: fc.string() }),
      fc.record({ kind: fc.constant("remove" as const), key }),
      fc.record({
        kind: fc.constantFrom("flush" as const, "flush-later" as const, "turn" as const),
      }),
    );
    const storage = await open(t);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: "max" }), async (steps) => {
        for (const { key: old } of storage.list("")) storage.remove(old);
        const model = new Map<string, string>();
        const flushes: Promise<void>[] = [];
        for (const next of steps) {
          if (next.kind === "put") {
            storage.put(next.key, bytes(next.value));
            model.set(next.key, text(bytes(next.value)) ?? "");
          } else if (next.kind === "remove") {
            storage.remove(next.key);
            model.delete(next.key);
          } else if (next.kind === "turn") {
            await Promise.all([]).then(() => {}); // A flush asked for gets under way.
          } else {
            flushes.push(storage.flush());
            if (next.kind === "flush") await flushes.at(-1);
          }
          for (const known of ["a", "a/1", "b", "é"]) {
            assert.equal(text(storage.get(known)), model.get(known));
          }
          const expected = [...model].filter(([k]) => k.startsWith("a")).sort();
          assert.deepEqual(listed(storage, "a"), expected);
        }
        await Promise.all(flushes);
      }),
      { numRuns: 50 },
    );
  });
}
