/**
 * The one family of errors. Each has a stable `code` that scripts and the API rely on; docs/errors.md
 * lists them all, and a test holds that list against this folder's and every room's subclasses.
 */

/** Where in an input something is wrong, and what. `path` is like `services[0].params.command`. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

export interface MobErrorOptions {
  readonly cause?: unknown;
  readonly details?: readonly ErrorDetail[];
}

/** Base of every error that Mob throws on purpose. `retryable`: the same call may succeed later. */
export abstract class MobError extends Error {
  abstract readonly code: string;
  readonly retryable: boolean = false;
  readonly details: readonly ErrorDetail[];

  constructor(message: string, options: MobErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? [];
  }
}

/** A spec or a provider's parameters that cannot be accepted; `details` has every error at once. */
export class InvalidSpec extends MobError {
  readonly code = "invalid_spec";
}

/** A request that is malformed: an option, a body, an address. */
export class BadRequest extends MobError {
  readonly code = "bad_request";
}

/** Who asks has not shown who they are: no token, or none that is known. */
export class Unauthorized extends MobError {
  readonly code = "unauthorized";
}

/** Refused because of who asks, or from where. */
export class Forbidden extends MobError {
  readonly code = "forbidden";
}

/** What was named does not exist: a service, a node, an actor. */
export class NotFound extends MobError {
  readonly code = "not_found";
}

/** The request is well formed and conflicts with what is: a duplicate node name, a dependency cycle. */
export class Conflict extends MobError {
  readonly code = "conflict";
}

/** A name or field that Mob knows and does not support in this version. */
export class ComesLater extends MobError {
  readonly code = "comes_later";
}

/** Something on the disk that this version cannot read. */
export class CorruptRecord extends MobError {
  readonly code = "corrupt_record";
}

/** No one could be reached to do it: a node, a peer, the controller. Nothing was done. */
export class Unreachable extends MobError {
  readonly code = "unreachable";
  override readonly retryable = true;
}

/** No answer in time: whether it was done is unknown. */
export class OutcomeUnknown extends MobError {
  readonly code = "outcome_unknown";
  override readonly retryable = true;
}

/** The machine or an engine refuses: disk full, port taken, folder locked. */
export class Unavailable extends MobError {
  readonly code = "unavailable";
  override readonly retryable = true;
}

/** A function that was invoked threw, or its process ended before it answered. */
export class FunctionFailed extends MobError {
  readonly code = "function_failed";
}

/** A function that was invoked took longer than it may, and was ended. */
export class FunctionTimedOut extends MobError {
  readonly code = "function_timed_out";
}

/** What is sent from one process to another of an error. */
export interface ErrorShape {
  readonly code: string;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

/** An error that happened elsewhere, as told by the other side; keeps its code. */
export class RemoteError extends MobError {
  readonly code: string;

  constructor(shape: ErrorShape) {
    super(shape.message, { details: shape.details });
    this.code = shape.code;
  }
}

/** The plain form of any thrown value. What is no MobError is a bug and has the code `internal`. */
export function errorShape(error: unknown): ErrorShape {
  if (error instanceof MobError) {
    return { code: error.code, message: error.message, details: error.details };
  }
  return { code: "internal", message: messageOf(error), details: [] };
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
