import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId } from "../../../src/core/ids.ts";
import { parseRecordName, taskKey } from "../../../src/keeper/record-names.ts";
import { parseRunRecord } from "../../../src/keeper/run-record.ts";

test("a record's name tells instance, attempt, kind and exit status", () => {
  const key = taskKey(asInstanceId("00aa"), 12);
  assert.deepEqual(parseRecordName("00aa.12.exit.137"), {
    key,
    instance: "00aa",
    attempt: 12,
    kind: "exit",
    status: "137",
  });
  assert.equal(parseRecordName("00aa.12.run")?.kind, "run");
});

test("a file that is no record is none", () => {
  for (const name of ["", "00aa", "00aa.x.run", "00aa.1.exit", "00aa.1.run.new", "../a.1.run"]) {
    assert.equal(parseRecordName(name), undefined);
  }
});

const line = fc
  .record({
    pid: fc.nat(),
    ticks: fc.nat(),
    payload: fc.nat(),
    cgroup: fc.constantFrom("-", "/a b/c"),
  })
  .map((of) => ({ ...of, text: `${of.pid} ${of.ticks} ab-12 ${of.cgroup}\n${of.payload}\n` }));

test("a run record is read back as it was written", () => {
  fc.assert(
    fc.property(line, ({ pid, ticks, payload, cgroup, text }) => {
      assert.deepEqual(parseRunRecord(text), {
        kind: "claimed",
        shim: { pid, startTicks: ticks, bootId: "ab-12" },
        cgroup: cgroup === "-" ? undefined : cgroup,
        payloadPid: payload,
      });
    }),
  );
});

test("a line of a run record counts only when it is whole", () => {
  fc.assert(
    fc.property(line, fc.nat(), ({ text, pid, payload }, at) => {
      const cut = text.slice(0, at % text.length);
      const parsed = parseRunRecord(cut);
      if (!cut.includes("\n")) return assert.equal(parsed, undefined);
      assert.ok(parsed?.kind === "claimed" && parsed.shim.pid === pid);
      assert.equal(parsed.payloadPid, undefined, `${payload} is not whole`);
    }),
  );
});
