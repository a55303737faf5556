import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId, asNodeId } from "../../../src/core/ids.ts";
import { sumOf } from "../../../src/core/resources.ts";
import { type Booking, Bookings } from "../../../src/services/bookings.ts";

const nodes = ["a", "b"].map(asNodeId);
const instances = ["1", "2", "3"].map(asInstanceId);

test("whatever was booked, in place of what: a node's sum is that of what its instances have", () => {
  const booking: fc.Arbitrary<Booking> = fc.record({
    node: fc.constantFrom(...nodes),
    instance: fc.constantFrom(...instances),
    resources: fc.record({ memoryBytes: fc.nat(2 ** 40), milliCpus: fc.nat(1_000) }),
  });
  fc.assert(
    fc.property(fc.array(booking), (all) => {
      const bookings = new Bookings();
      for (const one of all) bookings.book(one);
      for (const node of nodes) {
        for (const besides of [undefined, ...instances]) {
          const last = instances.flatMap((instance) => {
            const own = all.findLast((one) => one.node === node && one.instance === instance);
            return own === undefined || instance === besides ? [] : [own.resources];
          });
          assert.deepEqual(bookings.on(node, besides), sumOf(last));
        }
      }
    }),
  );
});
