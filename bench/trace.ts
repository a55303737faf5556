/**
 * What a trace costs the actor that is looked at: messages a second while a session traces it, as a
 * ratio to the same actor untraced, in rounds that alternate. The trace is the real one: the inspector
 * keeps what is shown within the rate, and a session of the same node reads it all the while.
 */
import { type InspectorProtocol, inspector } from "../src/actors/inspector.ts";
import { traceLimits } from "../src/actors/inspector-protocol.ts";
import { names } from "../src/actors/names.ts";
import { asNodeId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { realEnv } from "../src/node/real-env.ts";
import type { Behaviour } from "../src/otp/gen-server.ts";
import type { Protocol } from "../src/otp/protocol.ts";
import type { ActorRef } from "../src/otp/ref.ts";
import { type ActorSystem, createSystem } from "../src/otp/system.ts";
import { worker } from "../src/otp/worker.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

export const name = "trace";

const rounds = 21;
const castsAtOnce = 50_000;
const batchesARound = 20;

type Counter = { readonly add: { readonly request: object; readonly reply: number } };

const counter = (): Behaviour<number, Counter> => ({
  init: () => 0,
  handlers: { add: (sum) => [sum + 1, sum + 1] },
});
const session = (): Behaviour<null, Protocol> => ({ init: () => null, handlers: {} });

export async function run(): Promise<BenchResult[]> {
  const system = createSystem({ node: asNodeId("bench"), boot: 1, env: realEnv(silentLog) });
  try {
    await system.start(worker({ name: names.inspector, behaviour: inspector }));
    const owner = await system.start(worker({ behaviour: session }));
    const busy = await system.start(
      worker({ name: "busy", behaviour: counter, mailboxMax: castsAtOnce + 1 }),
    );
    const results: BenchResult[] = [];
    for (const perSecondMax of [100, traceLimits.perSecondMax]) {
      results.push(...(await compare(system, busy, owner, perSecondMax)));
    }
    return results;
  } finally {
    await system.shutdown();
  }
}

async function compare(
  system: ActorSystem,
  busy: ActorRef<Counter>,
  owner: ActorRef<unknown>,
  perSecondMax: number,
): Promise<BenchResult[]> {
  const ratios: number[] = [];
  const traced: number[] = [];
  const untraced: number[] = [];
  const shown: number[] = [];
  await rate(system, busy);
  for (let round = 0; round < rounds; round++) {
    // One after the other, and each first as often as the other: what drifts hits both.
    const pair = [0, 0];
    for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const stop = at === 0 ? await startTrace(system, owner, perSecondMax) : undefined;
      pair[at] = await rate(system, busy);
      if (stop !== undefined) shown.push(await stop());
    }
    const [on = 0, off = 0] = pair;
    traced.push(on);
    untraced.push(off);
    ratios.push(on / off);
  }
  const ratio = median(ratios);
  const cost: BenchResult = {
    metric: `messages of a busy actor, traced at ${perSecondMax} a second (higher is better)`,
    unit: "1/s",
    ours: median(traced),
    reference: { name: "untraced", value: median(untraced) },
    ratio,
    goal: "at least 0.95 of untraced",
    met: ratio >= 0.95,
  };
  const reached: BenchResult = {
    metric: "of them shown in a round, of about a second: the rate is reached",
    unit: "",
    ours: median(shown),
    goal: `at least ${perSecondMax}`,
    met: median(shown) >= perSecondMax,
  };
  return [cost, reached];
}

/** Reads the trace all the while, as a session does. Ended, it tells how many messages were shown. */
async function startTrace(
  system: ActorSystem,
  owner: ActorRef<unknown>,
  perSecondMax: number,
): Promise<() => Promise<number>> {
  const ask = <M extends keyof InspectorProtocol & string>(
    method: M,
    request: InspectorProtocol[M]["request"],
  ) => system.call<InspectorProtocol, M>(names.inspector, method, request, { timeoutMs: 60_000 });
  const bounds = { messagesMax: 100_000, perSecondMax, content: true };
  const { trace } = await ask("startTrace", { target: "busy", ...bounds, owner });
  let isOn = true;
  let shown = 0;
  const reading = (async () => {
    while (isOn) shown += (await ask("readTrace", { trace, waitMs: 30_000 })).records.length;
  })();
  return async () => {
    isOn = false;
    await ask("stopTrace", { trace });
    await reading;
    return shown;
  };
}

/** Messages a second; the mailbox is in order, so a last call's answer tells that all are done. */
async function rate(system: ActorSystem, busy: ActorRef<Counter>): Promise<number> {
  const startedAt = performance.now();
  for (let batch = 0; batch < batchesARound; batch++) {
    for (let i = 0; i < castsAtOnce; i++) system.cast(busy, "add", { name: "web", count: i });
    await system.call(busy, "add", {});
  }
  return (batchesARound * castsAtOnce * 1_000) / (performance.now() - startedAt);
}
