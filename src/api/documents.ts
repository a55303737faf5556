/**
 * Reads specs as users write them (YAML, JSON, JSON with single quotes). Where they are written is
 * where they are read: the API takes documents, and clients may not import the services room.
 */
import { type ErrorDetail, InvalidSpec, MobError, RemoteError } from "../core/errors.ts";
import { asObject } from "../core/reading.ts";
import { parseDocuments } from "../services/spec-text.ts";

/** A text, and what to call it in an error: a file's name. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** A document, and what the source is called that it is from. */
export interface Written {
  readonly source: string;
  readonly document: unknown;
}

/**
 * Every document of every source, in order. What is in them is the node's to judge.
 * @throws InvalidSpec with the errors of all sources.
 */
export function readDocuments(sources: readonly Source[]): Written[] {
  const details: ErrorDetail[] = [];
  const documents = sources.flatMap(({ name, text }) => {
    try {
      return parseDocuments(text, name).map((document) => ({ source: name, document }));
    } catch (error) {
      if (!(error instanceof InvalidSpec) || sources.length === 1) throw error;
      details.push(...error.details);
      return [];
    }
  });
  if (details.length > 0) throw new InvalidSpec("some specs cannot be read", { details });
  return documents;
}

/**
 * What a node refused of several documents, with the source and the name of each in the place of its number:
 * `[1].parms` is `web.yaml: web: parms`. Anything else as it is.
 */
export function inSources(error: unknown, written: readonly Written[]): unknown {
  if (!(error instanceof MobError) || error.code !== "invalid_spec") return error;
  const { code, message } = error;
  const details = error.details.map((detail) => ({
    ...detail,
    path: placeOf(detail.path, written),
  }));
  return new RemoteError({ code, message, details });
}

function placeOf(path: string, written: readonly Written[]): string {
  const [, index, inside = ""] = /^\[(\d+)\]\.?(.*)$/s.exec(path) ?? [];
  const one = written[Number(index)];
  if (one === undefined) return path;
  const { name } = asObject(one.document) ?? {};
  const own = written.filter(({ source }) => source === one.source);
  const called =
    typeof name === "string" ? [name] : own.length > 1 ? [`document ${own.indexOf(one) + 1}`] : [];
  return [one.source, ...called, ...(inside === "" ? [] : [inside])].join(": ");
}
