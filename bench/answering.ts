/**
 * Whether nodes go on answering while they work: asks them all the time, from a process of its own, so
 * that what the benchmark itself does meanwhile delays no answer. What its timers are late by tells how
 * much of a delay is the machine's.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { RealNode } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { percentile } from "./statistics.ts";

/** Asks each Unix socket every 5 ms for the version, until its input ends; then prints what that took, in ms. */
const asker = `
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true });
const [answers, late] = [[], []];
let done = false;
process.stdin.on("end", () => { done = true; }).resume();
const ask = (socketPath) => new Promise((resolve, reject) => {
  const beganAt = performance.now();
  http.get({ socketPath, path: "/v1/version", agent }, (answer) => {
    answer.resume().once("end", () => { answers.push(performance.now() - beganAt); resolve(); });
  }).once("error", reject);
});
const pause = () => new Promise((resolve) => {
  const beganAt = performance.now();
  setTimeout(() => { late.push(performance.now() - beganAt - 5); resolve(); }, 5);
});
const askAll = async (path) => { while (!done) { await ask(path); await pause(); } };
Promise.all(process.argv.slice(1).map(askAll)).then(() => {
  console.log(JSON.stringify({ answers, late }));
  agent.destroy();
});
`;

interface Asked {
  readonly answers: readonly number[];
  readonly late: readonly number[];
}

/** Answer times of the nodes during `work`. */
export async function answering(
  nodes: readonly RealNode[],
  work: () => Promise<void>,
): Promise<Asked> {
  const paths = nodes.map(({ socketPath }) => socketPath);
  const child = spawn(process.execPath, ["-e", asker, ...paths], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const told = text(child.stdout);
  await work().finally(() => child.stdin.end());
  return JSON.parse(await told);
}

export function answerFigure(metric: string, { answers, late }: Asked): BenchResult {
  const p99 = percentile(answers, 0.99);
  return {
    metric: `${metric}, 99th percentile`,
    unit: "ms",
    ours: p99,
    reference: { name: "lateness of a timer elsewhere", value: percentile(late, 0.99) },
    goal: "under 50",
    met: p99 < 50,
  };
}
