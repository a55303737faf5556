/** The hosts that the other tests of this folder stand on: what can be done to them, and that they go. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Undoing, undoneAfter } from "../support/lan/cleanup.ts";
import { starve, whyNoStarving } from "../support/lan/cpu-share.ts";
import { type Host, Lan } from "../support/lan/lan.ts";
import { LanNode } from "../support/lan/lan-node.ts";
import { inside, ip, whyNoLan } from "../support/lan/tools.ts";
import { processAlive } from "../support/process-alive.ts";

const skip = whyNoLan();

/** Sends what it is told to, and prints what arrives, by UDP: nothing is sent twice. */
const talkerScript = `
  const socket = require("node:dgram").createSocket("udp4");
  socket.on("message", (text) => console.log(String(text))).bind(7000, () => console.log("ready"));
  require("node:readline").createInterface(process.stdin).on("line", (line) => {
    const [to, text] = line.split(" ");
    socket.send(text, 7000, to);
  });`;

class Talker {
  readonly #host: Host;
  readonly #child: ChildProcess;
  #heard = "";

  constructor(t: TestContext, host: Host) {
    this.#host = host;
    const [program, ...args] = inside(host.namespace);
    this.#child = spawn(program, [...args, process.execPath, "-e", talkerScript]);
    t.after(() => this.#child.kill("SIGKILL"));
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#heard += text;
    });
  }

  get heard(): readonly string[] {
    return this.#heard.split("\n").filter(Boolean);
  }

  hears(text: string): Promise<boolean> {
    return eventually(() => this.heard.includes(text), `${this.#host.name} to hear ${text}`);
  }

  say(to: Talker, text: string): void {
    this.#child.stdin?.write(`${to.#host.address} ${text}\n`);
  }
}

test("a cut lets nothing through in its direction, until it is mended, and all in the other", {
  skip,
}, async (t) => {
  const { undoing } = await undoneAfter(t);
  const { hosts, firewall } = Lan.open(undoing, ["a", "b"]);
  const [first, second] = hosts;
  assert.ok(first !== undefined && second !== undefined);
  const [a, b] = [new Talker(t, first), new Talker(t, second)];
  await Promise.all([a.hears("ready"), b.hears("ready")]);
  a.say(b, "before");
  await b.hears("before");

  const mend = await firewall.cut([first], second);
  a.say(b, "lost");
  b.say(a, "back");
  await a.hears("back");
  await mend();
  a.say(b, "after");
  await b.hears("after");
  assert.deepEqual(b.heard, ["ready", "before", "after"]);
});

test("who is starved is held up by the kernel, until it is let go", {
  skip: skip || whyNoStarving(),
}, async (t) => {
  const busy = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  t.after(() => busy.kill("SIGKILL"));
  const pid = busy.pid ?? 0;
  const before = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const starving = starve(pid, 0.05);
  t.after(starving.end);
  await eventually(() => {
    const told = readFileSync(join(starving.group, "cpu.stat"), "utf8");
    return Number(/^nr_throttled (\d+)$/m.exec(told)?.[1]) > 0;
  }, "the process to be held up");
  starving.end();
  assert.equal(readFileSync(`/proc/${pid}/cgroup`, "utf8"), before);
  assert.equal(existsSync(starving.group), false);
});

test("nothing is left of hosts, nodes and tasks, also where making them fails half-way", {
  skip,
}, async (t) => {
  const { folder } = await undoneAfter(t);
  const undoing = new Undoing();
  t.after(() => undoing.run()); // Should the test fail before.
  const [host] = Lan.open(undoing, ["a"]).hosts;
  assert.ok(host !== undefined);
  const node = new LanNode(undoing, host, join(folder, "a"));
  await node.start(["--bind", host.address, "-P", "bash"]);
  const spec = { name: "web", provider: "bash", params: { command: "sleep 1000" } };
  const deployed = await node.mob("deploy", JSON.stringify(spec));
  assert.equal(deployed.code, 0, deployed.stderr);
  const pids = await eventually(() => {
    const found = node.processes();
    return found.length >= 3 && found; // Node, keeper and task.
  }, "a task");
  // An interface's name has at most 15 characters.
  assert.throws(() => Lan.open(undoing, ["fine", "a-name-that-no-interface-has"]));
  await undoing.run();
  assert.deepEqual(pids.filter(processAlive), []);
  assert.deepEqual(node.processes(), []);
  assert.doesNotMatch(ip("netns", "list"), new RegExp(`^mob-${process.pid}-`, "m"));
});
