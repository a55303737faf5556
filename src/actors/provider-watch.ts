/**
 * Watches the providers of this node while it runs: the shell of `provider-looks.ts`. It looks at them when that
 * is due, and has the ring member tell every node what there is.
 */
import { Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Behaviour, Cancel, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { ProviderLook, ProviderTable } from "../providers/provider-table.ts";
import type { Catalog } from "./catalog.ts";
import { names } from "./names.ts";
import {
  type LooksEffect,
  type LooksEvent,
  type LooksNow,
  type ProviderLooks,
  startLooks,
  stepLooks,
} from "./provider-looks.ts";
import type { RingMemberInfo } from "./ring-member-protocol.ts";

export type ProviderWatchInfo =
  | { readonly type: "timer" }
  | { readonly type: "found"; readonly look: ProviderLook }
  /** A call of that provider failed as if its engine were away, or it has lost touch with it. */
  | { readonly type: "doubted"; readonly provider: string };

export interface ProviderWatchOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly providers: Pick<ProviderTable, "look" | "looks" | "watch">;
}

interface State {
  readonly self: Self<Protocol, ProviderWatchInfo>;
  readonly options: ProviderWatchOptions;
  looks: ProviderLooks;
  cancelTimer: Cancel;
}

export function providerWatch(
  options: ProviderWatchOptions,
): Behaviour<State, Protocol, ProviderWatchInfo> {
  return {
    init(self) {
      const looks = startLooks(options.providers.looks(), nowOf(self, options));
      const state: State = { self, options, looks, cancelTimer: () => {} };
      feed(state, { kind: "timer" });
      const unwatch = options.providers.watch((provider) =>
        self.tell({ type: "doubted", provider }),
      );
      self.system.monitor(self.ref, unwatch); // Not `terminate`, which a kill passes over.
      return state;
    },
    handlers: {},
    info(state, message) {
      if (message.type === "timer") feed(state, { kind: "timer" });
      else if (message.type === "found") feed(state, { kind: "found", look: message.look });
      else if (message.type === "doubted") {
        feed(state, { kind: "doubted", type: message.provider });
      }
      return state;
    },
    describe: ({ looks }) => looks.entries.map(({ look, sinceMs }) => ({ ...look, sinceMs })),
  };
}

/** Has this node look whether an engine is there, where a call of its provider failed as if it were not. */
export function doubt(system: ActorSystem, provider: string, error: unknown): void {
  if (!(error instanceof Unavailable)) return;
  const doubted: ProviderWatchInfo = { type: "doubted", provider };
  system.tell(names.providerWatch, doubted);
}

function feed(state: State, event: LooksEvent): void {
  const { self, options } = state;
  const now = nowOf(self, options);
  const { looks, effects, dueAtMs } = stepLooks(state.looks, event, now);
  logChanges(self.log, state.looks, looks);
  state.looks = looks;
  for (const effect of effects) carryOut(state, effect);
  state.cancelTimer();
  if (dueAtMs === Number.POSITIVE_INFINITY) return;
  state.cancelTimer = self.sendAfter(Math.max(1, dueAtMs - now.monoMs), { type: "timer" });
}

/** Whatever has shown it: a look, or one that takes too long. */
function logChanges(log: Log, before: ProviderLooks, after: ProviderLooks): void {
  for (const [at, { look }] of after.entries.entries()) {
    const { type, capabilities } = look;
    if (before.entries[at]?.look.capabilities.available === capabilities.available) continue;
    if (capabilities.available) log.info("a provider is available", { provider: type });
    else log.warn("a provider is away", { provider: type, reason: capabilities.reason });
  }
}

function carryOut({ self, options }: State, effect: LooksEffect): void {
  switch (effect.kind) {
    case "look":
      void options.providers.look(effect.asked).then((look) => self.tell({ type: "found", look }));
      return;
    case "tell": {
      const told: RingMemberInfo = { type: "providers", providers: effect.providers };
      self.system.tell(names.ringMember, told);
      return;
    }
  }
}

function nowOf(
  { env }: Pick<Self<Protocol, ProviderWatchInfo>, "env">,
  { node, catalog }: ProviderWatchOptions,
): LooksNow {
  const { clock } = env;
  const told = catalog.member(node)?.facts.providers ?? [];
  const random = env.random("provider-watch");
  return { monoMs: clock.mono(), wallMs: clock.wall(), told, random };
}
