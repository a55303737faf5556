/** The conformance suite, run for xen on a real Xen host, and what domains alone have. */
import { after, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { whyNoXen, XenHost } from "../support/xen-host.ts";
import { startBench } from "./provider-bench.ts";
import { describeProvider } from "./provider-suite.ts";
import { xenCases } from "./xen-cases.ts";
import { underTest } from "./xen-under-test.ts";

const why = skipWithout(whyNoXen());
if (why !== false) test("xen", { skip: why }, () => {});
else {
  const host = await XenHost.open();
  after(() => host.close());
  process.env["MOB_XEN_SHELL"] = host.shell;
  describeProvider(underTest);
  for (const [name, run] of Object.entries(xenCases)) {
    test(`a domain ${name}`, async (t) => run(await startBench(t, underTest), host));
  }
}
