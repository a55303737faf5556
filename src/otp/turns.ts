/**
 * The one place that touches nact. Each of our actors is a nact actor, and a nact message is a
 * *turn*: leave to work off some of our own mailbox. Actors stay flat below one nact system, since
 * nact copies an actor's children for each of its messages and looks every path up from the root.
 */
import { type ActorSystemRef, dispatch, type Ref, spawn, start, stop } from "nact";

declare module "nact" {
  /** What nact takes and its types leave out: without it the name is drawn at random. */
  export function start(options: { readonly name: string }): ActorSystemRef;
}

/** nact's table of systems is global to the process, so two of ours must never share a name. */
let systemsStarted = 0;

/** One actor's right to run. */
export class Turn {
  private readonly actor: Ref<unknown>;

  constructor(actor: Ref<unknown>) {
    this.actor = actor;
  }

  /** Has the actor's work called once more, soon, and not before what it does now is done. */
  request(): void {
    dispatch(this.actor, undefined);
  }

  /** No turn comes any more. */
  stop(): void {
    stop(this.actor);
  }
}

export class Turns {
  private readonly system: ActorSystemRef;

  constructor(node: string) {
    systemsStarted++;
    this.system = start({ name: `mob-${node}-${systemsStarted}` });
  }

  /** `work` must not throw, nor its promise reject: nact would make that an unhandled rejection. */
  spawn(serial: number, work: () => Promise<void> | undefined): Turn {
    return new Turn(spawn(this.system, work, `actor-${serial}`));
  }

  stop(): void {
    stop(this.system);
  }
}
