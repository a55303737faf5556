/**
 * How fast the output of a service is followed through Mob while it is written, against what follows it without:
 * dockerode at the same engine, a pipe to the same program, the serial console of the same machine. In turns, in the
 * same run; from the first byte that comes until the last, so that no start counts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
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
import { PodmanEngine, whyNoPodman } from "../test/support/podman-engine.ts";
import { startBareMachine } from "./bare-machine.ts";
import { type RealNode, RealNodes, removeAll } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

export const name = "engine-logs";

const rounds = 3;
const lineBytes = 100;
const lines = 300_000;
/** An emulated serial port takes a byte at a time. */
const consoleLines = 10_000;
/** Nothing is rotated away while it is read. */
const fileBytes = 1_000_000_000;

interface Container {
  readonly provider: string;
  readonly socketPath: string;
  readonly log: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
}

/** A service that writes so many lines, and what writes the same without Mob, to its standard output. */
interface Writer {
  readonly what: string;
  readonly provider: string;
  readonly reference: string;
  readonly lines: number;
  params(go: string): object;
  alone(go: string): ChildProcess;
}

export async function run(): Promise<readonly BenchResult[]> {
  const script: Omit<Writer, "what" | "provider" | "params"> = {
    reference: "a pipe",
    lines,
    alone: (go) => spawn("bash", ["-c", writes(go)], { stdio: ["ignore", "pipe", "ignore"] }),
  };
  const results = [
    await processes({
      ...script,
      what: "a script",
      provider: "bash",
      params: (go) => ({ command: writes(go) }),
    }),
    await processes({
      ...script,
      what: "a program",
      provider: "exec",
      params: (go) => ({ program: "bash", args: ["-c", writes(go)] }),
    }),
    await processes({
      what: "a function",
      provider: "lambda",
      reference: "a pipe",
      lines,
      params: (go) => ({ code: `exports.handler = ${handler(go)}`, timeout: "5m" }),
      alone: (go) =>
        spawn(process.execPath, ["-e", `(${handler(go)})()`], {
          stdio: ["ignore", "pipe", "ignore"],
        }),
    }),
  ];
  const without = (what: string, why: string) => console.error(`${what} is left out: ${why}`);
  const whyNot = { kvm: whyNoGuest(), docker: whyNoDocker(), podman: whyNoPodman() };
  if (whyNot.kvm === false) results.push(await machines());
  else without("kvm", whyNot.kvm);
  if (whyNot.docker !== false) without("docker", whyNot.docker);
  else {
    const log = { Type: "json-file", Config: { "max-size": String(fileBytes), "max-file": "2" } };
    results.push(await containers("docker", "DOCKER_HOST", log, await DockerEngine.open()));
  }
  if (whyNot.podman !== false) without("podman", whyNot.podman);
  else {
    const log = { Type: "k8s-file", Config: {} };
    results.push(await containers("podman", "CONTAINER_HOST", log, await PodmanEngine.open()));
  }
  return results;
}

