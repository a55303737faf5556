/** From nothing to a service on another machine, as the README has it: two hosts, and a token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { type Host, twoHosts, whyNoHosts } from "../support/two-hosts.ts";

const skip = whyNoHosts();

async function json<T>(host: Host, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await host.mob(...args, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

test("a second host joins by a token and runs what is deployed on the first", {
  skip,
}, async (t) => {
  const [a, b] = await twoHosts(t);
  await a.start("--bind", "0.0.0.0", "--advertise", a.address, "--name", "a", "-P", "docker");
  const issued = await a.mob("token", "join");
  assert.equal(issued.code, 0, issued.stderr);
  const token = issued.stdout.trim();
  assert.doesNotMatch(issued.stderr, /only nodes of this host/);

  await b.start(
    "--bind",
    "0.0.0.0",
    "--advertise",
    b.address,
    "--name",
    "b",
    "-P",
    "bash",
    "--token",
    token,
  );
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
