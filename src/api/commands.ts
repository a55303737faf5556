/**
 * The port between the API and the node: everything a user can ask of a node, as plain calls. The
 * HTTP server knows nothing else of the node; its tests, and the simulator, need no HTTP to ask.
 */
import type {
  ActorDetail,
  ActorView,
  RestartedView,
  ResumedView,
  SuspendedView,
} from "./actor-shapes.ts";
import type { LeftoversView, RemovedLeftovers } from "./leftover-shapes.ts";
import type {
  Action,
  ActionResult,
  CreatedToken,
  DeployResult,
  DrainResult,
  PausedResult,
  PlanResult,
  RemovedVolume,
  RevokedTokens,
} from "./results.ts";
import type {
  EndpointView,
  InstanceView,
  InvokedView,
  LeftView,
  NodeView,
  ProviderView,
  Role,
  ServiceDetail,
  ShutdownView,
  TokenView,
  VolumeView,
} from "./shapes.ts";
import type { StatsView } from "./stats-shapes.ts";
import type { JoinTokenView, KeyStep, KeysView } from "./trust-shapes.ts";
import type { HistoryEntry, ServiceChange } from "./watch-shapes.ts";

export interface LogOptions {
  /** Begin with the last so many lines of each instance. */
  readonly tail: number | "all";
  /** Go on with what is written from now on, until aborted. */
  readonly follow: boolean;
  /** One instance; default: all of them. */
  readonly slot?: number;
}

export interface WatchOptions {
  /** Default: all. */
  readonly services?: readonly string[];
  /** The last change of each key that the watcher was told of, by whatever node. Default: nothing yet. */
  readonly told?: readonly Pick<ServiceChange, "key" | "stamp" | "removed">[];
}

export interface NewToken {
  readonly role: Role;
  /** What people call it; default: its role and the beginning of its id. */
  readonly name?: string;
  /** How long it holds: a duration, like `30d`; default: until it is revoked. */
  readonly for?: string;
}

/** A piece of one instance's output; not cut at lines. */
export interface LogChunk {
  readonly name: string;
  readonly slot: number;
  /** Name of the node it ran on. */
  readonly node: string;
  readonly bytes: Uint8Array;
  /** Bytes missing before this piece: rotated away before they were read. */
  readonly skipped?: number;
}

export interface SuspendOptions {
  /** Name or id of its node; default: the one that answers. */
  readonly node?: string;
  /** Default 60,000, most 600,000. */
  readonly forMs?: number;
  /** Set by the node: the session that asks, with which the suspension ends. */
  readonly session?: string;
}

export interface LeftoverWish {
  /** Name or id of the node whose machine is meant; default: the one that answers. */
  readonly node?: string;
  /** Default: all that can be removed. */
  readonly ids?: readonly string[];
}

/**
 * Each rejects with a MobError. Those that change something answer once it is durable, and with what
 * that is worth.
 */
