/**
 * Tells what tasks of this node use, to whoever asks, from any node. It looks twice, a second apart, at all of them at
 * once, and never by itself: nothing is spent while nobody wants to know.
 */
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, Conflict, messageOf, Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { type Behaviour, replyLater, type Self } from "../otp/gen-server.ts";
import type { Provider, TaskStats } from "../providers/provider.ts";
import { providerWorkerName } from "./names.ts";
import { doubt } from "./provider-watch.ts";
import type { ProviderWorkerProtocol } from "./provider-worker-protocol.ts";

/** Instances of one question: their answers fit a frame. */
export const measuredMax = 1_000;
/** Longest that an instance may take to be measured: an engine may not answer. */
export const measureMsMax = 10_000;
/** Between the two looks. */
const betweenMs = 1_000;

const MeasureRequest = Type.Object({
  instances: Type.Array(Type.Unsafe<InstanceId>(Type.String({ maxLength: 64 })), {
    maxItems: measuredMax,
  }),
});
const isMeasure = Compile(MeasureRequest);

/** What a task uses, and what it may. */
export interface Use extends TaskStats {
  /** Of one CPU, over the time between two looks: 250 is two and a half. */
  readonly cpuPercent: number;
  /** 0 of each: as much as there is. */
  readonly limits: Resources;
  /** By the clock of its node. */
  readonly uptimeMs: number;
}

export type Measured = { readonly instance: InstanceId } & (
  | { readonly use: Use }
  /** Why nobody can tell. */
  | { readonly why: string }
);

export type MeterProtocol = {
  /** In the order of the instances. */
  measure: { request: Static<typeof MeasureRequest>; reply: readonly Measured[] };
};

export interface MeterOptions {
  readonly providers: ReadonlyMap<string, Pick<Provider, "stats">>;
}

interface State {
  readonly self: Self<MeterProtocol>;
  readonly options: MeterOptions;
  /** Those that are being looked at, also in vain: whoever asks for one meanwhile is told the same. */
  readonly open: Map<InstanceId, Promise<Measured>>;
}

export function meter(options: MeterOptions): Behaviour<State, MeterProtocol> {
  return {
    init: (self) => ({ self, options, open: new Map() }),
    handlers: {
      measure(state, { instances }, caller) {
        void Promise.all(instances.map((one) => measured(state, one))).then((all) =>
          caller.reply(all),
        );
        return [state, replyLater];
      },
    },
    describe: ({ open }) => ({ measuring: open.size }),
    remote: {
      measure(payload) {
        if (isMeasure.Check(payload)) return payload;
        throw new BadRequest("not a question about what instances use");
      },
    },
  };
}

/** Never rejects. */
function measured(state: State, instance: InstanceId): Promise<Measured> {
  const known = state.open.get(instance);
  if (known !== undefined) return known;
  const looking = measure(state, instance);
  const measuring = inTime(state, looking).then(
    (use): Measured => ({ instance, use }),
    (error: unknown): Measured => ({ instance, why: whyNot(error) }),
  );
  state.open.set(instance, measuring);
  const drop = () => state.open.delete(instance);
  void looking.then(drop, drop);
  return measuring;
}

function whyNot(error: unknown): string {
  return error instanceof NoSuchActor ? "its node does not hold it now" : messageOf(error);
}

/** @throws Conflict where it does not run, or its provider cannot tell; what the provider throws */
async function measure({ self, options }: State, instance: InstanceId): Promise<Use> {
  const { clock, timers } = self.env;
  const worker = providerWorkerName(instance);
  const of = await self.system.call<ProviderWorkerProtocol, "task">(worker, "task", undefined);
  const { task, startedAt, spec, provider: type } = of;
  const provider = options.providers.get(type);
  if (provider?.stats === undefined) throw new Conflict(`${type} does not tell what a task uses`);
  const stats = provider.stats.bind(provider);
  const look = async () => {
    const now = await stats(task);
    return { ...now, atMs: clock.mono() };
  };
  try {
    const before = await look();
    await new Promise<void>((resolve) => timers.set(betweenMs, resolve));
    const { cpuMs, memoryBytes, processes, atMs } = await look();
    return {
      cpuMs,
      // Less than before where a part of it has ended whose time nobody has kept.
      cpuPercent: (100 * Math.max(0, cpuMs - before.cpuMs)) / (atMs - before.atMs),
      memoryBytes,
      ...(processes !== undefined && { processes }),
      limits: spec.resources,
      uptimeMs: Math.max(0, clock.wall() - startedAt),
    };
  } catch (error) {
    doubt(self.system, type, error);
    throw error;
  }
}

/** @throws Unavailable when it takes too long */
async function inTime<T>({ self }: State, measuring: Promise<T>): Promise<T> {
  const { timers } = self.env;
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    const why = `its engine did not answer within ${measureMsMax / 1_000} s`;
    const timer = timers.set(measureMsMax, () => reject(new Unavailable(why)));
    cancel = () => timers.cancel(timer);
  });
  return await Promise.race([measuring, late]).finally(cancel);
}
