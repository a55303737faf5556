/**
 * Runs the tests: all, one kind, or those whose path contains one of the words given.
 * `npm test`, `npm test -- bash`, `npm run test:unit -- ring store`. A word that matches no test
 * fails, so that a typo never looks green; so does, by name, a file that hangs.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BadRequest } from "../src/core/errors.ts";
import { root } from "./root.ts";
import { runMain } from "./run-main.ts";

/** Longest that one file may take: several times what the slowest needs on two noisy cores. */
const fileTimeoutMs = 900_000;
/** Files at once: as many as the smallest machine that is supported has cores. */
const concurrency = 2;

const kinds: Readonly<Record<string, readonly string[]>> = {
  unit: ["test/unit/"],
  integration: ["test/conformance/", "test/simulation/", "test/network/", "test/e2e/"],
};

interface Selection {
  readonly files: readonly string[];
  /** Words that no test's path contains. */
  readonly unmatched: readonly string[];
}

function select(files: readonly string[], words: readonly string[]): Selection {
  if (words.length === 0) return { files, unmatched: [] };
  return {
    files: files.filter((file) => words.some((word) => file.includes(word))),
    unmatched: words.filter((word) => !files.some((file) => file.includes(word))),
  };
}

function testFiles(folders: readonly string[]): string[] {
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith(".test.ts") && folders.some((at) => file.startsWith(at)))
    .sort();
}

/** Resolves with the exit code of Node's test runner, whose closing lines end the output. */
function run(files: readonly string[]): Promise<number> {
  const flags = ["--import", "tsx", "--test"];
  const reporters = ["spec", "./scripts/conformance-times.mjs"].flatMap((name) => [
    `--test-reporter=${name}`,
    "--test-reporter-destination=stdout",
  ]);
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${fileTimeoutMs}`];
  const runner = spawn(process.execPath, [...flags, ...reporters, ...limits, ...files], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    runner.on("error", reject);
    runner.on("exit", (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { kind: { type: "string" } },
    allowPositionals: true,
  });
  const folders = values.kind === undefined ? Object.values(kinds).flat() : kinds[values.kind];
  if (folders === undefined) {
    throw new BadRequest(`--kind is one of: ${Object.keys(kinds).join(", ")}`);
  }
  const { files, unmatched } = select(testFiles(folders), positionals);
  if (unmatched.length === 0 && files.length > 0) return await run(files);
  throw new BadRequest(`no test's path contains: ${unmatched.join(", ") || folders.join(", ")}`);
}

await runMain("test", main);
