/** What can be wrong with a key that the node keeps. */
import { MobError } from "../core/errors.ts";

/** A key file that cannot be read, that others can read, or that holds no key. */
export class UnusableKey extends MobError {
  readonly code = "unusable_key";
}
