/**
 * What a definition really is: the code of an actor with its types erased. The typed constructors
 * (`worker`, `supervisor`) are the only ones to make one, so what is erased was checked.
 */
import { BadRequest } from "../core/errors.ts";
import { mailboxMessagesMax } from "../core/limits.ts";
import type { Strategy } from "../core/strategies.ts";
import type { ActorDefinition, ChildSpec, Shutdown } from "./definition.ts";
import type { Behaviour } from "./gen-server.ts";
import type { ActorState, LastCrash } from "./inspection.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef } from "./ref.ts";

/** A behaviour whose state, requests and infos are no longer known. */
export type ErasedBehaviour = Behaviour<unknown, Protocol, unknown>;

/** The one place where a behaviour's types are dropped: what was checked here is trusted inside. */
export function erase<State, P extends Protocol, Info>(
  behaviour: Behaviour<State, P, Info>,
): ErasedBehaviour;
export function erase(behaviour: ErasedBehaviour): ErasedBehaviour {
  return behaviour;
}

/** What outlives one life of a child: its supervisor passes it from each life to the next. */
export interface History {
  restarts: number;
  lastCrash: LastCrash | undefined;
}

/** A child as its supervisor keeps it, running or not. */
export interface ChildRecord {
  readonly spec: Required<ChildSpec>;
  readonly history: History;
  state: ActorState;
}

/** What a supervisor can do and a worker cannot: have children. */
export interface Parenthood {
  /** True once the supervisor itself must stop: then it starts no more. */
  readonly leaving: boolean;
  /** Starts a child; a promise only when its `init` is asynchronous. @throws what `init` throws. */
  start(record: ChildRecord): ActorRef | Promise<ActorRef>;
  /** Tells the child to stop, kills it when it takes too long; resolves when it has ended. */
  stop(ref: ActorRef, shutdown: Shutdown): Promise<void>;
  /** Lets inspection see the children that do not run as well, and what ties them together. */
  show(records: () => readonly ChildRecord[], strategy: Strategy): void;
}

/** The parenthood of a worker. Workers are created without looking at it. */
export const childless: Parenthood = {
  leaving: false,
  start: () => Promise.reject(new BadRequest("a worker has no children")),
  stop: () => Promise.resolve(),
  show() {},
};

export interface BlueprintOptions {
  readonly kind: "worker" | "supervisor";
  readonly name?: string | undefined;
  readonly mailboxMax?: number | undefined;
  /** Called once a life. */
  readonly create: (parenthood: Parenthood) => ErasedBehaviour;
}

export class Blueprint implements ActorDefinition {
  readonly kind: "worker" | "supervisor";
  readonly name: string | undefined;
  readonly mailboxMax: number;
  readonly create: (parenthood: Parenthood) => ErasedBehaviour;

  constructor(options: BlueprintOptions) {
    this.kind = options.kind;
    this.name = options.name;
    this.mailboxMax = options.mailboxMax ?? mailboxMessagesMax;
    this.create = options.create;
  }
}

/** @throws BadRequest for what no constructor of this room has made. */
export function blueprintOf(definition: ActorDefinition): Blueprint {
  if (definition instanceof Blueprint) return definition;
  throw new BadRequest("an actor definition is made by worker or supervisor");
}
