import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Conflict, NotFound } from "../../../src/core/errors.ts";
import {
  digestOf,
  firstRotation,
  includes,
  installKey,
  type KeyRotation,
  keyIdOf,
  liveKeys,
  liveKeysMax,
  mergeRotations,
  removeKey,
  replaceKeys,
  usedKey,
  useKey,
} from "../../../src/trust/key-rotation.ts";
import { anyRing, keyOf } from "./rings.ts";

const [first, second, third] = [1, 2, 3].map((number) => keyIdOf(keyOf(number))) as [
  string,
  string,
  string,
];
const ofOne = firstRotation(keyOf(1));
const ofTwo = installKey(ofOne, keyOf(2));

function others(...rings: readonly (KeyRotation | undefined)[]) {
  return rings.map((ring, i) => ({ name: `n${i}`, digest: ring && digestOf(ring) }));
}

test("merging rings is commutative, associative and idempotent", () => {
  fc.assert(
    fc.property(anyRing, anyRing, anyRing, (a, b, c) => {
      const same = (x: KeyRotation, y: KeyRotation) => assert.deepEqual(digestOf(x), digestOf(y));
      same(mergeRotations(a, b), mergeRotations(b, a));
      same(mergeRotations(mergeRotations(a, b), c), mergeRotations(a, mergeRotations(b, c)));
      same(mergeRotations(a, a), a);
      same(mergeRotations(mergeRotations(a, b), b), mergeRotations(a, b));
    }),
  );
});

test("a merged ring includes both, and a ring that includes another gains nothing from it", () => {
  fc.assert(
    fc.property(anyRing, anyRing, (a, b) => {
      const merged = mergeRotations(a, b);
      assert.ok(includes(merged, digestOf(a)) && includes(merged, digestOf(b)));
      assert.equal(
        includes(a, digestOf(b)),
        JSON.stringify(digestOf(merged)) === JSON.stringify(digestOf(a)),
      );
    }),
  );
});

test("a key goes from installed to used to removed", () => {
  assert.equal(usedKey(ofTwo).id, first);
  assert.deepEqual(new Set(liveKeys(ofTwo).map(({ id }) => id)), new Set([first, second]));

  const used = useKey(ofTwo, second, others(ofTwo));
  assert.equal(usedKey(used).id, second);
  assert.equal(liveKeys(used).length, 2);

  const removed = removeKey(used, first, others(used));
  assert.deepEqual(
    liveKeys(removed).map(({ id }) => id),
    [second],
  );
  assert.deepEqual(removed.get(first), { id: first, revision: 1, isRemoved: true });
});

test("a key is named by how its id begins, and one that no key begins with is not found", () => {
  assert.equal(usedKey(useKey(ofTwo, second.slice(0, 4), [])).id, second);
  assert.throws(() => useKey(ofTwo, "nothing", []), NotFound);
  assert.throws(() => useKey(ofTwo, "", []), NotFound);
});

test("a key is not used before every other live node holds it, and those that do not are named", () => {
  assert.throws(() => useKey(ofTwo, second, others(ofTwo, ofOne, undefined)), {
    message: `key ${second} cannot be used yet: n1 do not hold it; n2 could not be asked`,
  });
});

test("a key is not removed before every other live node uses the new one", () => {
  const used = useKey(ofTwo, second, []);
  assert.throws(() => removeKey(used, first, others(used, ofTwo)), {
    message: `key ${first} cannot be removed yet: n1 do not use ${second}`,
  });
});

test("the key in use cannot be removed, and removing a removed one finds none", () => {
  assert.throws(() => removeKey(ofTwo, first, []), Conflict);
  const removed = removeKey(ofTwo, second, []);
  assert.throws(() => removeKey(removed, second, []), NotFound);
});

test("a removed key does not come back with a node that has not heard of it", () => {
  const rotated = removeKey(useKey(ofTwo, second, []), first, []);
  assert.equal(liveKeys(mergeRotations(rotated, ofTwo)).length, 1);
});

test("a key that one side removes while the other takes it into use stays", () => {
  const used = useKey(ofTwo, second, others(ofTwo));
  const removed = removeKey(ofTwo, second, others(ofTwo));
  assert.equal(usedKey(mergeRotations(used, removed)).id, second);
});

test("two sides that use different keys agree on one of them", () => {
  const ofThree = installKey(ofTwo, keyOf(3));
  const [a, b] = [useKey(ofThree, second, []), useKey(ofThree, third, [])];
  assert.equal(usedKey(mergeRotations(a, b)).id, usedKey(mergeRotations(b, a)).id);
});

test("there are at most so many keys at a time", () => {
  let ring = ofOne;
  for (let i = 1; i < liveKeysMax; i++) ring = installKey(ring, keyOf(10 + i));
  assert.throws(() => installKey(ring, keyOf(99)), Conflict);
});

test("after a leak one fresh key takes the place of all, also where the old ones are still held", () => {
  const replaced = replaceKeys(ofTwo, keyOf(3));
  assert.deepEqual(
    liveKeys(mergeRotations(replaced, ofTwo)).map(({ id }) => id),
    [third],
  );
});
