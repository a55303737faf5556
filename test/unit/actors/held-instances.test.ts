import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Held, HeldInstances } from "../../../src/actors/held-instances.ts";
import { asInstanceId } from "../../../src/core/ids.ts";

const groups = ["a", "b", "c"];
const ids = ["one", "two", "three"].map((text) => asInstanceId(text));

/** Only what an instance is found by counts here. */
function held(instance: string, of: readonly string[]): Held {
  return { placement: { instance }, monitor: undefined, groups: of } as unknown as Held;
}

test("whatever is added, turned to other groups and deleted, those that heed a group are found", () => {
  const operation = fc.record({
    kind: fc.constantFrom("add", "heed", "delete"),
    instance: fc.constantFrom(...ids),
    of: fc.uniqueArray(fc.constantFrom(...groups)),
  });
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const instances = new HeldInstances();
      const expected = new Map<string, readonly string[]>();
      for (const { kind, instance, of } of operations) {
        const known = instances.get(instance);
        if (kind === "delete") {
          instances.delete(instance);
          expected.delete(instance);
        } else if (known === undefined) {
          instances.add(held(instance, of));
          expected.set(instance, of);
        } else {
          instances.heed(known, of);
          expected.set(instance, of);
        }
      }
      assert.deepEqual([...instances.instances()].sort(), [...expected.keys()].sort());
      for (const asked of [["a"], ["b", "c"], groups, []]) {
        const found = instances.heeding(asked).map(({ placement }) => placement.instance);
        const heed = [...expected].filter(([, of]) => asked.some((group) => of.includes(group)));
        assert.deepEqual([...found].sort(), heed.map(([instance]) => instance).sort());
      }
    }),
  );
});
