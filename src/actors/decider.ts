/** Asks the controller that decides for a service or a group, whichever node that is on by then. */
import type { Env } from "../core/env.ts";
import { Unreachable } from "../core/errors.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { named } from "../otp/ref.ts";
import type { Catalog } from "./catalog.ts";
import type { ControllerProtocol } from "./controller-protocol.ts";
import { names } from "./names.ts";
import { deciderOf, ownerOf } from "./ownership.ts";
import { until } from "./waiting.ts";

/** How long it is tried to find the controller that decides: longer than the death of a node goes unseen. */
const ownerMsMax = 8_000;
/** Pause before the same controller is asked again. */
const askAgainMs = 250;
/** A wish is answered by a write that may itself take up to 12 s. */
const wishTimeoutMs = 14_000;

export interface DeciderOptions {
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly env: Env;
}

/** One that could not be reached at all was lost a moment ago: the next view names another. */
export async function askDecider<M extends keyof ControllerProtocol & string>(
  options: DeciderOptions,
  name: string,
  method: M,
  request: ControllerProtocol[M]["request"],
): Promise<ControllerProtocol[M]["reply"]> {
  const { system, catalog, env } = options;
  const giveUpAt = env.clock.mono() + ownerMsMax;
  for (;;) {
    const owner = deciderOf(catalog.view, name);
    const controller = named<ControllerProtocol>(owner, names.controller);
    try {
      return await system.call(controller, method, request, { timeoutMs: wishTimeoutMs });
    } catch (error) {
      const isUntouched = error instanceof Unreachable || error instanceof NoSuchActor;
      if (!isUntouched || env.clock.mono() > giveUpAt) throw error;
      const hasMoved = () => ownerOf(catalog.view, name) !== owner;
      await until(options, name, hasMoved, askAgainMs);
    }
  }
}
