/**
 * Flushes one after the other, as one client makes them: with the log in front of the database, against the
 * database alone in the same run. The whole cost: what was logged is moved to the database meanwhile.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../src/core/log.ts";
import { realEnv } from "../src/node/real-env.ts";
import { BatchedStorage } from "../src/storage/batched.ts";
import { openDisk } from "../src/storage/disk.ts";
import { openLmdb } from "../src/storage/lmdb.ts";
import type { Storage } from "../src/storage/storage.ts";
import type { BenchResult } from "./result.ts";
import { cpuSeconds, percentile } from "./statistics.ts";

export const name = "flushes";

const turns = 5;
const flushesATurn = 2_000;
const keyCount = 1_000;
/** As a record of 256 bytes is on disk. */
const value = new Uint8Array(600);

export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const logged = openDisk(join(folder, "logged"), realEnv(silentLog));
  const bare = new BatchedStorage(openLmdb(join(folder, "bare")));
  try {
    const [ours, theirs] = [new Measured(logged), new Measured(bare)];
    for (let turn = 0; turn < turns; turn++) for (const one of [ours, theirs]) await one.measure();
    const line = (metric: string, unit: string, of: (one: Measured) => number): BenchResult => {
      const reference = { name: "LMDB alone", value: of(theirs) };
      return { metric, unit, ours: of(ours), reference, ratio: of(ours) / reference.value };
    };
    return [
      line("a flush: median", "ms", ({ times }) => percentile(times, 0.5)),
      line("a flush: p99", "ms", ({ times }) => percentile(times, 0.99)),
      line("a flush: longest", "ms", ({ times }) => Math.max(...times)),
      line("processor time of a flush", "ms", ({ times, cpuMs }) => cpuMs / times.length),
    ];
  } finally {
    await Promise.all([logged.close(), bare.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

class Measured {
  readonly times: number[] = [];
  cpuMs = 0;
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async measure(): Promise<void> {
    const cpuBefore = cpuSeconds();
    for (let n = 0; n < flushesATurn; n++) {
      this.#storage.put(`s/0001/bench/${n % keyCount}`, value);
      const beganAt = performance.now();
      await this.#storage.flush();
      this.times.push(performance.now() - beganAt);
    }
    this.cpuMs += (cpuSeconds() - cpuBefore) * 1_000;
  }
}
