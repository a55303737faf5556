/**
 * The same, against a STAND-IN for rkt, which can be had no more (see test/support/rkt-stand-in.sh): that the provider
 * does what its suite asks as long as rkt does what its manual pages say. rkt.test.ts runs rkt itself.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { makeImage, standIn, whyNoPods } from "../support/rkt-host.ts";
import { startBench } from "./provider-bench.ts";
import { describeProvider } from "./provider-suite.ts";
import { rktCases } from "./rkt-cases.ts";
import { underTest } from "./rkt-under-test.ts";

const name = "rkt, by a stand-in";
const why = skipWithout(whyNoPods());
if (why !== false) test(name, { skip: why }, () => {});
else {
  const folder = mkdtempSync(join(tmpdir(), "mob-test-"));
  after(() => rmSync(folder, { recursive: true }));
  for (const part of ["image", "rkt"]) mkdirSync(join(folder, part));
  makeImage(join(folder, "image"));
  standIn(join(folder, "rkt"));
  describeProvider({ ...underTest, name });
  for (const [name, run] of Object.entries(rktCases)) {
    test(`a pod, by a stand-in, ${name}`, async (t) => run(await startBench(t, underTest)));
  }
}
