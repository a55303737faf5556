/** What must be true of every provider that declares `pause`. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../../src/core/ids.ts";
import type { Pausing, Provider, Task } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { type Bench, exitOf, logs, type Ran, running } from "./provider-bench.ts";

const instance = asInstanceId("9".repeat(16));
/** Ten a second, and has a last word when it is told to end. */
const counting = `trap 'echo told; exit 3' TERM
n=0; while :; do n=$((n + 1)); echo "at $n"; sleep 0.1; done`;
/** Emulated machines take their time. */
const countsMsMax = 300_000;

type Case = (bench: Bench) => Promise<void>;

export const pauseCases: Readonly<Record<string, Case>> = {
  "has a task stand still, and go on as it was, and tells each change": async (bench) => {
    const ran = await bench.run(counting, instance);
    const pausing = pausingOf(running(ran.task));
    const told: boolean[] = [];
    pausing.watch((isPaused) => told.push(isPaused));
    assert.equal(pausing.now, false);
    await countsBeyond(bench.provider, 3);
    await pausing.pause();
    await pausing.pause();
    // Others run on meanwhile. What it had printed when it was paused may be on its way.
    await exitOf((await bench.run("sleep 1")).task);
    const stood = await counted(bench.provider);
    await setTimeout(2_000); // For twenty numbers, if it did not stand still.
    assert.equal(await counted(bench.provider), stood);
    await pausing.resume();
    await pausing.resume();
    await countsBeyond(bench.provider, stood + 2);
    assert.deepEqual(told, [true, false]);
    assert.deepEqual(await handleOf(bench.provider, ran), ran.handle);
  },

  "is found paused by whoever takes it over, and goes on for them": async (bench) => {
    const before = running((await bench.run(counting, instance)).task);
    await pausingOf(before).pause();
    before.release();
    const provider = await bench.comeBack();
    const [found] = await provider.list(instance);
    assert.ok(found !== undefined);
    const pausing = pausingOf(running(await provider.adopt(found)));
    assert.equal(pausing.now, true);
    const stood = await counted(provider);
    await pausing.resume();
    assert.equal(pausing.now, false);
    await countsBeyond(provider, stood + 2);
    await pausing.pause(); // And once more, by them.
    assert.equal(pausing.now, true);
  },

  "wakes what is paused when it is stopped, and has it end by its signal": async (bench) => {
    const task = running((await bench.run(counting, instance)).task);
    await countsBeyond(bench.provider, 1);
    await pausingOf(task).pause();
    await task.stop({ signal: "SIGTERM", graceMs: 60_000 });
    assert.match(await printedLast(bench.provider), /^told\r?$/m);
  },

  "removes what is paused": async ({ provider, run }) => {
    await pausingOf(running((await run("sleep 1000", instance)).task)).pause();
    await provider.remove(instance);
    assert.deepEqual(await provider.list(instance), []);
  },
};

function pausingOf({ pausing }: Task): Pausing {
  assert.ok(pausing !== undefined, "it cannot be paused");
  return pausing;
}

/** The last number that it has printed; 0: none. */
async function counted(provider: Provider): Promise<number> {
  const numbers = (await printedLast(provider)).matchAll(/^at (\d+)\r?\n/gm);
  return Number([...numbers].at(-1)?.[1] ?? 0);
}

async function printedLast(provider: Provider): Promise<string> {
  const output = await provider.output(instance, logs);
  try {
    const { bytes } = await output.read(await output.tail(20), 10_000);
    return Buffer.from(bytes).toString();
  } finally {
    await output.close();
  }
}

function countsBeyond(provider: Provider, number: number) {
  const isBeyond = async () => (await counted(provider)) > number;
  return eventually(isBeyond, `a number beyond ${number}`, countsMsMax);
}

async function handleOf(provider: Provider, { instance: of }: Ran) {
  const [found] = await provider.list(of);
  return found?.handle;
}
