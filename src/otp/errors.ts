/**
 * How a call or a start can fail, by name. A node that cannot be reached is core's `Unreachable`; a
 * connection lost after sending is core's `OutcomeUnknown`.
 */
import { MobError, messageOf } from "../core/errors.ts";
import { type ExitReason, showReason } from "./exit-reason.ts";

/** The actor's mailbox is full. Nothing was done. */
export class ActorOverloaded extends MobError {
  readonly code = "overloaded";
  override readonly retryable = true;

  constructor(target: string) {
    super(`${target} is overloaded: its mailbox is full`);
  }
}

/** Another node is slow to read what is sent to it, and too much of it waits already. Nothing was done. */
export class QueueFull extends MobError {
  readonly code = "queue_full";
  override readonly retryable = true;
}

/** No actor there, or it ended in an orderly way before it answered. */
export class NoSuchActor extends MobError {
  readonly code = "no_such_actor";
  override readonly retryable = true;

  constructor(target: string) {
    super(`no actor ${target} is running`);
  }
}

/** The actor crashed or was killed before it answered: whether it did what was asked is unknown. */
export class ActorCrashed extends MobError {
  readonly code = "actor_crashed";
  readonly reason: ExitReason;

  constructor(target: string, reason: ExitReason) {
    super(`${target} ended before it answered (${showReason(reason)})`);
    this.reason = reason;
  }
}

/** No answer by the deadline: whether it was or will be done is unknown. */
export class CallTimeout extends MobError {
  readonly code = "call_timeout";
  override readonly retryable = true;

  constructor(target: string, method: string, timeoutMs: number) {
    super(`${target} did not answer ${method} within ${timeoutMs} ms`);
  }
}

/** The actor has no such method, or none that other nodes may call. */
export class NoSuchMethod extends MobError {
  readonly code = "no_such_method";

  constructor(target: string, method: string) {
    super(`${target} has no method ${method} for this caller`);
  }
}

/** The name, or the place in the tree, is held by an actor that has not ended. */
export class NameTaken extends MobError {
  readonly code = "name_taken";

  constructor(name: string) {
    super(`the name ${name} is taken`);
  }
}

/** An actor, or a child of the supervisor started, did not get through its `init`. */
export class StartFailed extends MobError {
  readonly code = "start_failed";

  constructor(target: string, cause: unknown) {
    super(`${target} did not start: ${messageOf(cause)}`, { cause });
  }
}

/** The supervisor has no child of that id. */
export class NoSuchChild extends MobError {
  readonly code = "no_such_child";

  constructor(id: string) {
    super(`no child ${id}`);
  }
}

/** What is asked does not fit the child's state: it runs already, or must be terminated first. */
export class ChildState extends MobError {
  readonly code = "child_state";

  constructor(id: string, state: string) {
    super(`child ${id} is ${state}`);
  }
}
