/**
 * Reads specs as users write them (YAML, JSON, JSON with single quotes). Where they are written is
 * where they are read: the API takes documents, and clients may not import the services room.
 */
import { type ErrorDetail, InvalidSpec } from "../core/errors.ts";
import { parseDocuments } from "../services/spec-text.ts";

/** A text, and what to call it in an error: a file's name. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/**
 * Every document of every source, in order. What is in them is the node's to judge.
 * @throws InvalidSpec with the errors of all sources.
 */
export function readDocuments(sources: readonly Source[]): unknown[] {
  const details: ErrorDetail[] = [];
  const documents = sources.flatMap(({ name, text }) => {
    try {
      return parseDocuments(text, name);
    } catch (error) {
      if (!(error instanceof InvalidSpec) || sources.length === 1) throw error;
      details.push(...error.details);
      return [];
    }
  });
  if (details.length > 0) throw new InvalidSpec("some specs cannot be read", { details });
  return documents;
}
