/** The calls of `mob` about actors, named as Erlang's `sys` and `observer` name what they do. */
import type { Client } from "../client/client.ts";
import { BadRequest } from "../core/errors.ts";
import { formatActor, formatActorTree } from "./actor-tree.ts";
import { formatRestarted, formatResumed, formatSuspended } from "./actor-views.ts";
import { text } from "./given.ts";
import type { Paint } from "./style.ts";
import type { Traced, Traces } from "./traces.ts";

export interface TraceLimits {
  readonly node?: string;
  /** The trace ends after so many; default 1,000. */
  readonly messages?: number;
  /** More are left out and counted; default 100. */
  readonly perSecond?: number;
}

export interface SuspendLimits {
  readonly node?: string;
  /** Goes on by itself after that; default 60, most 600. */
  readonly seconds?: number;
}

export interface ActorCalls {
  readonly tree: Client["actors"];
  readonly actor: Client["actor"];
  trace(target: string, limits?: string | TraceLimits): Promise<Traced>;
  untrace(target?: string): Promise<Traced[]>;
  suspend(target: string, limits?: string | SuspendLimits): ReturnType<Client["suspend"]>;
  readonly resumeActor: Client["resume"];
  readonly restartActor: Client["restartActor"];
}

export const actorHelp = `mob.tree()                   the node's actors; mob.tree("name") another node's
mob.actor("path or name")    one actor: state, mailbox, counters, time used, last crash
mob.trace("path or name")    its messages as they come; also { messages: 1000, perSecond: 100 }
mob.untrace()                ends all traces, or that of one actor
mob.suspend("path or name")  has it queue its messages, for a minute; also { seconds: 300 }
mob.resumeActor("path …")    has it go on
mob.restartActor("path …")   has its supervisor restart it, with all below; tasks run on
                             all of these take a node as well: mob.actor("store", "7777@box")
                             "service/web" is the supervisor of a service, wherever it runs
`;

export interface ActorCallsOptions {
  readonly client: Client;
  readonly traces: Traces;
  /** The node whose actors are meant where none is named; undefined: the one attached to. */
  readonly node: string | undefined;
  /** Told of each node that is looked at, for completion. */
  readonly lookedAt: (node: string) => void;
  readonly shown: Shown;
}

/** Keeps how an answer is to be shown beside it. */
export type Shown = <T extends object>(
  ask: () => Promise<T>,
  view: (value: T, paint: Paint) => string,
) => Promise<T>;

export function createActorCalls(options: ActorCallsOptions): ActorCalls {
  const { client, traces, shown } = options;
  const on = (node: unknown): string | undefined => {
    if (node === undefined) return options.node;
    const name = text(node);
    options.lookedAt(name);
    return name;
  };
  return {
    tree: (node) => shown(async () => client.actors(on(node)), formatActorTree),
    actor: (target, node) =>
      shown(
        async () => client.actor(text(target), on(node)),
        (actor) => formatActor(actor, Date.now()),
      ),
    trace: (target, limits) =>
      shown(async () => {
        const { node, messages, perSecond } = limitsOf<TraceLimits>(limits);
        const at = on(node);
        return traces.start({
          target: text(target),
          ...(at !== undefined && { node: at }),
          ...(messages !== undefined && { messagesMax: messages }),
          ...(perSecond !== undefined && { perSecondMax: perSecond }),
        });
      }, formatTracing),
    untrace: (target) =>
      shown(
        async () => traces.stop(target === undefined ? undefined : text(target)),
        (stopped) =>
          stopped.length === 0
            ? "no such trace is on\n"
            : stopped.map(({ node, path }) => `no longer traced: ${path} on ${node}\n`).join(""),
      ),
    suspend: (target, limits) =>
      shown(
        async () => {
          const { node, seconds } = limitsOf<SuspendLimits>(limits);
          const at = on(node);
          return client.suspend(text(target), {
            ...(at !== undefined && { node: at }),
            ...(seconds !== undefined && { forMs: Math.round(seconds * 1_000) }),
          });
        },
        (suspended) => formatSuspended(suspended, Date.now()),
      ),
    resumeActor: (target, node) =>
      shown(async () => client.resume(text(target), on(node)), formatResumed),
    restartActor: (target, node) =>
      shown(async () => client.restartActor(text(target), on(node)), formatRestarted),
  };
}

function formatTracing({ node, path }: Traced): string {
  return `tracing ${path} on ${node}; mob.untrace() ends it\n`;
}

/** A node's name alone, or limits with a node among them. */
function limitsOf<Limits extends { readonly node?: string }>(
  given: string | Limits | undefined,
): Partial<Limits> {
  if (given === undefined) return {};
  if (typeof given === "object" && given !== null) return given;
  if (typeof given === "string") return { node: given } as Partial<Limits>;
  throw new BadRequest('the second argument is a node, or limits: { node: "7777@box", … }');
}
