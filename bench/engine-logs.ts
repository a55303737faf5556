/**
 * How fast the output of a service is followed through Mob while it is written, against what follows it without:
 * dockerode at the same engine, and a pipe to the same script. In turns, in the same run; from the first byte that
 * comes until the last, so that no start counts.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import Docker from "dockerode";
import { busyboxImage } from "../test/support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../test/support/docker-engine.ts";
import { PodmanEngine, whyNoPodman } from "../test/support/podman-engine.ts";
import { type RealNode, RealNodes, removeAll } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

export const name = "engine-logs";

const rounds = 3;
const lineBytes = 100;
const lines = 300_000;
const bytesMax = lineBytes * lines;
/** Nothing is rotated away while it is read. */
const fileBytes = 1_000_000_000;

interface Container {
  readonly provider: string;
  readonly socketPath: string;
  readonly log: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
}

export async function run(): Promise<readonly BenchResult[]> {
  const results = [await scripts()];
  const without = (what: string, why: string) => console.error(`${what} is left out: ${why}`);
  const [noDocker, noPodman] = [whyNoDocker(), whyNoPodman()];
  if (noDocker !== false) without("docker", noDocker);
  else {
    const log = { Type: "json-file", Config: { "max-size": String(fileBytes), "max-file": "2" } };
    results.push(await containers("docker", "DOCKER_HOST", log, await DockerEngine.open()));
  }
  if (noPodman !== false) without("podman", noPodman);
  else {
    const log = { Type: "k8s-file", Config: {} };
    results.push(await containers("podman", "CONTAINER_HOST", log, await PodmanEngine.open()));
  }
  return results;
}

async function scripts(): Promise<BenchResult> {
  const nodes = new RealNodes();
  try {
    const node = await nodes.start("bash");
    return await inTurns(
      "a script",
      "a pipe",
      async (go, round) => {
        const spec = { name: `bash-${round}`, provider: "bash", params: { command: writes(go) } };
        const ours = await followed(node, spec, go);
        const child = spawn("bash", ["-c", writes(`${go}-alone`)], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        const alone = counted();
        child.stdout.pipe(alone.sink);
        return {
          ours,
          alone: await alone.speed(`${go}-alone`).finally(() => child.kill("SIGKILL")),
        };
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
function writes(go: string): string {
  const line = "x".repeat(lineBytes - 1);
  return `echo ${line}; while [ ! -e ${go} ]; do sleep 0.1; done; yes ${line} | head -n ${lines}; sleep 1000`;
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

async function followed({ client }: RealNode, spec: object, go: string): Promise<number> {
  const logs = { max_bytes: fileBytes, files: 1 };
  await client.deploy([{ ...spec, logs, stop: { grace: "0s" } }]);
  const [service] = await client.services();
  const over = new AbortController();
  const chunks = await client.logs(service?.name ?? "", { tail: "all", follow: true }, over.signal);
  const { sink, speed } = counted();
  const reading = (async () => {
    for await (const { bytes } of chunks) sink.write(bytes);
  })().catch(() => {}); // Broken off below.
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
  const { sink, speed } = counted();
  docker.modem.demuxStream(stream, sink, sink);
  const found = await speed(go);
  await container.remove({ force: true });
  return found;
}

/** A place for bytes, and how fast all that there will be have come, in MB/s, once the file `go` was made. */
function counted() {
  let bytes = 0;
  let firstAt = 0;
  let lastAt = 0;
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, taken) {
      bytes += chunk.length;
      if (firstAt === 0 && bytes > lineBytes) firstAt = performance.now();
      if (bytes >= lineBytes + bytesMax) {
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
    return bytesMax / 1_000 / (lastAt - firstAt);
  };
  return { sink, speed };
}
