/** The conformance suite, run for kvm on real machines, and what machines alone have. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { makeInitramfs, whyNoGuest } from "../support/guest.ts";
import { kvmCases } from "./kvm-cases.ts";
import { underTest } from "./kvm-under-test.ts";
import { startBench } from "./provider-bench.ts";
import { describeProvider } from "./provider-suite.ts";

const why = skipWithout(whyNoGuest());
if (why !== false) test("kvm", { skip: why }, () => {});
else {
  const folder = mkdtempSync("/tmp/mob-kvm-");
  after(() => rmSync(folder, { recursive: true }));
  const initramfs = join(folder, "initramfs");
  makeInitramfs(initramfs);
  process.env["MOB_TEST_INITRAMFS"] = initramfs;
  describeProvider(underTest);
  for (const [name, run] of Object.entries(kvmCases)) {
    test(`a machine ${name}`, async (t) => run(await startBench(t, underTest)));
  }
}
