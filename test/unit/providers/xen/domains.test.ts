import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUse } from "../../../../src/providers/xen/domains.ts";

const header = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n";

test("what a domain uses is in its line of xl list", () => {
  const list = `${header}mob-a-b.1                                    7    96     1     -b----      12.3\n`;
  assert.deepEqual(parseUse("mob-a-b.1", list), {
    cpuMs: 12_300,
    memoryBytes: 96 * 1_024 * 1_024,
  });
});

test("a list without its line, or with another's, tells nothing of it", () => {
  assert.equal(parseUse("mob-a-b.1", header), undefined);
  const other = `${header}mob-a-b.10     8    96     1     r-----       0.4\n`;
  assert.equal(parseUse("mob-a-b.1", other), undefined);
  assert.equal(parseUse("mob-a-b.1", `${header}mob-a-b.1 is gone\n`), undefined);
});
