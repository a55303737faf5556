/** Functions through the commands and the API, as README and docs/providers.md tell of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import type { InvokedView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const lambda = (name: string, code: string, more: object = {}) => ({
  name,
  provider: "lambda",
  params: { code, timeout: "60s", ...more },
});

/** POST of an event, as curl does it: status and answer. */
function post(node: MobNode, path: string, event: unknown): Promise<[number, unknown]> {
  const { socketPath } = node.endpoint;
  const headers = { host: `localhost:${node.port}`, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: "POST", path, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answer.once("end", () => resolve([answer.statusCode ?? 0, JSON.parse(text)]));
    });
    asked.once("error", reject);
    asked.end(JSON.stringify(event));
  });
}

/** A URL for a function to ask once: until the answer is ended, it is at work. */
async function asking(t: TestContext) {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const asked = new Promise<ServerResponse>((resolve) =>
    server.once("request", (_request, answer) => resolve(answer)),
  );
  return { ask: `http://127.0.0.1:${address.port}/`, asked };
}

test("a function is invoked through any node, by command and by API, and goes on over a crash", async (t) => {
  const lab = await Lab.open(t);
  const home = await lab.start({ providers: "lambda,bash", args: ["--name", "home"] });
  const other = await lab.start();
  await other.mob("join", `127.0.0.1:${home.port}`);
  const code =
    'exports.handler = async ({ who = "all" }) => { console.log("for", who); return { hello: who, pid: process.pid }; };';
  await other.deploy(lambda("hello", code));
  await home.until("hello", "running");
  await other.until("hello", "running");

  const printed = JSON.parse(await other.mob("invoke", "hello", "-d", '{ "who": "you" }'));
  assert.equal(printed.hello, "you");
  const told = await home.json<InvokedView>("invoke", "hello");
  assert.deepEqual(told.answer, { hello: "all", pid: printed.pid });
  assert.deepEqual([told.node, told.slot, told.cold], ["home", 0, false]);
  const [status, answer] = await post(other, "/v1/services/hello/invoke", { who: "API" });
  assert.equal(status, 200);
  assert.deepEqual((answer as InvokedView).answer, { hello: "API", pid: printed.pid });
  const logs = await eventually(async () => {
    const text = await other.mob("logs", "hello");
    return text.includes(`REPORT ${told.id}`) && text;
  }, "its log");
  assert.ok(logs.includes(`[${told.id}] for all\n`), logs);

  await home.crash();
  await home.start({ providers: "lambda,bash", args: ["--name", "home"] });
  await home.until("hello", "running");
  const after = await eventually(async () => {
    const { code, stdout } = await other.try("invoke", "hello");
    return code === 0 && JSON.parse(stdout);
  }, "its node to be back");
  assert.equal(after.pid, printed.pid);
  await home.mob("rm", "hello");
  assert.ok(!processAlive(printed.pid));
});

test("of two instances the one with less to do is asked, and of equals that of the node that was asked", async (t) => {
  const lab = await Lab.open(t);
  const one = await lab.start({ providers: "lambda", args: ["--name", "one"] });
  const two = await lab.start({ providers: "lambda", args: ["--name", "two"] });
  await two.mob("join", `127.0.0.1:${one.port}`);
  const code = "exports.handler = async ({ ask }) => { if (ask) await fetch(ask); };";
  await one.deploy({ ...lambda("held", code, { concurrency: 1 }), instances: 2 });
  await one.until("held", "running");
  const nodeOf = async (asked: MobNode, event: object) => {
    return (await asked.json<InvokedView>("invoke", "held", "-d", JSON.stringify(event))).node;
  };
  await eventually(async () => (await nodeOf(two, {})) === "two", "both to run");
  assert.equal(await nodeOf(one, {}), "one");

  const { ask, asked } = await asking(t);
  const busy = nodeOf(one, { ask });
  const answer = await asked;
  assert.equal(await nodeOf(one, {}), "two");
  answer.end();
  assert.equal(await busy, "one");
  await one.mob("rm", "held");
});

test("what cannot be invoked is refused by name, and what a function throws is told", async (t) => {
  const node = await (await Lab.open(t)).start({ providers: "lambda,bash" });
  await node.deploy(bash("web", "sleep 1000"));
  await node.deploy(
    lambda("wrong", 'exports.handler = async () => { throw new Error("not so"); };'),
  );
  await node.until("wrong", "running");
  const refusals = [
    [["web"], 1, "web cannot be invoked: bash has no functions"],
    [["none"], 3, "there is no service none"],
    [["wrong"], 1, "Error: not so"],
    [["wrong", "-d", "{"], 2, "--data is no JSON"],
  ] as const;
  for (const [args, code, message] of refusals) {
    const refused = await node.try("invoke", ...args);
    assert.equal(refused.code, code, refused.stderr);
    assert.ok(refused.stderr.includes(message), refused.stderr);
  }
  const [status, answer] = await post(node, "/v1/services/wrong/invoke", null);
  const error = { code: "function_failed", message: "Error: not so", details: [] };
  assert.deepEqual([status, answer], [502, { error }]);
  await node.mob("stop", "wrong");
  const stopped = await node.try("invoke", "wrong");
  assert.ok(stopped.stderr.includes("wrong does not run: it is stopped"), stopped.stderr);
});

test("an invocation in flight when its node dies is answered with an error", async (t) => {
  const lab = await Lab.open(t);
  const home = await lab.start({ providers: "lambda" });
  const other = await lab.start();
  await other.mob("join", `127.0.0.1:${home.port}`);
  const code = 'exports.handler = () => { console.log("at it"); return new Promise(() => {}); };';
  await home.deploy(lambda("slow", code));
  await home.until("slow", "running");
  await other.until("slow", "running");
  const waiting = other.try("invoke", "slow");
  await eventually(async () => (await home.mob("logs", "slow")).includes("at it"), "its start");
  await home.crash();
  const { code: exitCode, stderr } = await waiting;
  assert.equal(exitCode, 6, stderr);
});
