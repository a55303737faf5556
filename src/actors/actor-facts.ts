/** What others may know of an actor of this node: the actor layer's own inspection, as plain data. */
import { showReason } from "../otp/exit-reason.ts";
import type { ActorStatus, ActorTree, Inspector } from "../otp/inspection.ts";
import { shownData, stateLimits } from "./shown-data.ts";

/** An actor as others see it. */
export interface ActorFacts {
  readonly path: string;
  readonly name?: string;
  readonly kind: "worker" | "supervisor";
  readonly status: string;
  /** While it is suspended: when it goes on by itself. Wall clock, ms. */
  readonly resumesAt?: number;
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
  /** Messages that it refused since its mailbox was full. Absent from a node of an older version. */
  readonly refused?: number;
  /** Wall clock, ms. */
  readonly lastCrash?: { readonly at: number; readonly reason: string; readonly during?: string };
}

/** The first root and all below it; undefined when there is none. */
export function treeFacts(inspect: Inspector): ActorFactsTree | undefined {
  const [root] = inspect.tree();
  return root === undefined ? undefined : treeOf(inspect, root);
}

/** @throws NoSuchActor */
export function detailFacts(inspect: Inspector, target: string): ActorFactsDetail {
  const status = inspect.status(target);
  const state = shownData(inspect.state(target), stateLimits);
  const { lastCrash, usedMs, refused } = status;
  return {
    ...factsOf(inspect, status),
    busyMs: usedMs,
    refused,
    ...(state !== undefined && { state }),
    ...(lastCrash && {
      lastCrash: {
        at: lastCrash.at,
        reason: showReason(lastCrash.reason),
        during: lastCrash.during,
      },
    }),
  };
}

function treeOf(inspect: Inspector, node: ActorTree): ActorFactsTree {
  const children = node.children.map((child) => treeOf(inspect, child));
  return { ...factsOf(inspect, node), children };
}

function factsOf(inspect: Inspector, status: ActorStatus): ActorFacts {
  const { path, kind, name, state, resumesAt, mailboxLength, messagesHandled, restarts } = status;
  const strategy = kind === "supervisor" ? strategyOf(inspect, status) : undefined;
  return {
    path,
    ...(name !== undefined && { name }),
    kind,
    status: state,
    ...(resumesAt !== undefined && { resumesAt }),
    ...(strategy !== undefined && { strategy }),
    mailbox: mailboxLength,
    handled: messagesHandled,
    restarts,
  };
}

/** A supervisor shows its strategy as part of its state. */
function strategyOf(inspect: Inspector, { ref }: ActorStatus): string | undefined {
  const state = ref === undefined ? undefined : inspect.state(ref);
  if (typeof state !== "object" || state === null || !("strategy" in state)) return undefined;
  return typeof state.strategy === "string" ? state.strategy : undefined;
}
