/**
 * Calls that users wait for: where the node asked is live and its connection is just being made again,
 * as after a restart of `mob/peer`, that is waited for, instead of telling a user to try again.
 */
import type { Env } from "../core/env.ts";
import { Unreachable } from "../core/errors.ts";
import { isLive } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Catalog } from "./catalog.ts";

/** Longer than a dial takes, shorter than a call's own deadline. */
const reconnectMsMax = 3_000;
/** Pause before it is tried again. */
const tryAgainMs = 100;

export interface PatientCallOptions {
  readonly system: Pick<ActorSystem, "call">;
  readonly catalog: Catalog;
  readonly env: Pick<Env, "clock" | "timers">;
}

/** As the system's own `call`; of a node that does not live its state is told. Nothing is asked twice: an `Unreachable` of this node's was never sent. */
export function patientCall({ system, catalog, env }: PatientCallOptions): ActorSystem["call"] {
  return async (target, method, request, options) => {
    const giveUpAtMs = env.clock.mono() + reconnectMsMax;
    for (;;) {
      try {
        return await system.call(target, method, request, options);
      } catch (error) {
        const member = typeof target === "string" ? undefined : catalog.member(target.node);
        if (!(error instanceof Unreachable) || member === undefined) throw error;
        if (!isLive(member)) {
          const { name, state } = member;
          const how = state === "left" ? "has left" : `is ${state}`;
          throw new Unreachable(`the node ${name} ${how}, and cannot be asked`, { cause: error });
        }
        if (env.clock.mono() >= giveUpAtMs) throw error;
        await new Promise<void>((resolve) => env.timers.set(tryAgainMs, resolve));
      }
    }
  };
}
