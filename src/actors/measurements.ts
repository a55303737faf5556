/** What instances use, told by the meters of the nodes that have them: all are asked at once. */
import { messageOf } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { named } from "../otp/ref.ts";
import { type MeterProtocol, measuredMax, measureMsMax, type Use } from "./meter.ts";
import { names } from "./names.ts";
import type { Operations } from "./operations.ts";
import { isRunning, labelOf, type RunningInstance, whyNotRunning } from "./running-instance.ts";
import type { InstanceInfo } from "./service-view.ts";
import { allNamed } from "./slot-named.ts";

/** Beyond what the meter itself waits for: a call that takes longer has been lost. */
const marginMs = 5_000;

export interface Measurement {
  readonly instance: InstanceInfo;
  /** Undefined where nobody can tell. */
  readonly use: Use | undefined;
  /** Why nobody can. */
  readonly why?: string;
}

type Asked = Pick<Operations, "has" | "instances" | "instancesOf" | "service" | "call">;

/**
 * Of those services, groups and slots, of all where none is named, each once. A node that cannot be asked is no error:
 * that is told of each instance there.
 * @throws NotFound
 */
export async function measureInstances(
  operations: Asked,
  wanted: readonly string[],
): Promise<readonly Measurement[]> {
  const instances = allNamed(operations, wanted);
  const running = instances.filter(isRunning);
  const told = new Map<string, Measurement>();
  await Promise.all(
    batchesByNode(running).map(async (batch) => {
      for (const one of await measureBatch(operations, batch)) told.set(labelOf(one.instance), one);
    }),
  );
  return instances.map((instance) => told.get(labelOf(instance)) ?? notRunning(instance));
}

/** At most as many as a meter takes at once, of one node each. */
function batchesByNode(
  running: readonly RunningInstance[],
): readonly (readonly RunningInstance[])[] {
  const batches: RunningInstance[][] = [];
  const filling = new Map<NodeId, RunningInstance[]>();
  for (const one of running) {
    const batch = filling.get(one.node);
    if (batch !== undefined && batch.length < measuredMax) batch.push(one);
    else {
      const next = [one];
      filling.set(one.node, next);
      batches.push(next);
    }
  }
  return batches;
}

async function measureBatch(
  { call }: Asked,
  batch: readonly RunningInstance[],
): Promise<readonly Measurement[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const meter = named<MeterProtocol>(first.node, names.meter);
  const request = { instances: batch.map(({ instance }) => instance) };
  try {
    const timeoutMs = measureMsMax + marginMs;
    const all = await call(meter, "measure", request, { timeoutMs });
    const byInstance = new Map(all.map((one) => [one.instance, one]));
    return batch.map((instance) => {
      const one = byInstance.get(instance.instance);
      if (one === undefined)
        return { instance, use: undefined, why: "its node told nothing of it" };
      return "use" in one ? { instance, use: one.use } : { instance, use: undefined, why: one.why };
    });
  } catch (error) {
    const why =
      error instanceof NoSuchActor
        ? "its node is of a version that does not tell what tasks use"
        : messageOf(error);
    return batch.map((instance) => ({ instance, use: undefined, why }));
  }
}

function notRunning(instance: InstanceInfo): Measurement {
  return { instance, use: undefined, why: whyNotRunning(instance) };
}
