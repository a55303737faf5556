/** What is typed in the shell has no types yet. */
import { BadRequest } from "../core/errors.ts";

/** @throws BadRequest for what is no name */
export function text(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new BadRequest('a name is missing: it goes in quotes, as in mob.show("web")');
}

/** At least one. @throws BadRequest */
export function texts(values: readonly unknown[]): string[] {
  if (values.length === 0) return [text(undefined)];
  return values.map(text);
}
