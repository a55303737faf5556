/**
 * `npm run kernel`: the faults and the checks of the simulator on real node processes, each in a network
 * namespace of its own. Takes minutes a seed; CI runs a short form (test/network/faults.test.ts).
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BadRequest } from "../src/core/errors.ts";
import { drawRealPlan } from "../test/network/trial/real-plan.ts";
import { runRealPlan } from "../test/network/trial/real-trial.ts";
import { Undoing } from "../test/support/lan/cleanup.ts";
import { whyNoStarving } from "../test/support/lan/cpu-share.ts";
import { whyNoLan } from "../test/support/lan/tools.ts";
import { runMain } from "./run-main.ts";

const help = `npm run kernel -- [options]

Runs real nodes through partitions of two minutes, stalls of 30 s, and what the seed draws. Needs root,
iproute2, iptables and a built dist/.

  --seed N      the first seed; default: one of its own each time
  --nodes N     3 to 20; default 5
  --runs N      seeds, one after the other; default 1
  --logs DIR    keeps there what the nodes print
  --quiet       tells what was found, not what happens
  --help

Exit codes: 0 all held, 1 something did not, 2 bad usage.
`;

function numberIn(text: string, name: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new BadRequest(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}

function parseOptions() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(1 + (Date.now() % 1_000_000)) },
      nodes: { type: "string", default: "5" },
      runs: { type: "string", default: "1" },
      logs: { type: "string" },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { logs, quiet, help: isHelp } = values;
  return {
    seed: numberIn(values.seed, "seed", 1, 999_999_999),
    nodes: numberIn(values.nodes, "nodes", 3, 20),
    runs: numberIn(values.runs, "runs", 1, 1_000),
    logs,
    quiet,
    isHelp,
  };
}

type Options = ReturnType<typeof parseOptions>;

/** Whether all held. */
async function runSeed(seed: number, { nodes, logs, quiet }: Options): Promise<boolean> {
  const undoing = new Undoing();
  const interrupted = () => void undoing.run().finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, interrupted);
  const folder = mkdtempSync(join(tmpdir(), "mob-kernel-"));
  const logFolder = logs === undefined ? undefined : join(logs, `seed-${seed}`);
  if (logFolder !== undefined) mkdirSync(logFolder, { recursive: true });
  try {
    console.log(`seed ${seed}, ${nodes} nodes`);
    const watch = quiet ? undefined : (line: string) => console.log(`  ${line}`);
    const plan = drawRealPlan(seed, nodes);
    const { violations, asked, done, convergedMs } = await runRealPlan(undoing, plan, {
      folder,
      logFolder,
      watch,
    });
    const right = violations.length === 0 ? `right after ${Math.round(convergedMs)} ms` : "wrong";
    console.log(`seed ${seed}: ${done} of ${asked} wishes done, ${right}`);
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0) {
      console.log(`  again: npm run kernel -- --seed ${seed} --nodes ${nodes}`);
    }
    return violations.length === 0;
  } finally {
    await undoing.run();
    for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, interrupted);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const options = parseOptions();
  if (options.isHelp) {
    console.log(help.trimEnd());
    return 0;
  }
  const missing = whyNoLan() || whyNoStarving();
  if (missing !== false) {
    console.error(`kernel: it cannot run here: ${missing}`);
    return 1;
  }
  let failed = 0;
  for (let run = 0; run < options.runs; run++) {
    if (!(await runSeed(options.seed + run, options))) failed++;
  }
  return failed === 0 ? 0 : 1;
}

await runMain("kernel", main);
