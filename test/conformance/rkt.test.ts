/** The conformance suite, run for rkt itself, and what pods alone have: where somebody has built one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeImage, rktVariable, whyNoPods } from "../support/rkt-host.ts";
import { startBench } from "./provider-bench.ts";
import { describeProvider } from "./provider-suite.ts";
import { rktCases } from "./rkt-cases.ts";
import { underTest } from "./rkt-under-test.ts";

const isNamed = (process.env[rktVariable] ?? "") !== "";
const why = isNamed
  ? whyNoPods()
  : `${rktVariable} names no folder with a built rkt (bin/rkt, lib/stage1-fly.aci), which no package has`;
if (why !== false) test("rkt", { skip: why }, () => {});
else {
  const folder = mkdtempSync(join(tmpdir(), "mob-test-"));
  after(() => rmSync(folder, { recursive: true }));
  makeImage(folder);
  describeProvider(underTest);
  for (const [name, run] of Object.entries(rktCases)) {
    test(`a pod ${name}`, async (t) => run(await startBench(t, underTest)));
  }
}