export interface Commands {
  /** The network as this node sees it, itself included. */
  nodes(): Promise<NodeView[]>;
  /**
   * Joins the network of the node at `address` (`host:port`); resolves once its view has arrived.
   * @throws Unreachable naming the address and why.
   */
  join(address: string): Promise<NodeView[]>;
  /**
   * Has this node say goodbye to its network and forget it, once others have what it ran (a minute is the most
   * it waits), and stop soon after the answer. `now`: at once; its services stay on its machine and run on,
   * until it is forgotten: then others take them over as well.
   * @throws Conflict naming what cannot be moved and why; the node is drained then
   */
  leave(options?: { readonly now?: boolean }): Promise<LeftView>;
  /**
   * Has every node drop the one of that name or id; answers with the nodes that are left.
   * @throws NotFound; Conflict while it is live
   */
  forget(node: string): Promise<NodeView[]>;
  /**
   * Has nothing placed on a node any more, and moves away what can run elsewhere; answers once nothing more
   * can be moved, or after a minute.
   * @throws NotFound
   */
  drain(node: string): Promise<DrainResult>;
  /** Lets a node be given services again. @throws NotFound */
  undrain(node: string): Promise<NodeView[]>;
  /**
   * Makes the node one of the network that a join token is of, and joins it. `address`: where its issuer
   * is reached from here, default what the token says.
   * @throws BadRequest for what is no token, Conflict where the node is not to be moved, `token_refused`,
   * `not_the_issuer`, Unreachable.
   */
  joinByToken(token: string, address?: string): Promise<NodeView[]>;
  /**
   * A token for one machine, redeemed by this node alone; `wantedFor`: a duration, default an hour.
   * @throws BadRequest
   */
  issueJoinToken(wantedFor?: string): Promise<JoinTokenView>;
  /** The network's keys, and who misses one. */
  keys(): Promise<KeysView>;
  /**
   * One step of a rotation; `key` for those that are about one.
   * @throws BadRequest, NotFound, Conflict naming the nodes that are not ready for it
   */
  rotateKeys(step: KeyStep, key?: string): Promise<KeysView>;
  /** Every instance of all services, or of those services and groups, and single ones (`web/2`). @throws NotFound */
  services(names?: readonly string[]): Promise<InstanceView[]>;
  /**
   * Where the ports of running instances are reached, of all services or of one.
   * @throws NotFound
   */
  endpoints(name?: string): Promise<EndpointView[]>;
  /**
   * What tasks use of their machines, over about a second: of all services, or of those services, groups and slots
   * (`web/2`). Where nobody can tell, its row says why.
   * @throws NotFound
   */
  stats(names?: readonly string[]): Promise<StatsView[]>;
  /** @throws NotFound */
  show(name: string): Promise<ServiceDetail>;
  /**
   * Deploys groups or lone services: specs as parsed from JSON or YAML. All are validated before
   * anything changes.
   * @throws InvalidSpec with every error of every document, Conflict for a cycle.
   */
  deploy(documents: readonly unknown[]): Promise<DeployResult[]>;
  /**
   * Deploys a service as it is deployed, with another number of instances, or `everywhere`.
   * @throws NotFound, InvalidSpec
   */
  scale(name: string, instances: unknown): Promise<DeployResult>;
  /** Deploys the version of a service before the present one. @throws NotFound, Conflict where there is none */
  rollback(name: string): Promise<DeployResult>;
  /**
   * What `deploy` of those documents would do now, without doing it; in their order.
   * @throws as `deploy` does
   */
  plan(documents: readonly unknown[]): Promise<PlanResult[]>;
  /**
   * Every name is checked first; then waits for the outcome (running, stopped, gone) up to a deadline.
   * @throws NotFound naming all that are missing.
   */
  act(action: Action, names: readonly string[]): Promise<ActionResult[]>;
  /**
   * Has every instance of those names stand still with all that it holds: of services, groups, and of one slot
   * (`web/1`). Every name is checked first; answers once all of them do.
   * @throws NotFound; Conflict naming each that does not run, or whose provider cannot, and why; Unreachable naming
   * each whose node is away
   */
  pause(names: readonly string[]): Promise<PausedResult[]>;
  /** Has them go on. @throws as `pause` */
  unpause(names: readonly string[]): Promise<PausedResult[]>;
  /**
   * Resolves once the service was found, before there is any output. `signal` ends the iteration:
   * the reader has gone.
   * @throws NotFound
   */
  logs(name: string, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<LogChunk>>;
  /**
   * The changes of services: first what is there and was not told yet, then what comes. Until `signal`.
   * @throws BadRequest for what cannot be a service's name, or is no change that a node has told
   */
  watch(
    options: WatchOptions,
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly ServiceChange[]>>;
  /**
   * What users wrote of a service, as far as it is remembered: what holds, and what lost a conflict, the
   * latest first.
   * @throws NotFound
   */
  history(name: string): Promise<HistoryEntry[]>;
  /**
   * Calls the function that a service is, once, on the instance with the least to do. `event` is anything
   * that JSON can say.
   * @throws NotFound; Conflict for what is no function; `overloaded`; `function_failed`,
   * `function_timed_out`; Unavailable when it does not run; OutcomeUnknown when its node is lost meanwhile
   */
  invoke(name: string, event: unknown): Promise<InvokedView>;
  /** In order of names. */
  volumes(): Promise<VolumeView[]>;
  /**
   * Deletes a volume with its data, on whatever node it lives.
   * @throws NotFound; Conflict while a service uses it; Unavailable while its node cannot be asked
   */
  removeVolume(name: string): Promise<RemovedVolume>;
  /** Of every live node. */
  providers(): Promise<ProviderView[]>;
  /**
   * What is left of nodes that are gone, on the machine of this node or of the one of that name or id.
   * @throws NotFound, Unreachable
   */
  leftovers(node?: string): Promise<LeftoversView>;
  /**
   * Removes those whose data folder is gone: all, or the ones of those ids. What is not removed is told, with
   * the reason.
   * @throws NotFound, Unreachable
   */
  removeLeftovers(which?: LeftoverWish): Promise<RemovedLeftovers>;
  /**
   * The tree of this node, or of the node of that name or id.
   * @throws NotFound, Unreachable
   */
  actors(node?: string): Promise<ActorView>;
  /**
   * One actor, by path or registered name.
   * @throws NotFound, Unreachable
   */
  actor(target: string, node?: string): Promise<ActorDetail>;
  /**
   * Has an actor queue its messages, until it is resumed, its time is over, or the session ends.
   * @throws NotFound, Unreachable, Conflict for one that must go on
   */
  suspend(target: string, options?: SuspendOptions): Promise<SuspendedView>;
  /** @throws NotFound, Unreachable */
  resume(target: string, node?: string): Promise<ResumedView>;
  /**
   * Has its supervisor stop an actor and start it anew, with all that is below.
   * @throws NotFound, Unreachable, Conflict for the root
   */
  restartActor(target: string, node?: string): Promise<RestartedView>;
  /** The tokens that clients elsewhere come in with, without their secrets. */
  tokens(): Promise<TokenView[]>;
  /** @throws BadRequest, Conflict for a name that another token has */
  createToken(wanted: NewToken): Promise<CreatedToken>;
  /**
   * Revokes the token of that name or id, on every node that can be reached now.
   * @throws NotFound
   */
  revokeToken(nameOrId: string): Promise<RevokedTokens>;
  /** Has this node stop soon after the answer; its services run on. */
  shutdown(): Promise<ShutdownView>;
}
