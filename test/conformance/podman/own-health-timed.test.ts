/** What Podman tells of a container whose image has a check, where systemd runs, whose timers run the checks. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { podmanConfiguration, whyNoPodman } from "../../support/podman-engine.ts";
import { Systemd, whyNoSystemd } from "../../support/systemd.ts";

const skip = skipWithout(whyNoPodman() || whyNoSystemd());
let systemd: Systemd;

before(async () => {
  if (skip === false) systemd = await Systemd.open(podmanConfiguration);
});
after(() => systemd?.close());

test("where systemd runs, the health of a container is told, each change of it, and that it is gone", {
  skip,
}, async () => {
  const file = join(root, "test/conformance/podman/health-where-systemd-runs.ts");
  const node = [process.execPath, "--import", "tsx", "--test", "--test-reporter=tap", file];
  // A runner of tests within one says nothing unless it does not know.
  const env = ["env", "-u", "NODE_TEST_CONTEXT", `--chdir=${root}`];
  const { code, text } = await systemd.run(...env, ...node);
  assert.equal(code, 0, text);
  assert.match(text, /^# pass [2-9]/m);
  assert.match(text, /^# skipped 0$/m);
});
