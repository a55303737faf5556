/**
 * How long a node takes until its port is open, and a command until it has ended, next to `node -e 0` in
 * the same run: all as a user starts them, the shell that finds Node included.
 */
import { execFileSync } from "node:child_process";
import { root } from "../scripts/root.ts";
import { RealNodes } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { median, noTimes } from "./statistics.ts";

export const name = "start-up";

const runs = 15;

export async function run(): Promise<readonly BenchResult[]> {
  const nodes = new RealNodes();
  const times = { bare: noTimes(), node: noTimes(), command: noTimes(), help: noTimes() };
  try {
    const { port } = await nodes.start();
    const timed = (program: string, ...args: readonly string[]): number => {
      const beganAt = performance.now();
      execFileSync(program, args, { cwd: root, env: nodes.env });
      return performance.now() - beganAt;
    };
    for (let i = 0; i < runs; i++) {
      times.bare.push(timed(process.execPath, "-e", "0"));
      times.command.push(timed("./mob", "ls", "-p", String(port)));
      times.help.push(timed("./mob", "--help"));
      const other = await nodes.start();
      times.node.push(other.openAfterMs);
      await nodes.stop(other);
    }
  } finally {
    await nodes.close();
  }
  const bareMs = median(times.bare);
  return [
    figure("a node, to its port open", median(times.node), bareMs, 600),
    figure("mob ls", median(times.command), bareMs, 250),
    figure("mob --help", median(times.help), bareMs, 250),
  ];
}

function figure(metric: string, ours: number, bareMs: number, goalMs: number): BenchResult {
  return {
    metric: `${metric}, median`,
    unit: "ms",
    ours,
    reference: { name: "node -e 0", value: bareMs },
    ratio: ours / bareMs,
    goal: `under ${goalMs}`,
    met: ours < goalMs,
  };
}