async function machines(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  try {
    const initrd = join(folder, "initramfs");
    makeInitramfs(initrd);
    const machine = { kernel: guestKernel, initrd, append: guestAppend, memory: "128MiB" };
    const script = (go: string) => writes(go, consoleLines);
    return await processes({
      what: "a machine, by its serial console",
      provider: "kvm",
      reference: "QEMU alone",
      lines: consoleLines,
      params: (go) => ({ ...machine, args: guestArgs(script(go), dirname(go)) }),
      alone: (go) => startBareMachine(initrd, script(go), dirname(go)),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function processes(writer: Writer): Promise<BenchResult> {
  const { what, provider, reference } = writer;
  const nodes = new RealNodes();
  try {
    const node = await nodes.start(provider);
    return await inTurns(
      what,
      reference,
      async (go, round) => {
        const spec = { name: `${provider}-${round}`, provider, params: writer.params(go) };
        const ours = await followed(node, spec, go, writer.lines);
        const child = writer.alone(`${go}-alone`);
        const alone = counted(writer.lines);
        child.stdout?.pipe(alone.sink);
        const killed = () => child.kill("SIGKILL");
        return { ours, alone: await alone.speed(`${go}-alone`).finally(killed) };
      },
      nodes,
    );
  } finally {
    await nodes.close();
  }
}

async function containers(
  provider: string,
  variable: string,
  log: Container["log"],
  engine: DockerEngine | PodmanEngine,
): Promise<BenchResult> {
  const { socketPath } = engine;
  process.env[variable] = `unix://${socketPath}`;
  const nodes = new RealNodes();
  try {
    const node = await nodes.start(provider);
    return await inTurns(
      `a container of ${provider}'s`,
      "dockerode alone",
      async (go, round) => {
        const volumes = [`${nodes.folder}:${nodes.folder}`];
        const command = ["sh", "-c", writes(go)];
        const params = { image: busyboxImage, pull: "never", command, volumes };
        const ours = await followed(node, { name: `${provider}-${round}`, provider, params }, go);
        const alone = await followedAlone({ provider, socketPath, log }, nodes, `${go}-alone`);
        return { ours, alone };
      },
      nodes,
    );
  } finally {
    delete process.env[variable];
    await nodes.close();
    await engine.close();
  }
}

/** A script that writes a line, all others once there is a file `go`, and stays. Podman answers once there is any. */
function writes(go: string, count = lines): string {
  const line = "x".repeat(lineBytes - 1);
  return `echo ${line}; while [ ! -e ${go} ]; do sleep 0.1; done; yes ${line} | head -n ${count}; sleep 1000`;
}

/** The same as a function of JavaScript's. */
function handler(go: string): string {
  return `async () => {
  const line = "x".repeat(${lineBytes - 1});
  console.log(line);
  while (!require("node:fs").existsSync(${JSON.stringify(go)})) await new Promise((next) => setTimeout(next, 100));
  for (let n = 0; n < ${lines}; n++) console.log(line);
}`;
}

async function inTurns(
  what: string,
  reference: string,
  turn: (go: string, round: number) => Promise<{ readonly ours: number; readonly alone: number }>,
  { folder }: Pick<RealNodes, "folder">,
): Promise<BenchResult> {
  const speeds = [];
  for (let round = 0; round < rounds; round++) {
    speeds.push(await turn(join(folder, `go-${round}`), round));
  }
  const ours = median(speeds.map((speed) => speed.ours));
  const value = median(speeds.map((speed) => speed.alone));
  return {
    metric: `the output of ${what}, followed`,
    unit: "MB/s",
    ours,
    reference: { name: reference, value },
    ratio: ours / value,
  };
}

async function followed(
  { client }: RealNode,
  spec: { readonly name: string; readonly provider: string; readonly params: object },
  go: string,
  count = lines,
): Promise<number> {
  const logs = { max_bytes: fileBytes, files: 1 };
  await client.deploy([{ ...spec, logs, stop: { grace: "0s" } }]);
  const over = new AbortController();
  const chunks = await client.logs(spec.name, { tail: "all", follow: true }, over.signal);
  const { sink, speed } = counted(count);
  const reading = (async () => {
    for await (const { bytes } of chunks) sink.write(bytes);
  })().catch(() => {}); // Broken off below.
  if (spec.provider === "lambda") client.invoke(spec.name, null).catch(() => {}); // Ended with it.
  const found = await speed(go);
  over.abort();
  await reading;
  await removeAll(client);
  return found;
}

async function followedAlone(
  { socketPath, log }: Container,
  { folder }: Pick<RealNodes, "folder">,
  go: string,
): Promise<number> {
  const docker = new Docker({ socketPath });
  const container = await docker.createContainer({
    Image: busyboxImage,
    Cmd: ["sh", "-c", writes(go)],
    HostConfig: { Binds: [`${folder}:${folder}`], LogConfig: log },
  });
  await container.start();
  const stream = await container.logs({ follow: true, stdout: true, stderr: true });
  const { sink, speed } = counted(lines);
  docker.modem.demuxStream(stream, sink, sink);
  const found = await speed(go);
  await container.remove({ force: true });
  return found;
}

/** A place for bytes, and how fast all that there will be have come, in MB/s, once the file `go` was made. */
function counted(count: number) {
  let bytes = 0;
  let firstAt = 0;
  let lastAt = 0;
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, taken) {
      bytes += chunk.length;
      if (firstAt === 0 && bytes > lineBytes) firstAt = performance.now();
      if (bytes >= lineBytes * (count + 1)) {
        lastAt = performance.now();
        sink.destroy();
      }
      taken();
    },
  });
  const speed = async (go: string) => {
    const all = finished(sink).catch(() => {}); // It was destroyed, once it had all.
    writeFileSync(go, "");
    await all;
    return (lineBytes * count) / 1_000 / (lastAt - firstAt);
  };
  return { sink, speed };
}
