/**
 * Shows the actors of this node to whoever asks, from any node: the actor layer's own inspection, as
 * plain data.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, NotFound } from "../core/errors.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { showReason } from "../otp/exit-reason.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import { refuse } from "../otp/gen-server.ts";
import type { ActorStatus, ActorTree } from "../otp/inspection.ts";

/** An actor as others see it. */
export interface ActorFacts {
  readonly path: string;
  readonly name?: string;
  readonly kind: "worker" | "supervisor";
  readonly status: string;
  readonly strategy?: string;
  readonly mailbox: number;
  readonly handled: number;
  readonly restarts: number;
}

export interface ActorFactsTree extends ActorFacts {
  readonly children: readonly ActorFactsTree[];
}

export interface ActorFactsDetail extends ActorFacts {
  readonly state?: unknown;
  readonly busyMs: number;
  /** Wall clock, ms. */
  readonly lastCrash?: { readonly at: number; readonly reason: string };
}

const DetailRequest = Type.Object({ target: Type.String({ maxLength: 1_024 }) });
const isDetail = Compile(DetailRequest);

export type InspectorProtocol = {
  tree: { request: undefined; reply: ActorFactsTree };
  /** `target`: a path or a registered name. @throws NotFound */
  detail: { request: Type.Static<typeof DetailRequest>; reply: ActorFactsDetail };
};

type State = Self<InspectorProtocol>;

export function inspector(): Behaviour<State, InspectorProtocol> {
  return {
    init: (self) => self,
    handlers: {
      tree(self) {
        const [root] = self.system.inspect.tree();
        return root === undefined ? refuse(self, notFound("mob")) : [self, treeOf(self, root)];
      },
      detail(self, { target }) {
        try {
          return [self, detailOf(self, target)];
        } catch (error) {
          if (error instanceof NoSuchActor) return refuse(self, notFound(target));
          throw error;
        }
      },
    },
    remote: {
      tree: () => undefined,
      detail(payload) {
        if (isDetail.Check(payload)) return payload;
        throw new BadRequest("not a question about an actor");
      },
    },
  };
}

function treeOf(self: State, node: ActorTree): ActorFactsTree {
  const children = node.children.map((child) => treeOf(self, child));
  return { ...factsOf(self, node), children };
}

function detailOf(self: State, target: string): ActorFactsDetail {
  const status = self.system.inspect.status(target);
  const state = plain(self.system.inspect.state(target));
  const { lastCrash, usedMs } = status;
  return {
    ...factsOf(self, status),
    busyMs: usedMs,
    ...(state !== undefined && { state }),
    ...(lastCrash && { lastCrash: { at: lastCrash.at, reason: showReason(lastCrash.reason) } }),
  };
}

function factsOf(self: State, status: ActorStatus): ActorFacts {
  const { path, kind, name, state, mailboxLength, messagesHandled, restarts } = status;
  const strategy = kind === "supervisor" ? strategyOf(self, status) : undefined;
  return {
    path,
    ...(name !== undefined && { name }),
    kind,
    status: state,
    ...(strategy !== undefined && { strategy }),
    mailbox: mailboxLength,
    handled: messagesHandled,
    restarts,
  };
}

/** A supervisor shows its strategy as part of its state. */
function strategyOf(self: State, { ref }: ActorStatus): string | undefined {
  const state = ref === undefined ? undefined : self.system.inspect.state(ref);
  if (typeof state !== "object" || state === null || !("strategy" in state)) return undefined;
  return typeof state.strategy === "string" ? state.strategy : undefined;
}

/** As it can be sent: what is no plain data is left out. */
function plain(state: unknown): unknown {
  return state === undefined ? undefined : JSON.parse(JSON.stringify(state));
}

function notFound(target: string): NotFound {
  return new NotFound(`there is no actor ${target}`);
}
