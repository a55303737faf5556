import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { digestOf, firstRotation, liveKeys } from "../../../src/trust/key-rotation.ts";
import { formatKeys, parseKeys } from "../../../src/trust/key-text.ts";
import { openKeys, sealKeys } from "../../../src/trust/sealed-keys.ts";
import { anyRing, countingRandom, keyOf, keysOf, network } from "./rings.ts";

const some = keysOf(firstRotation(keyOf(7)));
const secretText = "07".repeat(32);

test("keys are read back as they were written", () => {
  fc.assert(
    fc.property(anyRing, (ring) => {
      const read = parseKeys(formatKeys(keysOf(ring)));
      assert.equal(read?.network, network);
      assert.deepEqual(digestOf(read.ring), digestOf(ring));
      for (const { id, secret } of liveKeys(ring)) {
        const found = read.ring.get(id);
        assert.ok(found !== undefined && !found.isRemoved && found.secret.equals(secret));
      }
    }),
  );
});

test("a key without a revision is the first", () => {
  const read = parseKeys(`network ${network}\nkey ${secretText}\n`);
  assert.deepEqual(read && digestOf(read.ring), digestOf(some.ring));
});

test("text that is cut short or changed in any place is no network's keys, or others", () => {
  const text = formatKeys(some);
  for (let length = 0; length < text.length; length++) {
    assert.equal(parseKeys(text.slice(0, length)), undefined);
  }
  const wrong = [
    `${text}key ${secretText} 1\n`,
    `${text}garbage\n`,
    text.replace("\nnetwork", "\nnetwerk"),
    `network ${network}\nremoved 0011223344556677 1\n`,
    `network ${network}\nkey ${secretText} 99999999999999999999\n`,
    "",
    "\n",
  ];
  for (const each of wrong) assert.equal(parseKeys(each), undefined);
});

test("no one sees a key by looking at what holds it", () => {
  for (const seen of [
    inspect(some, { depth: 9, showHidden: true }),
    JSON.stringify([...some.ring]),
  ]) {
    assert.ok(!seen.includes(secretText) && !seen.includes("7, 7") && !seen.includes("7,7"), seen);
  }
});

test("sealed keys are opened by whoever has any of the keys, and show none", () => {
  fc.assert(
    fc.property(anyRing, anyRing, (ring, own) => {
      const sealed = sealKeys(keysOf(ring), countingRandom());
      const opened = openKeys(sealed, keysOf(own));
      const shared = liveKeys(own).some(({ id }) => ring.get(id)?.isRemoved === false);
      assert.equal(opened !== undefined, shared);
      if (opened !== undefined) assert.deepEqual(digestOf(opened.ring), digestOf(ring));
      const seen = JSON.stringify(sealed);
      for (const { secret } of liveKeys(ring)) {
        assert.ok(!seen.includes(Buffer.from(secret.reveal()).toString("base64").slice(0, 40)));
        assert.ok(!seen.includes(Buffer.from(secret.reveal()).toString("hex")));
      }
    }),
  );
});

test("sealed keys that were altered, or are another network's, are not opened", () => {
  const sealed = sealKeys(some, countingRandom());
  const [wrap] = sealed.wraps;
  assert.ok(wrap);
  const flipped = (text: string) =>
    text.startsWith("A") ? `B${text.slice(1)}` : `A${text.slice(1)}`;
  const altered = [
    { ...sealed, body: flipped(sealed.body) },
    { ...sealed, wraps: [{ ...wrap, wrapped: flipped(wrap.wrapped) }] },
    { ...sealed, wraps: [{ ...wrap, wrapped: "" }] },
    { ...sealed, wraps: [] },
    { ...sealed, body: "" },
  ];
  for (const each of altered) assert.equal(openKeys(each, some), undefined);
  assert.equal(openKeys(sealed, { ...some, network: "cd".repeat(32) }), undefined);
  assert.ok(openKeys(sealed, some));
});
