/** Refused because of who asks, or from where. */
import { MobError } from "../core/errors.ts";

export class Forbidden extends MobError {
  readonly code = "forbidden";
}
