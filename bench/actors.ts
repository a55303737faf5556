/**
 * The actor layer against bare nact, in the same run: what links, monitors, bounds and typed errors
 * cost, and what working off a mailbox in batches gives back. Rounds alternate, and each side's median
 * counts, so that a noisy machine hits both alike.
 */
import { dispatch, query, spawn, start, stop } from "nact";
import { asNodeId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { realEnv } from "../src/node/real-env.ts";
import type { Behaviour } from "../src/otp/gen-server.ts";
import type { ActorRef } from "../src/otp/ref.ts";
import { supervisor } from "../src/otp/supervisor.ts";
import { type ActorSystem, createSystem } from "../src/otp/system.ts";
import { worker } from "../src/otp/worker.ts";
import type { BenchResult } from "./result.ts";

export const name = "actors";

const rounds = 7;
const castsARound = 100_000;
const callsARound = 10_000;
const callsAtOnce = 100;
const crashes = 300;
const idleActors = 5_000;

type Counter = {
  readonly add: { readonly request: number; readonly reply: number };
  readonly crash: { readonly request: undefined; readonly reply: never };
};

function counter(onInit: () => void = () => {}, onCrash: () => void = () => {}) {
  return (): Behaviour<number, Counter> => ({
    init() {
      onInit();
      return 0;
    },
    handlers: {
      add: (sum, n) => [sum + n, sum + n],
      crash() {
        onCrash();
        throw new RangeError("on purpose");
      },
    },
  });
}

export async function run(): Promise<BenchResult[]> {
  const system = createSystem({ node: asNodeId("bench"), boot: 1, env: realEnv(silentLog) });
  try {
    const results = await throughput(system);
    return [...results, await restartLatency(system), await idleMemory(system)];
  } finally {
    await system.shutdown();
  }
}

async function throughput(system: ActorSystem): Promise<BenchResult[]> {
  const ours = await system.start(worker({ behaviour: counter(), mailboxMax: castsARound + 1 }));
  const nact = start();
  const theirs = spawn(nact, bareCounter, "counter", { initialState: 0 });
  const ask = () => system.call(ours, "add", 1);
  const askNact = () => query(theirs, (sender) => ({ add: 1, sender }), 5_000);
  const casts: [number[], number[]] = [[], []];
  const calls: [number[], number[]] = [[], []];
  const lone: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    casts[0].push(await castRate(() => system.cast(ours, "add", 1), ask));
    casts[1].push(await castRate(() => dispatch(theirs, { add: 1 }), askNact));
    calls[0].push(await callRate(ask, callsAtOnce));
    calls[1].push(await callRate(askNact, callsAtOnce));
    lone[0].push(await callRate(ask, 1));
    lone[1].push(await callRate(askNact, 1));
  }
  stop(nact);
  await system.stop(ours);
  return [
    compared("casts", casts),
    compared(`calls, ${callsAtOnce} at once`, calls),
    compared("calls, one after the other", lone),
  ];
}

type NactMessage = { readonly add: number; readonly sender?: Parameters<typeof dispatch>[0] };

function bareCounter(sum: number, { add, sender }: NactMessage): number {
  if (sender !== undefined) dispatch(sender, sum + add);
  return sum + add;
}

/** Messages a second; the mailbox is in order, so a last call's answer tells that all are done. */
async function castRate(cast: () => void, last: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < castsARound; i++) cast();
  await last();
  return (castsARound * 1_000) / (performance.now() - startedAt);
}

async function callRate(call: () => Promise<unknown>, atOnce: number): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < callsARound; i += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, call));
  }
  return (callsARound * 1_000) / (performance.now() - startedAt);
}

/** From the throw in a handler to the new life's `init` having run. */
async function restartLatency(system: ActorSystem): Promise<BenchResult> {
  const latencies: number[] = [];
  let thrownAt = 0;
  let restarted = () => {};
  const child = worker({
    name: "crasher",
    behaviour: counter(
      () => {
        latencies.push((performance.now() - thrownAt) * 1_000);
        restarted();
      },
      () => {
        thrownAt = performance.now();
      },
    ),
  });
  const children = [{ id: "crasher", start: child }];
  const top = supervisor({ strategy: "one_for_one", intensity: crashes, children });
  const ref = await system.start(top);
  for (let i = 0; i < crashes; i++) {
    const again = new Promise<void>((resolve) => {
      restarted = resolve;
    });
    system.cast<Counter, "crash">("crasher", "crash", undefined);
    await again;
  }
  await system.stop(ref);
  const ours = median(latencies.slice(1)); // The first is no restart.
  return {
    metric: "crash to restart, median (lower is better)",
    unit: "µs",
    ours,
    goal: "under 50 µs",
    met: ours < 50,
  };
}

async function idleMemory(system: ActorSystem): Promise<BenchResult> {
  const definition = worker({ behaviour: counter() });
  const refs: ActorRef<Counter>[] = [];
  const before = heapBytes();
  for (let i = 0; i < idleActors; i++) refs.push(await system.start(definition));
  const ours = (heapBytes() - before) / idleActors;
  await Promise.all(refs.map((ref) => system.stop(ref)));
  return { metric: "memory of an idle actor (lower is better)", unit: "bytes", ours };
}

/** Exact with `--expose-gc`; without it, near enough over thousands of actors. */
function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function compared(what: string, [ours, theirs]: readonly [number[], number[]]): BenchResult {
  const value = median(theirs);
  const ratio = median(ours) / value;
  return {
    metric: `${what} (higher is better)`,
    unit: "1/s",
    ours: median(ours),
    reference: { name: "bare nact", value },
    ratio,
    goal: "at least 0.8 of bare nact",
    met: ratio >= 0.8,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
