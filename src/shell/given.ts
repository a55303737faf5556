/** What is typed in the shell has no types yet. */
import { BadRequest } from "../core/errors.ts";

/** @throws BadRequest for what is no name */
export function text(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new BadRequest('a name is missing: it goes in quotes, as in mob.show("web")');
}

/** A program and its arguments. @throws BadRequest for what is none */
export function words(values: readonly unknown[]): string[] {
  const words = values.map((value) => {
    if (typeof value === "string" || typeof value === "number") return String(value);
    throw new BadRequest(asWritten);
  });
  if (words[0] === undefined || words[0] === "") throw new BadRequest(asWritten);
  return words;
}

const asWritten = 'a program and its arguments are text, one by one: mob.exec("web", "ls", "-l")';

/** At least one. @throws BadRequest */
export function texts(values: readonly unknown[]): string[] {
  if (values.length === 0) return [text(undefined)];
  return values.map(text);
}
