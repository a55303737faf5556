/**
 * Invokes a service that is a function, wherever it runs: the instance that has the least to do is asked, of equals
 * one of this node, and where that cannot be reached the next.
 */
import { Conflict, Unavailable, Unreachable } from "../core/errors.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { named } from "../otp/ref.ts";
import type { Invoked } from "../providers/provider.ts";
import type { InvokerProtocol } from "./invoker.ts";
import { invokerName } from "./names.ts";
import type { Operations } from "./operations.ts";
import type { InstanceInfo } from "./service-view.ts";

/** Longest that a function may take, and wait for its turn. */
export const invokeMsMax = 960_000;
/** Longest that an instance may take to tell its load; one that does not counts as the busiest. */
const loadMsMax = 1_000;

/** An invocation, and where it was done. */
export interface InvokedAt extends Invoked {
  readonly node: NodeId;
  readonly slot: number;
}

interface Candidate {
  readonly node: NodeId;
  readonly slot: number;
  readonly instance: InstanceId;
}

/**
 * @param event JSON
 * @throws NotFound; BadRequest for a group; Conflict for what is no function; Unavailable when none runs; as `Invocable` does
 */
export async function invokeService(
  operations: Operations,
  name: string,
  event: string,
): Promise<InvokedAt> {
  const instances = operations.instancesOf(name);
  const [first] = instances;
  if (first === undefined) {
    throw new Unavailable(`${name} does not run: it is to have no instances`);
  }
  if (!canBeInvoked(operations, first.provider)) {
    throw new Conflict(`${name} cannot be invoked: ${first.provider} has no functions`);
  }
  const running = instances.flatMap(candidateOf);
  if (running.length === 0) throw new Unavailable(notRunning(first));
  let failure: unknown;
  for (const { node, slot, instance } of await byLoad(operations, running)) {
    const target = named<InvokerProtocol>(node, invokerName(instance));
    try {
      const invoked = await operations.call(
        target,
        "invoke",
        { event },
        { timeoutMs: invokeMsMax },
      );
      return { ...invoked, node, slot };
    } catch (error) {
      // It never came there: of these two nothing was done.
      if (!(error instanceof Unreachable || error instanceof NoSuchActor)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function canBeInvoked(operations: Operations, type: string): boolean {
  const offers = operations.nodes().flatMap(({ providers }) => providers);
  // What one that is away can do is not known.
  return offers.some(
    (one) => one.type === type && (!one.available || one.features?.includes("invoke")),
  );
}

function candidateOf({ state, node, instance, slot }: InstanceInfo): Candidate[] {
  const runs = state === "running" && node !== null && instance !== null;
  return runs ? [{ node, instance, slot }] : [];
}

/** The one with the least to do first, and of equals those of this node. */
async function byLoad(
  { call, node }: Operations,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  if (candidates.length === 1) return candidates;
  const isElsewhere = (candidate: Candidate) => Number(candidate.node !== node);
  const loads = await Promise.all(
    candidates.map(async (candidate) => {
      const target = named<InvokerProtocol>(candidate.node, invokerName(candidate.instance));
      const asked = call(target, "load", undefined, { timeoutMs: loadMsMax });
      return { candidate, load: await asked.catch(() => Number.POSITIVE_INFINITY) };
    }),
  );
  return loads
    .toSorted((a, b) =>
      a.load === b.load ? isElsewhere(a.candidate) - isElsewhere(b.candidate) : a.load - b.load,
    )
    .map(({ candidate }) => candidate);
}

function notRunning({ name, state, reason }: InstanceInfo): string {
  return `${name} does not run: it is ${state}${reason === undefined ? "" : `, ${reason}`}`;
}
