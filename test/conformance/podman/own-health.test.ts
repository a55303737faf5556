/** What Podman tells of a container whose image has a check, where systemd does not run. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { createPodman } from "../../../src/providers/podman/podman.ts";
import { checkedImage } from "../../support/busybox-root.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { PodmanEngine, whyNoPodman } from "../../support/podman-engine.ts";
import { containersUnderTest } from "../containers-under-test.ts";
import { running, startBench } from "../provider-bench.ts";

const skip = skipWithout(whyNoPodman());
let engine: PodmanEngine;

before(async () => {
  if (skip !== false) return;
  engine = await PodmanEngine.open();
  await engine.buildChecked();
  process.env["CONTAINER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

const hasSystemd = existsSync("/run/systemd/system") && "systemd runs here";

test("where systemd does not run, the check of an image counts for nothing, and it is said why", {
  skip: skip || hasSystemd,
}, async (t) => {
  const params = (script: string) => ({ image: checkedImage, args: ["sh", "-c", script] });
  const { provider, run } = await startBench(
    t,
    containersUnderTest("podman", import.meta.url, "CONTAINER_HOST", createPodman, { params }),
  );
  const found = await provider.probe();
  assert.ok(found.available && !found.features.includes("own-health"));
  assert.match(found.lacks?.["own-health"] ?? "", /systemd does not run here/);
  assert.equal(running((await run("sleep 1000")).task).health, undefined);
});
