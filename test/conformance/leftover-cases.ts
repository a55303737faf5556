/** What must be true of a provider whose engine shows what other nodes have started. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { MobError } from "../../src/core/errors.ts";
import type { Leftover, Leftovers, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { processAlive } from "../support/process-alive.ts";
import { type Bench, type Owner, running } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

const forever = "exec sleep 1000";

function leftoversOf({ leftovers }: Provider): Leftovers {
  assert.ok(leftovers !== undefined, "it finds no leftovers");
  return leftovers;
}

/** What the bench's provider finds of owners below the bench's folder: the machine may have others. */
async function found({ provider, folder }: Bench): Promise<readonly Leftover[]> {
  const all = await patiently(() => leftoversOf(provider).list());
  return all.filter((leftover) => leftover.folder?.startsWith(`${folder}/`));
}

/** The pid of the one task of an owner. */
async function taskOf({ lines }: Owner): Promise<number> {
  return Number((await eventually(() => lines[0], "a task that runs")).split(" ")[0]);
}

/** Whatever the case came to, nothing of its owners is left. */
async function removeAll(bench: Bench, owners: readonly Owner[]): Promise<void> {
  for (const owner of owners) await owner.kill();
  for (const { id, folder = "" } of await found(bench)) {
    await rm(folder, { recursive: true, force: true });
    await patiently(() => leftoversOf(bench.provider).remove(id));
  }
}

/** An engine that is emulated, or on a busy machine, may not answer just now. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const { value } = await eventually(async () => {
    try {
      return { value: await ask() };
    } catch (error) {
      if (error instanceof MobError && error.code === "unavailable") return undefined;
      throw error;
    }
  }, "an answer of the engine");
  return value;
}

export const leftoverCases: Readonly<Record<string, Case>> = {
  "leftovers of a dead network found and reported": async (bench, { below = "" }) => {
    const { provider, folder } = bench;
    const folderOf = (owner: string) => join(folder, owner, below);
    const leftovers = leftoversOf(provider);
    const own = running((await bench.run(forever)).task);
    const dead = await bench.startOwner(1, forever, "dead");
    const neighbour = await bench.startOwner(1, forever, "neighbour");
    try {
      const [deadPid, neighbourPid] = [await taskOf(dead), await taskOf(neighbour)];
      // One that execs just now, on a busy machine, is seen by the next look.
      const shown = await eventually(async () => {
        const seen = await found(bench);
        return seen.length >= 2 && seen;
      }, "both to be found");
      assert.deepEqual(shown.map((one) => [one.folder, one.attempt, one.isOrphan]).sort(), [
        [folderOf("dead"), 1, false],
        [folderOf("neighbour"), 1, false],
      ]);

      await dead.kill();
      for (const { id } of await found(bench)) {
        // An engine on a busy machine may not answer just now.
        await eventually(async () => {
          const error = await leftovers.remove(id).catch((thrown: unknown) => thrown);
          assert.ok(error instanceof MobError, "it was removed");
          return error.code === "conflict";
        }, "its refusal");
      }
      await rm(join(folder, "dead"), { recursive: true });
      const orphans = (await found(bench)).filter(({ isOrphan }) => isOrphan);
      assert.deepEqual(
        orphans.map((one) => one.folder),
        [folderOf("dead")],
      );
      const [orphan] = orphans;
      assert.ok(orphan !== undefined);
      assert.ok(Math.abs((orphan.startedAt ?? 0) - Date.now()) < 600_000);
      assert.ok(processAlive(deadPid));

      await patiently(() => leftovers.remove(orphan.id));
      await patiently(() => leftovers.remove(orphan.id));
      assert.ok(!processAlive(deadPid));
      assert.deepEqual(
        (await found(bench)).map((one) => one.folder),
        [folderOf("neighbour")],
      );
      assert.ok(processAlive(neighbourPid));
      assert.ok(processAlive(Number(own.handle["pid"])));
    } finally {
      await removeAll(bench, [dead, neighbour]);
    }
  },
};
