/** Whether a record is of what its key names. */
import { InvalidSpec } from "../core/errors.ts";

/**
 * `record`, which would else be found where no one looks for it.
 * @throws InvalidSpec where it speaks of something other than its key
 */
export function agreed<T>(agrees: boolean, record: T): T {
  if (agrees) return record;
  throw new InvalidSpec("the record is not of what its key names");
}
