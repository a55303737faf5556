import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { createClient } from "../../src/client/client.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const forever = "exec sleep 1000";

test("twenty times killed amid deploys, stops and updates, a node loses and leaks nothing", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  const wishes = new Map<string, Set<string>>();
  for (let round = 0; round < 20; round++) {
    const client = createClient(node.endpoint);
    const asked = ["a", "b", "c"].map((name) => wish(client, wishes, name, round));
    await delay(Math.random() * 120); // The moment of the crash is what is tried.
    await node.crash();
    await Promise.all(asked);
    client.close();
    await node.start();
  }
  await eventually(async () => {
    const there = await node.json<InstanceView[]>("ls");
    const tasks = lab.processes().filter((pid) => commandOf(pid).startsWith("sleep "));
    const running = there.filter(({ state }) => state === "running");
    const isOne = running.every(({ handle }) => tasks.includes(Number(handle["pid"])));
    return (
      there.every(({ state }) => state === "running" || state === "stopped") &&
      isOne &&
      tasks.length === running.length
    );
  }, "exactly one task for each service that runs");
  const there = new Map((await node.json<InstanceView[]>("ls")).map((it) => [it.name, it]));
  for (const [name, possible] of wishes) {
    const { state, handle } = there.get(name) ?? { state: "absent", handle: {} };
    const seconds = state === "running" ? commandOf(Number(handle["pid"])).split(" ")[1] : "";
    assert.ok(
      possible.has(`${state} ${seconds}`),
      `${name} is ${state} ${seconds}, wished ${[...possible]}`,
    );
  }
});

/** Asks for something and keeps what may be true afterwards: one thing once it is acknowledged. */
async function wish(
  client: ReturnType<typeof createClient>,
  wishes: Map<string, Set<string>>,
  name: string,
  round: number,
): Promise<void> {
  const before = wishes.get(name) ?? new Set(["absent "]);
  const seconds = String(10_000 + round);
  const kind = ["deploy", "deploy", "stop", "remove"][Math.floor(Math.random() * 4)];
  const after = kind === "deploy" ? `running ${seconds}` : kind === "stop" ? "stopped " : "absent ";
  wishes.set(name, new Set([...before, after]));
  try {
    if (kind === "deploy") await client.deploy([bash(name, `exec sleep ${seconds}`)]);
    else await client.act(kind === "stop" ? "stop" : "remove", [name]);
    wishes.set(name, new Set([after]));
  } catch (error) {
    const isThere = !(error instanceof Error && "code" in error && error.code === "not_found");
    if (!isThere) wishes.set(name, before);
  }
}

test("both nodes killed at once find each other and their services again", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  const patient = { restart_grace: "1h" }; // However slow the machine is.
  for (const name of ["one", "two", "three", "four"]) await a.deploy(bash(name, forever, patient));
  const before = await pids(a);
  await Promise.all([a.crash(), b.crash()]);
  assert.ok(before.every(processAlive));
  await Promise.all([a.start(), b.start()]);
  await eventually(
    async () => (await states(a)).join() === "alive,alive",
    "both nodes alive again",
  );
  await eventually(
    async () => (await states(b)).join() === "alive,alive",
    "both nodes alive again",
  );
  assert.deepEqual(await pids(a), before);
  assert.deepEqual(await pids(b), before);
});

test("a node that stands still is dead for the other, and back with its services unchanged", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ providers: "docker" });
  const b = await lab.start();
  await a.mob("join", `127.0.0.1:${b.port}`);
  await a.deploy(bash("web", forever));
  const before = await a.taskPid("web");
  process.kill(b.pid, "SIGSTOP");
  try {
    await eventually(async () => (await states(a)).includes("dead"), "b to be dead for a");
    assert.equal((await a.instance("web"))?.state, "lost");
  } finally {
    process.kill(b.pid, "SIGCONT");
  }
  await eventually(async () => (await states(a)).join() === "alive,alive", "b to be back");
  assert.equal(await a.taskPid("web"), before);
  assert.equal(await b.taskPid("web"), before);
});

test("a full disk makes nothing durable and leaves what runs alone; with room again all goes on", async (t) => {
  const disk = await smallDisk(t);
  if (disk === undefined) return;
  const lab = await Lab.open(t);
  const args = ["--data", join(disk, "data")];
  const node = await lab.start({ args });
  await node.deploy(bash("web", forever));
  const pid = await node.taskPid("web");
  const filler = join(disk, "filler");
  fill(filler);
  // Until the pages that the database has left for itself are full as well.
  const refused = await eventually(async () => {
    const spec = bash("more", `: ${randomText(50_000)}; ${forever}`);
    const { code, stderr } = await node.try("deploy", JSON.stringify(spec));
    return code === 0 ? undefined : { code, stderr };
  }, "a refusal");
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /not durable: .*No space left on device/);
  const later = await node.try("deploy", JSON.stringify(bash("later", forever)));
  assert.match(
    later.stderr,
    /nothing is written until the disk takes it: .*No space left on device/,
  );
  assert.equal(await node.taskPid("web"), pid);
  rmSync(filler);
  await node.deploy(bash("after", forever));
  await node.taskPid("after");
  await node.crash();
  await node.start({ args });
  await node.taskPid("after");
  assert.equal(await node.taskPid("web"), pid);
  // Their cgroups go with them alone: the lab knows of no data folder that is elsewhere.
  const names = (await node.json<InstanceView[]>("ls")).map(({ name }) => name);
  assert.equal((await node.try("rm", ...names)).code, 0);
});

/** A file system of 16 MB, gone after the test; undefined, and the test skipped, where none may be mounted. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "mob-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "none", folder], { stdio: "pipe" });
  } catch (error) {
    await rmdir(folder);
    t.skip(`no file system can be mounted: ${String(error)}`);
    return undefined;
  }
  // Lazily: what still uses it is ended by the lab, later.
  t.after(async () => {
    execFileSync("umount", ["-l", folder]);
    await rmdir(folder);
  });
  return folder;
}

function randomText(length: number): string {
  return randomBytes(length / 2).toString("hex");
}

function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, new Uint8Array(64 * 1024), { flag: "a" });
  } catch {
    // Full: that was the point.
  }
}

async function states(node: MobNode): Promise<readonly string[]> {
  return (await node.json<NodeView[]>("nodes")).map(({ state }) => state);
}

async function pids(node: MobNode): Promise<readonly number[]> {
  const all = await eventually(async () => {
    const told = await node.json<InstanceView[]>("ls");
    return told.every(({ state }) => state === "running") ? told : undefined;
  }, "every service to run");
  return all.map(({ handle }) => Number(handle["pid"]));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
