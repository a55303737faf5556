/**
 * `npm run nightly`: what CI has no time for. Shows that the simulator finds each planted bug, runs real
 * nodes on a real kernel through the same faults, then simulates seeds that no night before has run, as
 * long as there is time. What fails is told by the three themselves.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { BadRequest } from "../src/core/errors.ts";
import { root } from "./root.ts";
import { runMain } from "./run-main.ts";

const help = `npm run nightly -- [options]

Runs all mutants, then real nodes in network namespaces (as root alone; needs what npm run kernel
needs), then the simulator, both on seeds of their own for each day.

  --minutes N      how long the simulator runs; default 480
  --no-mutants     leave the mutants out
  --no-kernel      leave the real nodes out
  --help

Exit codes: 0 all held, 1 something did not, 2 bad usage.
`;

/** How many real nodes, one run each. */
const kernelSizes = [3, 5, 7, 9];
const dayMs = 86_400_000;
/** Seeds of one night; more than it has time for. */
const seedsPerNight = 2_000;
/** After so many nights the seeds come again; the code has changed by then. */
const nights = 400;

function main(): number {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "480" },
      "no-mutants": { type: "boolean", default: false },
      "no-kernel": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help.trimEnd());
    return 0;
  }
  if (!/^[1-9][0-9]{0,4}$/.test(values.minutes)) {
    throw new BadRequest(`--minutes takes a whole number from 1 on, not "${values.minutes}"`);
  }
  const night = Math.floor(Date.now() / dayMs) % nights;
  const seed = String(1 + night * seedsPerNight);
  const codes = [
    values["no-mutants"] ? 0 : run("mutants.ts", []),
    values["no-kernel"] ? 0 : runKernel(seed),
    run("simulate.ts", ["--forever", "--seed", seed, "--minutes", values.minutes]),
  ];
  return codes.some((code) => code !== 0) ? 1 : 0;
}

function runKernel(seed: string): number {
  return Math.max(
    ...kernelSizes.map((nodes) =>
      run("kernel.ts", ["--quiet", "--seed", seed, "--nodes", `${nodes}`]),
    ),
  );
}

function run(script: string, args: readonly string[]): number {
  const command = ["--import", "tsx", `scripts/${script}`, ...args];
  return spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" }).status ?? 1;
}

await runMain("nightly", main);
