import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId, type InstanceId } from "../../../src/core/ids.ts";
import type { Resources } from "../../../src/core/resources.ts";
import { Ledger, type Verdict } from "../../../src/services/ledger.ts";

const [one, two, three] = ["1", "2", "3"].map((digit) => asInstanceId(digit.repeat(16))) as [
  InstanceId,
  InstanceId,
  InstanceId,
];
const memory = (memoryBytes: number): Resources => ({ memoryBytes, milliCpus: 0 });
const told = (verdicts: readonly Verdict[]) =>
  verdicts.map(({ instance, refusal }) => [instance, refusal]);

test("what does not fit is refused with the numbers, and told once there is room", () => {
  const ledger = new Ledger(memory(10e6));
  assert.deepEqual(told(ledger.reserve(one, memory(6e6))), [[one, undefined]]);
  const refusal = "has 4MB of 10MB memory left, and 5MB are wanted";
  assert.deepEqual(told(ledger.reserve(two, memory(5e6))), [[two, refusal]]);
  assert.deepEqual(told(ledger.release(one)), [[two, undefined]]);
  assert.deepEqual(ledger.reserved, memory(5e6));
});

test("who asks for more and does not get it has nothing, and others get what it had", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.reserve(one, memory(6e6));
  ledger.reserve(two, memory(5e6));
  const [own, other] = ledger.reserve(one, memory(11e6));
  assert.match(own?.refusal ?? "", /11MB are wanted/);
  assert.deepEqual([other?.instance, other?.refusal], [two, undefined]);
});

test("those who wait are admitted in the order in which they asked, past those that do not fit", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.hold(one, memory(10e6));
  ledger.reserve(two, memory(11e6));
  ledger.reserve(three, memory(3e6));
  assert.deepEqual(told(ledger.release(one)), [[three, undefined]]);
  assert.deepEqual(ledger.waiting, [two]);
});

test("what is found running is booked though there is no room, and nothing more is admitted", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.hold(one, memory(15e6));
  const [verdict] = ledger.reserve(two, memory(1));
  assert.equal(verdict?.refusal, "has 0B of 10MB memory left, and 1B are wanted");
  const cpu = { memoryBytes: 0, milliCpus: 100 };
  assert.match(ledger.reserve(three, cpu)[0]?.refusal ?? "", /has 0 of 0 CPUs left, and 0.1 are/);
});

test("in any order of asking and giving back, what was admitted is never more than there is", () => {
  const instance = fc.constantFrom(one, two, three, asInstanceId("4".repeat(16)));
  const resources = fc.record({ memoryBytes: fc.nat(12), milliCpus: fc.nat(12) });
  const ask = fc.record({ kind: fc.constantFrom("reserve", "release"), instance, resources });
  const capacity = { memoryBytes: 10, milliCpus: 10 };
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 60 }), (asked) => {
      const ledger = new Ledger(capacity);
      const has = new Map<InstanceId, Resources>();
      const waits = new Map<InstanceId, Resources>();
      for (const { kind, instance: who, resources: wanted } of asked) {
        has.delete(who);
        waits.delete(who);
        const verdicts = kind === "reserve" ? ledger.reserve(who, wanted) : ledger.release(who);
        for (const verdict of verdicts) {
          const to = verdict.refusal === undefined ? has : waits;
          waits.delete(verdict.instance);
          to.set(verdict.instance, verdict.resources);
        }
        const memoryBytes = [...has.values()].reduce((sum, each) => sum + each.memoryBytes, 0);
        const milliCpus = [...has.values()].reduce((sum, each) => sum + each.milliCpus, 0);
        assert.deepEqual(ledger.reserved, { memoryBytes, milliCpus });
        assert.ok(memoryBytes <= capacity.memoryBytes && milliCpus <= capacity.milliCpus);
        // No one waits for what there is.
        for (const { memoryBytes: bytes, milliCpus: milli } of waits.values()) {
          assert.ok(memoryBytes + bytes > 10 || milliCpus + milli > 10);
        }
      }
    }),
  );
});
