/**
 * What it costs to start a container or a machine through Mob, against the engine alone in the same run: from the
 * request until the first thing in it is done. And what containers that do nothing cost the node that keeps them.
 * Each where its engine is (Debian's `docker.io`, `qemu-system-x86`), started here as the tests start it.
 * `MOB_BENCH_CONTAINERS` (default 200) is how many do nothing.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import Docker from "dockerode";
import { busyboxImage } from "../test/support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../test/support/docker-engine.ts";
import {
  guestAppend,
  guestArgs,
  guestKernel,
  makeInitramfs,
  whyNoGuest,
} from "../test/support/guest.ts";
import { startBareMachine } from "./bare-machine.ts";
import { type RealNode, RealNodes, removeAll } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { Signs } from "./signs.ts";
import { median, noTimes } from "./statistics.ts";
import { type Contender, cpuSeconds, memoryMib } from "./supervisors/contender.ts";

export const name = "engines";

const containerRounds = 12;
const machineRounds = 4;
const idleContainers = Number(process.env["MOB_BENCH_CONTAINERS"] ?? 200);
const deployedAtOnce = 20;
const idleMs = 10_000;

export async function run(): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  const without = (what: string, why: string) => console.error(`${what} is left out: ${why}`);
  const whyNot = { docker: whyNoDocker(), kvm: whyNoGuest() };
  if (whyNot.docker === false) results.push(...(await containers()));
  else without("docker", whyNot.docker);
  if (whyNot.kvm === false) results.push(await machines());
  else without("kvm", whyNot.kvm);
  return results;
}

async function containers(): Promise<readonly BenchResult[]> {
  const engine = await DockerEngine.open();
  process.env["DOCKER_HOST"] = `unix://${engine.socketPath}`;
  const nodes = new RealNodes();
  const signs = new Signs(nodes.folder);
  try {
    const node = await nodes.start("docker");
    const docker = new Docker({ socketPath: engine.socketPath });
    const ours = noTimes();
    const alone = noTimes();
    for (let round = 0; round < containerRounds; round++) {
      const service = `web-${round}`;
      ours.push(
        await timed(signs, service, () => node.client.deploy([containerService(signs, service)])),
      );
      const bare = `alone-${round}`;
      alone.push(await timed(signs, bare, () => startAlone(docker, signs, bare)));
    }
    await removeAll(node.client);
    return [
      compared("a container until it runs", ours, { name: "dockerode alone", alone }),
      ...(await idle(nodes, node, signs)),
    ];
  } finally {
    delete process.env["DOCKER_HOST"];
    signs.close();
    await nodes.close();
    await engine.close();
  }
}

function containerService(signs: Signs, service: string): object {
  const command = ["sh", "-c", signs.command(service)];
  const volumes = [`${signs.folder}:${signs.folder}`];
  const params = { image: busyboxImage, pull: "never", command, volumes };
  return { name: service, provider: "docker", params, stop: { grace: "0s" } };
}

/** The first process of each container is 1, and so is the sign's: its name is another in each round. */
async function startAlone(docker: Docker, signs: Signs, sign: string): Promise<void> {
  const container = await docker.createContainer({
    Image: busyboxImage,
    Cmd: ["sh", "-c", signs.command(sign)],
    HostConfig: { Binds: [`${signs.folder}:${signs.folder}`] },
  });
  await container.start();
}

/** What containers add to the node: those of its own processes alone, not the engine's. */
async function idle(
  nodes: RealNodes,
  node: RealNode,
  signs: Signs,
): Promise<readonly BenchResult[]> {
  const contender: Pick<Contender, "processes"> = { processes: () => nodes.processes() };
  const look = async () => {
    const beganAt = cpuSeconds(contender);
    await setTimeout(idleMs);
    const percent = ((cpuSeconds(contender) - beganAt) / idleMs) * 100_000;
    return { percent, mib: memoryMib(contender) };
  };
  const before = await look();
  for (let from = 0; from < idleContainers; from += deployedAtOnce) {
    const names = Array.from({ length: deployedAtOnce }, (_, at) => `idle-${from + at}`);
    const begun = names.map((one) => signs.appeared(one));
    await node.client.deploy(names.map((one) => containerService(signs, one)));
    await Promise.all(begun);
  }
  const after = await look();
  return [
    {
      metric: `memory for ${idleContainers} idle containers (PSS)`,
      unit: "MiB",
      ours: after.mib - before.mib,
    },
    {
      metric: `processor beside ${idleContainers} idle containers`,
      unit: "% of a core",
      ours: after.percent,
      reference: { name: "none", value: before.percent },
    },
  ];
}

async function machines(): Promise<BenchResult> {
  const nodes = new RealNodes();
  const signs = new Signs(nodes.folder);
  try {
    const node = await nodes.start("kvm");
    const initrd = join(nodes.folder, "initramfs");
    makeInitramfs(initrd);
    const ours = noTimes();
    const alone = noTimes();
    for (let round = 0; round < machineRounds; round++) {
      const service = `vm-${round}`;
      const script = `${signs.command(service, "while :; do sleep 1; done")}`;
      const params = {
        kernel: guestKernel,
        initrd,
        append: guestAppend,
        memory: "128MiB",
        args: guestArgs(script, signs.folder),
      };
      const spec = { name: service, provider: "kvm", params, stop: { grace: "0s" } };
      ours.push(await timed(signs, service, () => node.client.deploy([spec])));
      await removeAll(node.client);
      let bare: ChildProcess | undefined;
      alone.push(
        await timed(signs, `alone-${round}`, async () => {
          bare = startBareMachine(
            initrd,
            signs.command(`alone-${round}`, "while :; do sleep 1; done"),
            signs.folder,
          );
          bare.stdout?.resume();
        }),
      );
      if (bare?.kill("SIGKILL")) await once(bare, "exit");
    }
    return compared("a machine until it runs", ours, { name: "QEMU alone", alone });
  } finally {
    signs.close();
    await nodes.close();
  }
}

/** Ms from the start of `start` until the sign of that name. */
async function timed(signs: Signs, sign: string, start: () => Promise<unknown>): Promise<number> {
  const appeared = signs.appeared(sign);
  const beganAt = performance.now();
  const started = start();
  await appeared;
  const tookMs = performance.now() - beganAt;
  await started;
  return tookMs;
}

function compared(
  metric: string,
  ours: readonly number[],
  { name: reference, alone }: { readonly name: string; readonly alone: readonly number[] },
): BenchResult {
  const value = median(alone);
  const ratio = median(ours) / value;
  return { metric, unit: "ms", ours: median(ours), reference: { name: reference, value }, ratio };
}
