/**
 * `npm run simulate`: whole nodes in a virtual world, with faults drawn from a seed, held against what
 * must always be true. What fails is shortened, told, and written to a file that replays it exactly.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BadRequest } from "../src/core/errors.ts";
import { asFaultKind, drawPlan, faultKinds } from "../src/simulator/draw-plan.ts";
import { type Plan, parsePlan, planToText } from "../src/simulator/schedule.ts";
import { shorten } from "../src/simulator/shorten.ts";
import { type Outcome, runPlan } from "../src/simulator/trial.ts";
import { runMain } from "./run-main.ts";

const help = `npm run simulate -- [options]

Runs whole nodes in a virtual world, with faults, and holds them against the invariants of the design.

  --seed N       the first seed; default 1
  --seeds N      how many seeds, one after the other; default 1
  --forever      seed after seed, without end; every hundredth with 100 nodes
  --minutes N    begin no run after so many minutes; default: no end
  --stop         end at the first run that fails
  --nodes N      machines, 1 to 1000; default 5
  --vary-nodes   3 to 9 machines, another number from seed to seed; the default of --forever
  --mesh N       up to N peers every node is connected with every other, beyond that not; default: drawn
  --slow         faults and wishes are rarer, and machines longer down; default: a quarter of the runs
  --seconds N    virtual seconds of a run, 10 or more; default 120. After 58 % of them all faults end.
  --faults A,B   these faults in each run; default: a random subset of
                 ${faultKinds.join(", ")}
                 "none" for none
  --replay FILE  run the schedule in FILE, as a failed run has written it
  --save FILE    where a failed run's shortened schedule goes; default simulate-SEED.json
  --no-shorten   do not look for a shorter schedule that fails too
  --trace        print the trace, a line for each frame, log line and fault
  --help

Prints a line a run: seed, nodes, virtual seconds, speed on one core, hash of the trace. Equal options and code give
equal hashes. Exit codes: 0 all held, 1 something did not, 2 bad usage.
`;

/** Of `--forever`: which seeds have a large network, and how large. */
const largeEvery = 100;
const largeNodes = 100;
/** Of one run: what goes wrong is often seen from every node. */
const violationsShownMax = 5;

interface Options {
  readonly plans: Iterable<Plan>;
  readonly save: string | undefined;
  readonly shortens: boolean;
  readonly traces: boolean;
  readonly stops: boolean;
  /** Infinity where nothing was said. */
  readonly minutes: number;
}

/** @throws BadRequest naming what is wrong */
function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      forever: { type: "boolean", default: false },
      stop: { type: "boolean", default: false },
      minutes: { type: "string" },
      "vary-nodes": { type: "boolean", default: false },
      nodes: { type: "string" },
      mesh: { type: "string" },
      slow: { type: "boolean" },
      seconds: { type: "string", default: "120" },
      faults: { type: "string" },
      replay: { type: "string" },
      save: { type: "string" },
      "no-shorten": { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { replay, save, trace } = values;
  const minutes =
    values.minutes === undefined ? Infinity : numberOf("--minutes", values.minutes, 1, 1e5);
  const shortens = !values["no-shorten"];
  const common = { save, shortens, traces: trace, stops: values.stop, minutes };
  if (replay !== undefined) return { plans: [parsePlan(readFileSync(replay, "utf8"))], ...common };
  const first = numberOf("--seed", values.seed, 0, 1e6);
  const count = values.forever ? 1e6 - first : numberOf("--seeds", values.seeds, 1, 1e6);
  const seconds = numberOf("--seconds", values.seconds, 10, 1e6);
  const nodes =
    values.nodes === undefined ? undefined : numberOf("--nodes", values.nodes, 1, 1_000);
  const mesh = values.mesh === undefined ? undefined : numberOf("--mesh", values.mesh, 1, 1_000);
  const faults = faultsOf(values.faults);
  const varies = values.forever || values["vary-nodes"];
  // Through the night, now and then a large one.
  const isLarge = (seed: number) => values.forever && seed % largeEvery === 0;
  const nodesFor = (seed: number) =>
    nodes ?? (isLarge(seed) ? largeNodes : varies ? 3 + (seed % 7) : 5);
  function* plans(): Iterable<Plan> {
    for (let seed = first; seed < first + count; seed++) {
      yield drawPlan({ seed, nodes: nodesFor(seed), seconds, faults, mesh, isSlow: values.slow });
    }
  }
  return { plans: plans(), ...common };
}

function faultsOf(text: string | undefined) {
  if (text === undefined) return undefined;
  return text === "none" ? [] : text.split(",").map((name) => asFaultKind(name.trim()));
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadRequest(`${option} takes a whole number from ${least} to ${most}, not "${text}"`);
}

/** Runs all; resolves to whether everything held. Goes on after a failure, unless told to stop. */
async function runAll(options: Options): Promise<boolean> {
  const { plans, save, shortens, traces, stops, minutes } = options;
  const beganAt = performance.now();
  let [runs, failed, nodeHours] = [0, 0, 0];
  for (const plan of plans) {
    if (performance.now() - beganAt >= minutes * 60_000) break;
    const before = process.cpuUsage();
    const outcome = await runPlan(plan, traces ? console.log : undefined);
    const { user, system } = process.cpuUsage(before);
    console.log(lineOf(plan, outcome, (user + system) / 1_000));
    runs++;
    nodeHours += (plan.nodes * outcome.endedAtMs) / 3_600_000;
    if (outcome.violations.length === 0) continue;
    failed++;
    await tellFailure(plan, outcome, { save, shortens });
    if (stops) break;
  }
  if (runs > 1) console.log(`${runs} runs, ${nodeHours.toFixed(1)} node-hours, ${failed} failed`);
  return failed === 0;
}

/** @param cpuMs what it took of a core: how busy the machine was besides says nothing of the simulator */
function lineOf(plan: Plan, { hash, endedAtMs, events, done }: Outcome, cpuMs: number): string {
  const speed = Math.round(endedAtMs / cpuMs);
  const run = `seed ${plan.seed}, ${plan.nodes} nodes, ${Math.round(endedAtMs / 1_000)} s`;
  return `${run}: ${events} events, ${done} wishes done, ${speed} × real time, ${hash.slice(0, 16)}`;
}

async function tellFailure(
  plan: Plan,
  outcome: Outcome,
  { save, shortens }: Pick<Options, "save" | "shortens">,
): Promise<void> {
  const [first] = outcome.violations;
  const fails = async (shorter: Plan) =>
    (await runPlan(shorter)).violations.some(({ invariant }) => invariant === first?.invariant);
  const short = shortens ? await shorten(plan, fails) : plan;
  const { violations } = shortens ? await runPlan(short) : outcome;
  const file = save ?? `simulate-${plan.seed}.json`;
  writeFileSync(file, planToText(short));
  for (const { invariant, what, atMs } of violations.slice(0, violationsShownMax)) {
    console.log(`  invariant ${invariant}, at ${Math.round(atMs)} ms: ${what}`);
  }
  for (const item of short.items) console.log(`    ${JSON.stringify(item)}`);
  console.log(`  again: npm run simulate -- --replay ${file}`);
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options !== "help") return (await runAll(options)) ? 0 : 1;
  process.stdout.write(help);
  return 0;
}

await runMain("simulate", main);
