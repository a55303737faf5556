/** What can be wrong with bytes from a peer. After any of these but `UnknownMessage`, close the connection. */
import { MobError } from "../core/errors.ts";

export abstract class WireError extends MobError {}

/** A frame that claims, or would have, more bytes than the limit; told before anything is allocated. */
export class FrameTooLarge extends WireError {
  readonly code = "frame_too_large";
}

/** Bytes that are not MessagePack, are nested too deep, or hold what is not plain data. */
export class MalformedFrame extends WireError {
  readonly code = "malformed_frame";
}

/** A message that lacks a field, or has one of the wrong shape. */
export class InvalidMessage extends WireError {
  readonly code = "invalid_message";
}

/** A message of a later version. Ignore it: whoever sends it must do without an answer. */
export class UnknownMessage extends WireError {
  readonly code = "unknown_message";
}
