/**
 * Invocations of a function: how many a second while it is warm, asked at its own node and at another, and how
 * long the first takes that has to start a process. The reference is what Node itself needs: bare HTTP on a Unix
 * socket, and a bare start of Node that prints and ends.
 */
import { spawn } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import { join } from "node:path";
import type { Client } from "../src/client/client.ts";
import { type RealNode, RealNodes } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { median, noTimes, percentile } from "./statistics.ts";

export const name = "lambda";

/** Rounds of each, in turn, so that what else the machine does meets all alike. */
const rounds = 5;
const callsPerRound = 1_000;
/** Under way at once. */
const callers = 4;
const coldStarts = 15;

type Ask = () => Promise<void>;

interface Measured {
  readonly perSecond: number[];
  readonly ms: number[];
}

export async function run(): Promise<readonly BenchResult[]> {
  const nodes = new RealNodes();
  try {
    const home = await nodes.start("lambda");
    const other = await nodes.start("bash");
    await other.client.join(`127.0.0.1:${home.port}`);
    const code = "exports.handler = async (event) => event;";
    await deploy(home, other, "warm", { code, concurrency: callers, reserved: callers });
    await deploy(home, other, "cold", { code, idle: "1ms" });
    const bare = await bareServer(join(nodes.folder, "bare.sock"));
    const own = measured();
    const across = measured();
    const reference = measured();
    for (let round = 0; round < rounds; round++) {
      await measure(own, () => invoke(home.client));
      await measure(across, () => invoke(other.client));
      await measure(reference, bare.ask);
    }
    bare.close();
    return [
      ...figures("at its own node", own, reference),
      ...figures("at another node", across, reference),
      await coldStart(home.client),
    ];
  } finally {
    await nodes.close();
  }
}

async function deploy(home: RealNode, other: RealNode, service: string, params: object) {
  await home.client.deploy([{ name: service, provider: "lambda", params }]);
  for (const { client } of [home, other]) {
    // The first may find its host starting, or this node not knowing of it yet.
    while (!(await client.invoke(service, 1).then(Boolean, () => false))) await pause(50);
  }
}

async function invoke(client: Client): Promise<void> {
  await client.invoke("warm", { n: 1 });
}

function measured(): Measured {
  return { perSecond: [], ms: [] };
}

async function measure(into: Measured, ask: Ask): Promise<void> {
  const beganAt = performance.now();
  let left = callsPerRound;
  const caller = async () => {
    while (left-- > 0) {
      const at = performance.now();
      await ask();
      into.ms.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  into.perSecond.push((callsPerRound * 1_000) / (performance.now() - beganAt));
}

function figures(where: string, own: Measured, reference: Measured): BenchResult[] {
  const bareRate = median(reference.perSecond);
  const rate = median(own.perSecond);
  const times = [0.5, 0.99].map((part): BenchResult => {
    const bare = percentile(reference.ms, part);
    const ours = percentile(own.ms, part);
    return {
      metric: `warm, ${where}: p${part * 100} of ${callers} callers`,
      unit: "ms",
      ours,
      reference: { name: "bare HTTP", value: bare },
      ratio: ours / bare,
    };
  });
  return [
    {
      metric: `warm, ${where}: invocations`,
      unit: "a second",
      ours: rate,
      reference: { name: "bare HTTP", value: bareRate },
      ratio: rate / bareRate,
    },
    ...times,
  ];
}

/** A cold invocation over a bare start of Node, in turn. */
async function coldStart(client: Client): Promise<BenchResult> {
  const ours = noTimes();
  const bare = noTimes();
  for (let i = 0; i < coldStarts; i++) {
    await pause(100); // Longer than the function's processes may be idle.
    const beganAt = performance.now();
    const { cold } = await client.invoke("cold", 1);
    if (cold) ours.push(performance.now() - beganAt);
    bare.push(await bareStart());
  }
  const value = median(bare);
  return {
    metric: `cold start, median of ${ours.length}`,
    unit: "ms",
    ours: median(ours),
    reference: { name: "node -e", value },
    ratio: median(ours) / value,
  };
}

function bareStart(): Promise<number> {
  const beganAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["-e", "process.stdout.write('1')"]);
    child.once("error", reject);
    child.once("exit", () => resolve(performance.now() - beganAt));
  });
}

async function bareServer(socketPath: string) {
  const server = createServer((asked, answer) => {
    asked.pipe(answer);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const agent = new Agent({ keepAlive: true });
  const ask: Ask = () =>
    new Promise((resolve, reject) => {
      const asked = request({ agent, socketPath, method: "POST", path: "/" }, (answer) => {
        answer.resume().once("end", resolve);
      });
      asked.once("error", reject);
      asked.end('{"n":1}');
    });
  const close = () => {
    agent.destroy();
    server.close();
  };
  return { ask, close };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
