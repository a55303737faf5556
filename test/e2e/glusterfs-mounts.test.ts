/** One volume of GlusterFS in services of every provider that mounts it, on a real pool and a real Podman. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { busyboxImage } from "../support/busybox-root.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { GlusterPool, poolHost, whyNoGluster } from "../support/gluster-pool.ts";
import { Lab } from "../support/mob-node.ts";
import { PodmanEngine, whyNoPodman } from "../support/podman-engine.ts";

const skip = skipWithout(whyNoGluster() || whyNoPodman());
let pool: GlusterPool;
let engine: PodmanEngine;

before(async () => {
  if (skip !== false) return;
  pool = await GlusterPool.open();
  engine = await PodmanEngine.open({ enter: pool.enter });
});
after(async () => {
  try {
    await engine?.close();
  } finally {
    await pool?.close();
  }
});

const providers = "bash,exec,podman,glusterfs";
/** What waits for gluster, whose commands take seconds on a busy machine. */
const patienceMs = 300_000;

test("a container of Podman's, a program and a script share a volume, over their restarts and a crash of the node", {
  skip,
}, async (t) => {
  const lab = await Lab.open(t, { CONTAINER_HOST: `unix://${engine.socketPath}` }, pool.enter);
  const node = await lab.start({ providers });
  const brick = join(pool.bricks, "shared");
  mkdirSync(brick);
  const params = { bricks: [`${poolHost}:${brick}`], force: true };
  await node.deploy({ name: "files", provider: "glusterfs", params });

  const write = (name: string, at: string) =>
    `echo ${name} >>${at}/written; while :; do sleep 1; done`;
  const service = (name: string, at: string, own: object) => ({
    name,
    provider: name,
    params: own,
    volumes: [{ from: "files", at, kind: "glusterfs" }],
    stop: { grace: "0s" },
  });
  const [program, script] = [join(lab.home, "program"), join(lab.home, "script")];
  const args = ["-c", write("exec", program)];
  const command = ["sh", "-c", write("podman", "/data")];
  const services = [
    service("podman", "/data", { image: busyboxImage, command }),
    service("exec", program, { program: "sh", args }),
    service("bash", script, { command: write("bash", script) }),
  ];
  for (const one of services) await node.deploy(one);

  const volume = (await node.untilItRuns("files", patienceMs)).handle["volume"];
  const file = join(brick, String(volume), "written");
  const wrote = (names: readonly string[]) =>
    eventually(
      () => {
        const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
        return lines.sort().join() === names.join();
      },
      `${names} in the brick`,
      patienceMs,
    );
  await wrote(["bash", "exec", "podman"]);
  const mounted = pool.mounts();
  assert.deepEqual(mounted.length, 1, "one mount for all");

  await engine.podman(
    "kill",
    String((await node.untilItRuns("podman", patienceMs)).handle["container"]),
  );
  process.kill(Number((await node.untilItRuns("exec", patienceMs)).handle["pid"]), "SIGKILL");
  await wrote(["bash", "exec", "exec", "podman", "podman"]);

  const before = await Promise.all(
    ["podman", "exec", "bash"].map((name) => node.untilItRuns(name, patienceMs)),
  );
  await node.crash();
  assert.deepEqual(pool.mounts(), mounted);
  await node.start({ providers });
  const again = await Promise.all(
    ["podman", "exec", "bash"].map((name) => node.untilItRuns(name, patienceMs)),
  );
  assert.deepEqual(
    again.map(({ handle }) => handle),
    before.map(({ handle }) => handle),
  );
  await pool.run("sh", "-c", `echo last >>${mounted[0]}/written`);
  const seen = await engine.podman(
    "exec",
    String(again[0]?.handle["container"]),
    "tail",
    "-n1",
    "/data/written",
  );
  assert.equal(seen, "last\n");

  await node.mob("rm", "podman", "exec", "bash");
  await eventually(() => pool.mounts().length === 0, "nothing mounted", patienceMs);
  assert.ok(!existsSync(program) && !existsSync(script));
  await node.mob("rm", "files");
  await eventually(async () => (await pool.volumes()).length === 0, "no volume", patienceMs);
});
