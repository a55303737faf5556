/**
 * What a service costs over a bare child process of the same command, in the same run: deployed through
 * the API of a real node, from the call until its process runs; two hundred at once; after `kill -9`
 * until the next one runs; and removed, with whatever they forked. Keeper and durable record included.
 */
import { setTimeout } from "node:timers/promises";
import type { Client } from "../src/client/client.ts";
import { answerFigure, answering } from "./answering.ts";
import { bashService, type RealNode, RealNodes, removeAll } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { killAll, Signs, spawnBare, startBare } from "./signs.ts";
import { compareRates, compareTimes, noTimes } from "./statistics.ts";

export const name = "services";

const starts = 60;
const rounds = 5;
const atOnce = 200;
const removed = 220;

interface World {
  readonly node: RealNode;
  readonly client: Client;
  readonly signs: Signs;
}

export async function run(): Promise<readonly BenchResult[]> {
  const nodes = new RealNodes();
  const signs = new Signs(nodes.folder);
  try {
    const node = await nodes.start();
    const { client } = node;
    const world = { node, client, signs };
    await deployTimes(world, "warm-up"); // Code that has run a few times is compiled, as in a node in use.
    await removeAll(client);
    return [
      ...(await measureOneByOne(world)),
      ...(await measureAtOnce(world)),
      ...(await measureRemoval(world, nodes)),
    ];
  } finally {
    signs.close();
    await nodes.close();
  }
}

async function measureOneByOne(world: World): Promise<readonly BenchResult[]> {
  const times = {
    start: noTimes(),
    again: noTimes(),
    bareStart: noTimes(),
    bareAgain: noTimes(),
  };
  for (let i = 0; i < starts; i++) {
    const bare = await bareTimes(world.signs, `bare-${i}`);
    times.bareStart.push(bare.startMs);
    times.bareAgain.push(bare.againMs);
    const ours = await deployTimes(world, `one-${i}`);
    times.start.push(ours.startMs);
    times.again.push(ours.againMs);
  }
  return [
    compareTimes("deploy of one service until it runs, median", times.start, times.bareStart, 1.6),
    compareTimes("kill -9 until the next one runs, median", times.again, times.bareAgain, 1.6),
  ];
}

async function bareTimes(signs: Signs, sign: string) {
  let beganAt = performance.now();
  const child = await startBare(signs, sign);
  const startMs = performance.now() - beganAt;
  const next = signs.appeared(sign);
  const respawned = new Promise<ReturnType<typeof spawnBare>>((resolve) => {
    child.once("exit", () => resolve(spawnBare(signs, sign)));
  });
  beganAt = performance.now();
  child.kill("SIGKILL");
  await next;
  const againMs = performance.now() - beganAt;
  await killAll([await respawned]);
  return { startMs, againMs };
}

async function deployTimes({ client, signs }: World, sign: string) {
  const runs = signs.appeared(sign);
  let beganAt = performance.now();
  const deployed = client.deploy([bashService(sign, signs.command(sign))]);
  const pid = await runs;
  const startMs = performance.now() - beganAt;
  await deployed;
  await setTimeout(500); // Until it is settled in its cgroup, as a task that dies mostly is.
  const next = signs.appeared(sign);
  beganAt = performance.now();
  process.kill(pid, "SIGKILL");
  await next;
  const againMs = performance.now() - beganAt;
  await client.act("remove", [sign]);
  return { startMs, againMs };
}

async function measureAtOnce(world: World): Promise<readonly BenchResult[]> {
  const { client } = world;
  const times = { bare: noTimes(), one: noTimes(), each: noTimes() };
  for (let round = 0; round < rounds; round++) {
    const names = Array.from({ length: atOnce }, (_, i) => `many-${round}-${i}`);
    times.bare.push(await bareAtOnce(world.signs, names));
    times.one.push(await deployAtOnce(world, names, (services) => client.deploy(services)));
    times.each.push(
      await deployAtOnce(world, names, (services) =>
        Promise.all(services.map((service) => client.deploy([service]))),
      ),
    );
  }
  const asked = await answering([world.node], async () => {
    const names = Array.from({ length: atOnce }, (_, i) => `more-${i}`);
    await deployAtOnce(world, names, (services) => client.deploy(services));
  });
  return [
    compareRates(`${atOnce} services by one call`, atOnce, times.one, times.bare),
    compareRates(`${atOnce} services by a call each`, atOnce, times.each, times.bare),
    answerFigure("answers of the API meanwhile", asked),
  ];
}

async function bareAtOnce(signs: Signs, names: readonly string[]): Promise<number> {
  const beganAt = performance.now();
  const children = await Promise.all(names.map((sign) => startBare(signs, `bare-${sign}`)));
  const tookMs = performance.now() - beganAt;
  await killAll(children);
  return tookMs;
}

/** From the call until the last of them runs. They are gone again when this resolves. */
async function deployAtOnce(
  { client, signs }: World,
  names: readonly string[],
  deploy: (services: readonly object[]) => Promise<unknown>,
): Promise<number> {
  const services = names.map((sign) => bashService(sign, signs.command(sign)));
  const beganAt = performance.now();
  const run = Promise.all(names.map((sign) => signs.appeared(sign)));
  const deployed = deploy(services);
  await run;
  const tookMs = performance.now() - beganAt;
  await deployed;
  await removeAll(client);
  return tookMs;
}

async function measureRemoval({ client, signs }: World, nodes: RealNodes): Promise<BenchResult[]> {
  const idle = nodes.processes().length;
  const names = Array.from({ length: removed }, (_, i) => `family-${i}`);
  const run = Promise.all(names.map((sign) => signs.appeared(sign)));
  const family = "(setsid sleep 1000 &) ; sleep 1000";
  await client.deploy(names.map((sign) => bashService(sign, signs.command(sign, family))));
  await run;
  await setTimeout(1_000);
  const beganAt = performance.now();
  await client.act("remove", names);
  const tookMs = performance.now() - beganAt;
  const left = nodes.processes().length - idle;
  return [
    {
      metric: `${removed} services with grandchildren removed`,
      unit: "ms",
      ours: tookMs,
      goal: "under 2,000",
      met: tookMs < 2_000,
    },
    { metric: "of their processes left", unit: "", ours: left, goal: "none", met: left === 0 },
  ];
}
