/**
 * Specs as people write them: YAML, and JSON, with single quotes too, since YAML's flow style reads
 * all of it. Several documents in one text are several specs. The text is hostile until proven
 * otherwise: its size, depth, documents and aliases are bounded before anything is built from it.
 */
import { Composer, type CST, type Document, LineCounter, Parser } from "yaml";
import { type ErrorDetail, InvalidSpec, messageOf } from "../core/errors.ts";

/** Longest text, in characters. */
export const specTextCharsMax = 8 * 1024 * 1024;
/** Most documents in one. */
export const documentsMax = 1_000;
/** Deepest nesting, in the parser's tokens: the composer recurses, and must not run out of stack. */
const tokenDepthMax = 200;
/** Most values that aliases may stand for, so that few lines cannot become gigabytes. */
const aliasesMax = 100;
/** Errors told of one text: one slip can make an error of every line after it. */
const errorsMax = 20;

/**
 * The documents as plain data, empty ones left out.
 * @param source what to call the text in errors: a file's name
 * @throws InvalidSpec with every error; its path is `source:line:column`
 */
export function parseDocuments(text: string, source: string): readonly unknown[] {
  if (text.length > specTextCharsMax) {
    throw invalid(source, `is longer than ${specTextCharsMax} characters`);
  }
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (isTooDeep(tokens)) throw invalid(source, "is nested too deeply");
  const documents = [...new Composer(options).compose(tokens)];
  // A tag or a type that YAML's core does not know would be ignored: that is an error here.
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (errors.length > 0) {
    const details = errors.slice(0, errorsMax).map(({ pos, message }): ErrorDetail => {
      const { line, col } = lines.linePos(pos[0]);
      return { path: `${source}:${line}:${col}`, message };
    });
    throw new InvalidSpec(`${source} is neither YAML nor JSON`, { details });
  }
  const values = documents.map((document) => dataOf(document, source));
  const specs = values.filter((value) => value !== null);
  if (specs.length === 0) throw invalid(source, "is empty");
  if (specs.length > documentsMax) throw invalid(source, `has over ${documentsMax} documents`);
  return specs;
}

/** YAML 1.2's core schema whatever the text asks for, in which only JSON's types are found. */
const options = {
  version: "1.2",
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: true,
  prettyErrors: false,
  logLevel: "error",
} as const;

function dataOf(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (cause) {
    // An alias of nothing, or too many: thrown by the library without a position.
    throw invalid(source, messageOf(cause), cause);
  }
}

function isTooDeep(tokens: readonly CST.Token[]): boolean {
  let level: readonly CST.Token[] = tokens;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > tokenDepthMax) return true;
    level = level.flatMap(innerTokens);
  }
  return false;
}

function innerTokens(token: CST.Token): readonly CST.Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((inner) => inner != null));
}

function invalid(source: string, message: string, cause?: unknown): InvalidSpec {
  return new InvalidSpec("the spec cannot be read", {
    cause,
    details: [{ path: source, message }],
  });
}
