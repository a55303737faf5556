/**
 * The port between the API and the node: everything a user can ask of a node, as plain calls. The
 * HTTP server knows nothing else of the node; its tests, and the simulator, need no HTTP to ask.
 */
import type { ActorDetail, ActorView } from "./actor-shapes.ts";
import type {
  Action,
  ActionResult,
  DeployResult,
  InstanceView,
  NodeView,
  ProviderView,
  ServiceDetail,
  ShutdownView,
} from "./shapes.ts";

export interface LogOptions {
  /** Begin with the last so many lines of each instance. */
  readonly tail: number | "all";
  /** Go on with what is written from now on, until aborted. */
  readonly follow: boolean;
  /** One instance; default: all of them. */
  readonly slot?: number;
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
   * Has this node say goodbye to its network and forget it, and stop soon after the answer. Its services
   * stay on its machine and run on: moving them first comes later.
   */
  leave(): Promise<ShutdownView>;
  /**
   * Has every node drop the one of that name or id; answers with the nodes that are left.
   * @throws NotFound; Conflict while it is live
   */
  forget(node: string): Promise<NodeView[]>;
  services(): Promise<InstanceView[]>;
  /** @throws NotFound */
  show(name: string): Promise<ServiceDetail>;
  /**
   * Deploys groups or lone services: specs as parsed from JSON or YAML. All are validated before
   * anything changes.
   * @throws InvalidSpec with every error of every document, Conflict for a cycle.
   */
  deploy(documents: readonly unknown[]): Promise<DeployResult[]>;
  /**
   * Every name is checked first; then waits for the outcome (running, stopped, gone) up to a deadline.
   * @throws NotFound naming all that are missing.
   */
  act(action: Action, names: readonly string[]): Promise<ActionResult[]>;
  /**
   * Resolves once the service was found, before there is any output. `signal` ends the iteration:
   * the reader has gone.
   * @throws NotFound
   */
  logs(name: string, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<LogChunk>>;
  /** Of every live node. */
  providers(): Promise<ProviderView[]>;
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
  /** Has this node stop soon after the answer; its services run on. */
  shutdown(): Promise<ShutdownView>;
}
