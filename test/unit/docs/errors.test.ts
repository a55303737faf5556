/** Holds docs/errors.md against the sources: what users look up must be what the code does. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { exitCodeOf } from "../../../src/cli/exit-codes.ts";

interface ErrorFacts {
  readonly className: string;
  readonly retryable: boolean;
}

/** Every concrete error class in `src`, by code. */
function inSources(): Map<string, ErrorFacts> {
  const found = new Map<string, ErrorFacts>();
  for (const file of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const source = readFileSync(join(root, "src", file), "utf8");
    for (const [, className, body] of source.matchAll(/^export class (\w+)([\s\S]*?)^\}/gm)) {
      const code = /^ {2}(?:override )?readonly code = "(\w+)";$/m.exec(body ?? "")?.[1];
      if (className === undefined || code === undefined) continue;
      assert.ok(!found.has(code), `${code} is the code of two classes`);
      found.set(code, { className, retryable: /readonly retryable = true;/.test(body ?? "") });
    }
  }
  return found;
}

/** The rows of the table of codes: code, class, again, exit code. */
function inDocs(): string[][] {
  const lines = readFileSync(join(root, "docs/errors.md"), "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "")));
}

test("docs/errors.md lists exactly the codes in src, each with its class", () => {
  const sources = [...inSources()].map(([code, { className }]) => `${code} ${className}`);
  const docs = inDocs().map(([code, className]) => `${code} ${className}`);
  assert.deepEqual(docs, [...sources, "internal –"].sort());
});

test("docs/errors.md says of each code whether to try again, and the exit code", () => {
  const sources = inSources();
  for (const [code = "", , again, exitCode, what, advice] of inDocs()) {
    assert.equal(again, sources.get(code)?.retryable === true ? "yes" : "no", code);
    assert.equal(exitCode, String(exitCodeOf(code)), code);
    assert.ok(what && advice, code);
  }
});
