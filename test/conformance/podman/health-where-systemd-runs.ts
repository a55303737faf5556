/** What own-health-timed.test.ts runs where systemd does: the cases of providers with own health, on a Podman there. */
import { after, before, test } from "node:test";
import { PodmanEngine } from "../../support/podman-engine.ts";
import { ownHealthCases } from "../own-health-cases.ts";
import { startBench } from "../provider-bench.ts";
import { underTest } from "./under-test.ts";

/** Podman counts no failure in the start period, also after it was healthy; its timers are late by up to a second. */
const check =
  "HEALTHCHECK --interval=1s --retries=5 CMD test -e /checked/healthy || { echo no file; exit 3; }";

let engine: PodmanEngine;

before(async () => {
  engine = await PodmanEngine.open({ isDefault: true });
  await engine.buildChecked(check);
  process.env["CONTAINER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

for (const [name, run] of Object.entries(ownHealthCases)) {
  test(name, async (t) => run(await startBench(t, underTest), underTest));
}
