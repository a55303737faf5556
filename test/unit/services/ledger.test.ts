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
  assert.deepEqual(told(ledger.reserve(one, memory(6e6), 50)), [[one, undefined]]);
  const refusal = "has 4MB of 10MB memory left, and 5MB are wanted";
  assert.deepEqual(told(ledger.reserve(two, memory(5e6), 50)), [[two, refusal]]);
  assert.deepEqual(told(ledger.release(one)), [[two, undefined]]);
  assert.deepEqual(ledger.reserved, memory(5e6));
});

test("who asks for more and does not get it has nothing, and others get what it had", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.reserve(one, memory(6e6), 50);
  ledger.reserve(two, memory(5e6), 50);
  const [own, other] = ledger.reserve(one, memory(11e6), 50);
  assert.match(own?.refusal ?? "", /11MB are wanted/);
  assert.deepEqual([other?.instance, other?.refusal], [two, undefined]);
});

test("those who wait are admitted in the order in which they asked, past those that do not fit", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.hold(one, memory(10e6));
  ledger.reserve(two, memory(11e6), 50);
  ledger.reserve(three, memory(3e6), 50);
  assert.deepEqual(told(ledger.release(one)), [[three, undefined]]);
  assert.deepEqual(ledger.waiting, [two]);
});

test("what comes free is kept for the most important that waits, and given in that order", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.hold(one, memory(10e6));
  ledger.reserve(two, memory(3e6), 10);
  ledger.reserve(three, memory(11e6), 90);
  const four = asInstanceId("4".repeat(16));
  ledger.reserve(four, memory(3e6), 90);
  assert.deepEqual(ledger.waiting, [three, four, two]);
  assert.deepEqual(told(ledger.release(one)), [[four, undefined]]);
  assert.deepEqual(ledger.waiting, [three, two]);
  assert.deepEqual(told(ledger.release(three)), [[two, undefined]]);
});

test("what is found running is booked though there is no room, and nothing more is admitted", () => {
  const ledger = new Ledger(memory(10e6));
  ledger.hold(one, memory(15e6));
  const [verdict] = ledger.reserve(two, memory(1), 50);
  assert.equal(verdict?.refusal, "has 0B of 10MB memory left, and 1B are wanted");
  const cpu = { memoryBytes: 0, milliCpus: 100 };
  assert.match(
    ledger.reserve(three, cpu, 50)[0]?.refusal ?? "",
    /has 0 of 0 CPUs left, and 0.1 are/,
  );
});

test("in any order of asking and giving back, what was admitted is never more than there is", () => {
  const instance = fc.constantFrom(one, two, three, asInstanceId("4".repeat(16)));
  const resources = fc.record({ memoryBytes: fc.nat(12), milliCpus: fc.nat(12) });
  const kind = fc.constantFrom("reserve", "release");
  const ask = fc.record({ kind, instance, resources, priority: fc.nat(2) });
  const capacity = { memoryBytes: 10, milliCpus: 10 };
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 60 }), (asked) => {
      const ledger = new Ledger(capacity);
      const has = new Map<InstanceId, Resources>();
      const waits = new Map<InstanceId, Resources>();
      const priorities = new Map<InstanceId, number>();
      for (const { kind: does, instance: who, resources: wanted, priority } of asked) {
        has.delete(who);
        waits.delete(who);
        priorities.set(who, priority);
        const verdicts =
          does === "reserve" ? ledger.reserve(who, wanted, priority) : ledger.release(who);
        for (const verdict of verdicts) {
          const to = verdict.refusal === undefined ? has : waits;
          waits.delete(verdict.instance);
          to.set(verdict.instance, verdict.resources);
        }
        const memoryBytes = [...has.values()].reduce((sum, each) => sum + each.memoryBytes, 0);
        const milliCpus = [...has.values()].reduce((sum, each) => sum + each.milliCpus, 0);
        assert.deepEqual(ledger.reserved, { memoryBytes, milliCpus });
        assert.ok(memoryBytes <= capacity.memoryBytes && milliCpus <= capacity.milliCpus);
        // No one waits for what there is, but behind the more important.
        const priorityMax = Math.max(...[...waits.keys()].map((id) => priorities.get(id) ?? 0));
        for (const [id, { memoryBytes: bytes, milliCpus: milli }] of waits) {
          const isBehind = (priorities.get(id) ?? 0) < priorityMax;
          assert.ok(isBehind || memoryBytes + bytes > 10 || milliCpus + milli > 10);
        }
      }
    }),
  );
});
