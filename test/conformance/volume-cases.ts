/** What must be true of every provider that declares `volumes`. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asInstanceId } from "../../src/core/ids.ts";
import { type Bench, exitOf, logs } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const instance = asInstanceId("7".repeat(16));

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

export const volumeCases: Readonly<Record<string, Case>> = {
  "gives a task its volume where it is to find it, start after start, and leaves its data alone":
    async ({ provider, folder, mark }, tested) => {
      const data = join(folder, "volume-data");
      mkdirSync(data);
      writeFileSync(join(data, "lines"), "before\n");
      for (const [attempt, at] of [join(folder, "found"), join(folder, "elsewhere")].entries()) {
        const params = provider.parseParams(tested.params(`echo ${attempt} >>${at}/lines`, folder));
        const volumes = [{ name: "data", folder: data, at }];
        const context = { service: "tested", attempt: attempt + 1, env: { TEST_MARK: mark }, logs };
        const handle = await provider.start(instance, params, { ...context, volumes });
        const found = { instance, attempt: attempt + 1, handle };
        assert.deepEqual(await exitOf(await provider.adopt(found)), { kind: "exited", code: 0 });
      }
      await provider.remove(instance);
      assert.equal(readFileSync(join(data, "lines"), "utf8"), "before\n0\n1\n");
      for (const name of ["found", "elsewhere"]) {
        const isFolder = lstatSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory();
        assert.notEqual(isFolder, false, `${name} is a link that was left behind`);
      }
    },
};
