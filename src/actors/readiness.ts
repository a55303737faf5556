/**
 * What a node holds of a service may be older than what the nodes that it has just met hold: before
 * anything is decided about it, or foretold, that is waited for.
 */
import { MobError, Unavailable } from "../core/errors.ts";
import { asServiceName } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { CallTimeout } from "../otp/errors.ts";
import { keys } from "../services/keys.ts";
import { groupOf } from "../services/service-name.ts";
import { names } from "./names.ts";
import type { StoreProtocol } from "./store-protocol.ts";

/** Shorter than anyone waits for the outcome of a wish. */
const readyMsMax = 10_000;

/**
 * Resolves once what is held here of the service is all that the peers just met have told of it.
 * @throws Unavailable when that takes too long, as while many nodes come at once
 */
export async function untilReady(system: ActorSystem, name: string): Promise<void> {
  const key = keys.spec(asServiceName(groupOf(asServiceName(name))));
  const call = system.call<StoreProtocol, "ready">(
    names.store,
    "ready",
    { key },
    { timeoutMs: readyMsMax },
  );
  await call.catch((error: unknown) => {
    if (!(error instanceof CallTimeout)) throw error;
    const waited = `within ${readyMsMax / 1_000} s`;
    throw new Unavailable(`what nodes just met know of ${name} was not heard ${waited}: ask again`);
  });
}

/**
 * Resolves once a node that has just started knows what those hold that it knew from before, or has waited for that
 * long enough; at once on any other. Never rejects: what is held here can be told in any case.
 */
export async function untilCaughtUp(system: ActorSystem): Promise<void> {
  try {
    await system.call<StoreProtocol, "caughtUp">(names.store, "caughtUp", undefined);
  } catch (error) {
    if (!(error instanceof MobError)) throw error;
  }
}
