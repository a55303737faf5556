/** Rings and keys as the tests of this room need them: the same in every run. */
import fc from "fast-check";
import type { Random } from "../../../src/core/env.ts";
import {
  firstRotation,
  type KeyRotation,
  keyBytes,
  liveKey,
  type NetworkKeyState,
} from "../../../src/trust/key-rotation.ts";
import type { NetworkKeys } from "../../../src/trust/key-text.ts";
import { Secret } from "../../../src/trust/secret.ts";

export const network = "ab".repeat(32);

/** The key of that number. */
export function keyOf(number: number): Secret {
  return new Secret(new Uint8Array(keyBytes).fill(number));
}

export function keysOf(ring: KeyRotation): NetworkKeys {
  return { network, ring };
}

/** A source of numbers that repeats itself from test to test. */
export function countingRandom(): Random {
  let last = 0;
  return () => {
    last = (last * 69_069 + 12_345) % 2 ** 32;
    return last / 2 ** 32;
  };
}

const states = fc
  .tuple(fc.nat(3), fc.nat(3), fc.boolean())
  .map(([number, revision, isRemoved]): NetworkKeyState => {
    const live = liveKey(keyOf(number + 1), revision);
    return isRemoved ? { id: live.id, revision, isRemoved } : live;
  });

/** Any ring at all over four keys, with one that is never removed. */
export const anyRing: fc.Arbitrary<KeyRotation> = fc
  .array(states, { maxLength: 6 })
  .map(
    (keys) => new Map([...firstRotation(keyOf(9)), ...keys.map((key) => [key.id, key] as const)]),
  );
