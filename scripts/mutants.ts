/**
 * `npm run mutants`: plants each bug of test/mutants/mutants.ts in a copy of the sources, and runs the
 * simulator on it until it finds something. A bug that it does not find asks for a better check.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BadRequest } from "../src/core/errors.ts";
import { type Mutant, mutants } from "../test/mutants/mutants.ts";
import { root } from "./root.ts";
import { runMain } from "./run-main.ts";

const help = `npm run mutants -- [options] [name …]

Plants each mutant, or those named, in a copy of the sources, and runs the simulator until it finds it.
Prints a table: which seed found it, by which invariant, in how many seconds, and what was told.

  --seeds N    how many seeds a mutant may survive; default 2000
  --list       print the mutants
  --help

Exit codes: 0 all were found, 1 one was not, 2 bad usage.
`;

/** What the simulator needs to run. */
const copied = ["src", "scripts", "package.json", "tsconfig.json"];

interface Hunted {
  readonly found: boolean;
  readonly output: string;
}

/** The simulator's output and exit code, run on a copy with the mutant in it. */
async function hunt(mutant: Mutant, seeds: number): Promise<Hunted> {
  const copy = mkdtempSync(join(tmpdir(), "mob-mutant-"));
  try {
    for (const path of copied) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const file = join(copy, mutant.file);
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace(mutant.find, () => mutant.replace),
    );
    const { code, output } = await simulate(copy, seeds);
    if (code > 1) throw new Error(`the simulator did not run on ${mutant.name}:\n${output}`);
    return { found: code === 1, output };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function simulate(cwd: string, seeds: number): Promise<{ code: number; output: string }> {
  const flags = ["--seeds", String(seeds), "--vary-nodes", "--stop", "--no-shorten"];
  const script = ["--import", "tsx", "scripts/simulate.ts", ...flags];
  const child = spawn(process.execPath, script, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 2, output }));
  });
}

/** A line of the table: how a hunt ended. */
interface Row {
  readonly mutant: string;
  /** The one that found it; absent: none did. */
  readonly seed?: string | undefined;
  /** Its number in the design. */
  readonly invariant?: string | undefined;
  readonly seconds: number;
  /** What was told. */
  readonly what: string;
}

function rowOf(mutant: string, { found, output }: Hunted, seconds: number): Row {
  if (!found) return { mutant, seconds, what: "NOT FOUND" };
  const lines = output.split("\n");
  const last = lines.filter((line) => line.startsWith("seed ")).at(-1) ?? "";
  const told = lines.find((line) => line.startsWith("  invariant ")) ?? "";
  const [, invariant, what = ""] = /invariant (\d+), at \d+ ms: (.*)/.exec(told) ?? [];
  return { mutant, seed: /^seed (\d+)/.exec(last)?.[1], invariant, seconds, what };
}

function lineOf({ mutant, seed = "-", invariant = "-", seconds, what }: Row): string {
  const cells = [mutant.padEnd(38), seed.padStart(5), invariant.padStart(10)];
  return [...cells, String(Math.round(seconds)).padStart(8), what.slice(0, 90)].join("  ");
}

const heading = `${"mutant".padEnd(38)}   seed   invariant   seconds  what was told`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string", default: "2000" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const seeds = Number(values.seeds);
  const strange = positionals.find((name) => !mutants.some((mutant) => mutant.name === name));
  if (values.help) return say(help.trimEnd());
  if (values.list) return say(mutants.map(({ name, file }) => `${name}  ${file}`).join("\n"));
  if (strange !== undefined) throw new BadRequest(`there is no mutant "${strange}" (--list)`);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new BadRequest("--seeds takes a whole number from 1 on");
  const wanted = mutants.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  let missed = 0;
  say(heading);
  for (const mutant of wanted) {
    const beganAt = performance.now();
    const hunted = await hunt(mutant, seeds);
    if (!hunted.found) missed++;
    say(lineOf(rowOf(mutant.name, hunted, (performance.now() - beganAt) / 1_000)));
  }
  const total = `${wanted.length - missed} of ${wanted.length} found within ${seeds} seeds`;
  return say(total, missed > 0 ? 1 : 0);
}

function say(text: string, code = 0): number {
  console.log(text);
  return code;
}

await runMain("mutants", main);
