/** From nothing to a service on another machine, as the README has it: two hosts, and a token. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { undoneAfter } from "../support/lan/cleanup.ts";
import { Lan } from "../support/lan/lan.ts";
import { LanNode } from "../support/lan/lan-node.ts";
import { whyNoLan } from "../support/lan/tools.ts";

const skip = whyNoLan();

async function twoHosts(t: TestContext): Promise<readonly [LanNode, LanNode]> {
  const { undoing, folder } = await undoneAfter(t);
  const { hosts } = Lan.open(undoing, ["a", "b"]);
  const [a, b] = hosts.map((host) => new LanNode(undoing, host, join(folder, host.name)));
  assert.ok(a !== undefined && b !== undefined);
  return [a, b];
}

/** What a host's node is started with to be there for the other one. */
function everywhere({ host }: LanNode): readonly string[] {
  return ["--bind", "0.0.0.0", "--advertise", host.address, "--name", host.name];
}

async function json<T>(host: LanNode, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await host.mob(...args, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

test("a second host joins by a token and runs what is deployed on the first", {
  skip,
}, async (t) => {
  const [a, b] = await twoHosts(t);
  await a.start([...everywhere(a), "-P", "docker"]);
  const issued = await a.mob("token", "join");
  assert.equal(issued.code, 0, issued.stderr);
  const token = issued.stdout.trim();
  assert.doesNotMatch(issued.stderr, /only nodes of this host/);

  await b.start([...everywhere(b), "-P", "bash", "--token", token]);
  await eventually(async () => {
    const nodes = await json<NodeView[]>(a, "nodes");
    return nodes.filter(({ state }) => state === "alive").length === 2;
  }, "two live nodes");

  const spec = { name: "web", provider: "bash", params: { command: "sleep 1000" } };
  assert.equal((await a.mob("deploy", JSON.stringify(spec))).code, 0);
  const running = await eventually(async () => {
    const services = await json<InstanceView[]>(a, "ls");
    return services.find(({ name, state }) => name === "web" && state === "running");
  }, "web to run");
  assert.equal(running.node, "b");
  assert.equal((await b.mob("rm", "web")).code, 0);
});

/** Asks for the nodes from `host`; gives the status and the body. */
async function ask(host: LanNode, url: string, headers: Record<string, string> = {}) {
  const options = JSON.stringify({ rejectUnauthorized: false, headers });
  const { code, stdout, stderr } = await host.script(`
    import http from "node:http";
    import https from "node:https";
    import { text } from "node:stream/consumers";
    const { get } = ${JSON.stringify(url)}.startsWith("https") ? https : http;
    get(${JSON.stringify(url)}, ${options}, async (answer) => {
      console.log(JSON.stringify({ status: answer.statusCode, body: await text(answer) }));
      process.exit();
    });`);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as { status: number; body: string };
}

test("plain HTTP from another host is refused whatever it brings; HTTPS is let in by its token alone", {
  skip,
}, async (t) => {
  const [a, b] = await twoHosts(t);
  await a.start([...everywhere(a), "-P", "bash"]);
  const token = (await a.mob("token", "create", "--role", "read")).stdout.trim();
  const authorization = `Bearer ${token}`;
  const at = (scheme: string) => `${scheme}://${a.host.address}:6666/v1/nodes`;

  const bare = await ask(b, at("http"));
  assert.equal(bare.status, 403);
  assert.match(bare.body, /beyond its own host this node speaks HTTPS alone/);
  const exposed = await ask(b, at("http"), { authorization });
  assert.equal(exposed.status, 403);
  assert.match(exposed.body, /the token just sent could be read on the way: revoke it/);

  assert.equal((await ask(b, at("https"))).status, 401);
  const known = await ask(b, at("https"), { authorization });
  assert.equal(known.status, 200);
  assert.match(known.body, /"name":"a"/);
});
