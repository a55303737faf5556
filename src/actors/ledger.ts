/**
 * Admits instances to this node, or refuses them: the `Ledger` of the node, as an actor. It lives and dies
 * with those whom it has given something, so that what it holds is always what they have told it.
 */
import type { InstanceId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import { Ledger, type Verdict } from "../services/ledger.ts";
import { providerWorkerName } from "./names.ts";
import type { ProviderWorkerInfo } from "./provider-worker-protocol.ts";

export type LedgerInfo =
  /** Each instance is told by the event `room`: at once, and again once one that was refused is admitted. */
  | {
      readonly type: "reserve";
      readonly instance: InstanceId;
      readonly resources: Resources;
      /** Of its service. */
      readonly priority: number;
    }
  /** It has it: it runs, or may be running. */
  | { readonly type: "hold"; readonly instance: InstanceId; readonly resources: Resources }
  | { readonly type: "release"; readonly instance: InstanceId };

export interface LedgerOptions {
  /** Of the node. */
  readonly capacity: Resources;
}

interface State {
  readonly self: Self<Protocol, LedgerInfo>;
  readonly ledger: Ledger;
}

export function ledger({ capacity }: LedgerOptions): Behaviour<State, Protocol, LedgerInfo> {
  return {
    init: (self) => ({ self, ledger: new Ledger(capacity) }),
    handlers: {},
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") tell(state, follow(state, message));
      return state;
    },
    describe({ ledger: { capacity, reserved, waiting } }) {
      return { capacity, reserved, waiting };
    },
  };
}

function follow({ ledger }: State, message: LedgerInfo): readonly Verdict[] {
  switch (message.type) {
    case "reserve":
      return ledger.reserve(message.instance, message.resources, message.priority);
    case "hold":
      return ledger.hold(message.instance, message.resources);
    case "release":
      return ledger.release(message.instance);
  }
}

function tell({ self }: State, verdicts: readonly Verdict[]): void {
  for (const { instance, resources, refusal } of verdicts) {
    const room = { kind: "room", resources, ...(refusal !== undefined && { refusal }) } as const;
    const message: ProviderWorkerInfo = { type: "event", event: room };
    self.system.tell(providerWorkerName(instance), message);
  }
}
