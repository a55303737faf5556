/** What must be true of every provider that declares `own-health`. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asInstanceId } from "../../src/core/ids.ts";
import type { FoundTask, OwnHealth, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { type Bench, logs, running } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const instance = asInstanceId("8".repeat(16));

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

export const ownHealthCases: Readonly<Record<string, Case>> = {
  "tells the health of a task that tells it, each change and to whoever comes back": async (
    { provider, folder, mark, comeBack },
    tested,
  ) => {
    const file = join(folder, "healthy");
    const given = tested.checkedParams?.("sleep 1000", folder);
    const context = { service: "tested", attempt: 1, env: { TEST_MARK: mark }, logs };
    const handle = await provider.start(instance, provider.parseParams(given), context);
    const found = { instance, attempt: 1, handle };
    const health = await healthIn(provider, found);
    assert.equal(health.now.healthy, null);
    const told: (boolean | null)[] = [];
    health.watch(({ healthy }) => told.push(healthy));
    writeFileSync(file, "");
    await eventually(() => told.length === 1, "the first change");

    const other = await healthIn(await comeBack(), found);
    assert.equal(other.now.healthy, true);
    rmSync(file);
    await eventually(() => other.now.healthy === false && told.length === 2, "the second change");
    assert.deepEqual(told, [true, false]);
    assert.match(other.now.why ?? "", /\S/);
  },

  "tells nothing of the health of a task that does not tell it": async ({ run }) => {
    const { task } = await run("sleep 1000");
    assert.equal(running(task).health, undefined);
  },
};

async function healthIn(provider: Provider, found: FoundTask): Promise<OwnHealth> {
  const { health } = running(await provider.adopt(found));
  assert.ok(health !== undefined, "it tells nothing of its health");
  return health;
}
