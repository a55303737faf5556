/**
 * Runs the benchmarks: `npm run bench`, `npm run bench -- actors`, `--json` for machines. Each file
 * runs in a process of its own, so that none inherits another's heap or compiled code, with the
 * flags that `mob` runs with.
 */
import { fork } from "node:child_process";
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { runMain } from "../scripts/run-main.ts";
import { BadRequest } from "../src/core/errors.ts";
import { histogramText } from "./histogram.ts";
import type { BenchResult } from "./result.ts";

/** What a benchmark file exports; a file without `run` only helps others. */
interface Benchmark {
  readonly name: string;
  run(): Promise<readonly BenchResult[]>;
}

/** What a child answers. */
type Answer =
  | { readonly ok: true; readonly name: string; readonly results: readonly BenchResult[] }
  | { readonly ok: false; readonly name: string; readonly reason: string };

/** As in scripts/launch.sh. */
const nodeFlags = ["--max-semi-space-size=2", "--no-parallel-scavenge", "--expose-gc"];
const notBenchmarks = ["run.ts", "result.ts"];

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean", default: false }, only: { type: "string" } },
    allowPositionals: true,
  });
  if (values.only === undefined) return await runAll(positionals, values.json);
  await runOne(values.only);
  return 0;
}

/** Parent: every file in turn, then one table. The exit code: 1 where a benchmark fails. */
async function runAll(words: readonly string[], isJson: boolean): Promise<number> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".ts") && !notBenchmarks.includes(file))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  if (files.length === 0) {
    throw new BadRequest(`no benchmark's file name contains: ${words.join(", ")}`);
  }
  const answers: Answer[] = [];
  for (const file of files) {
    if (!isJson) console.error(`── ${file}`);
    const answer = await inOwnProcess(file);
    if (answer === undefined) continue;
    answers.push(answer);
    if (!isJson) print(answer);
  }
  if (isJson) console.log(JSON.stringify(answers, null, 2));
  return answers.every(({ ok }) => ok) ? 0 : 1;
}

function inOwnProcess(file: string): Promise<Answer | undefined> {
  const child = fork(import.meta.filename, ["--only", file], {
    execArgv: [...nodeFlags, "--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced", // A ratio to nothing is no number, which JSON does not have.
  });
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    child.on("message", (message: Answer | "no benchmark") => {
      answer = message === "no benchmark" ? undefined : message;
      resolve(answer);
    });
    child.on("exit", (code, signal) =>
      resolve(answer ?? { ok: false, name: file, reason: `ended with ${signal ?? code}` }),
    );
  });
}

/** Child: runs one file, tells the parent and ends, whatever the benchmark left open. */
async function runOne(file: string): Promise<void> {
  const module: Partial<Benchmark> = await import(`./${file}`);
  const answer = await answerOf(file, module);
  process.send?.(answer, () => process.exit(0));
}

async function answerOf(file: string, module: Partial<Benchmark>): Promise<Answer | string> {
  if (module.run === undefined) return "no benchmark";
  const name = module.name ?? file;
  try {
    return { ok: true, name, results: await module.run() };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ok: false, name, reason };
  }
}

function print(answer: Answer): void {
  if (!answer.ok) {
    console.log(`${answer.name}: failed: ${answer.reason}`);
    return;
  }
  const rows = answer.results.map(({ metric, unit, ours, reference, ratio, goal, met }) => ({
    [answer.name]: metric,
    ours: round(ours),
    unit,
    "compared with": reference === undefined ? "" : `${reference.name} ${round(reference.value)}`,
    ratio: ratio === undefined ? "" : ratio.toFixed(2),
    goal: goal ?? "",
    met: met === undefined ? "" : met ? "yes" : "no",
  }));
  console.log(table(rows));
  for (const { metric, unit, histogram } of answer.results) {
    if (histogram !== undefined) console.log(`${metric}, ${unit}: ${histogramText(histogram)}`);
  }
}

/** Columns as wide as their widest cell. */
function table(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Three significant digits below a thousand, none after the point above. */
function round(value: number): string {
  return Math.abs(value) >= 1_000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}

await runMain("bench", main);
