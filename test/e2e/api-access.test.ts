/** Who is let in to a node, as a user meets it: on the host, from elsewhere, and after crashes. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CreatedToken } from "../../src/api/results.ts";
import type { NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, freePort, Lab, type MobNode } from "../support/mob-node.ts";

/** Makes a token, and runs `mob` with it against other nodes than those on a port of one's own. */
async function tokenOf(node: MobNode, role: string) {
  const { token, id } = await node.json<CreatedToken>("token", "create", "--role", role);
  const file = join(node.lab.home, `token-${id}`);
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  const run = (at: MobNode, ...args: string[]) =>
    node.lab.run("./mob", [...args, "--node", `127.0.0.1:${at.port}`, "--token-file", file]);
  return { id, file, token, run };
}

test("one token is good at every node of its network over HTTPS, until it is revoked at any", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const { id, token, run } = await tokenOf(a, "deploy");
  const nodes = await run(a, "nodes", "--json");
  assert.equal(nodes.code, 0, nodes.stderr);
  assert.equal((JSON.parse(nodes.stdout) as NodeView[]).length, 2);
  const deployed = await run(b, "deploy", JSON.stringify(bash("web", "exec sleep 1000")));
  assert.equal(deployed.code, 0, deployed.stderr);
  const refused = await run(b, "token", "list");
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /this needs the role admin; yours is deploy/);
  assert.match(await b.mob("token", "list"), new RegExp(`${id} +deploy`));

  await b.mob("token", "revoke", id);
  const gone = await run(a, "ls");
  assert.equal(gone.code, 5);
  assert.match(gone.stderr, /is not known here: it was revoked/);
  assert.equal((await run(b, "ls")).code, 5);
  const audited = readFileSync(join(a.dataFolder, "audit.log"), "utf8");
  assert.match(audited, /"what":"create token","outcome":"done","who":"local user"/);
  assert.match(audited, /"outcome":"refused".*"how":"127\.0\.0\.1"/);
  for (const secret of token.split(".").slice(2, 3)) assert.ok(!audited.includes(secret));
});

test("a node of another network is found out by a token's holder, who sends it nothing secret", async (t) => {
  const [mine, other] = [await Lab.open(t), await Lab.open(t)];
  const [a, stranger] = [await mine.start(), await other.start()];
  const { run } = await tokenOf(a, "admin");
  const { code, stderr } = await run(stranger, "nodes");
  assert.equal(code, 5);
  assert.match(stderr, /has another key than the token's.*nothing secret was sent/s);
});

test("a token is told apart from what is none, and is not taken from a file that others can read", async (t) => {
  const lab = await Lab.open(t);
  const port = await freePort();
  const ask = (...args: string[]) =>
    lab.run("./mob", ["ls", "--node", `127.0.0.1:${port}`, ...args]);
  const none = await ask();
  assert.equal(none.code, 5);
  assert.match(none.stderr, /wants a token: --token-file FILE, MOB_TOKEN or .*token/);
  const file = join(lab.home, "file");
  writeFileSync(file, "x", { mode: 0o600 });
  assert.match((await ask("--token-file", file)).stderr, /holds no token/);
  writeFileSync(join(lab.home, "open"), "x", { mode: 0o644 });
  assert.match((await ask("--token-file", join(lab.home, "open"))).stderr, /chmod 600/);
});

test("who takes the port of a node that is gone gets no token and no command", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  await a.crash();
  const heard: string[] = [];
  const server = createServer((socket) => {
    heard.push("a connection");
    socket.on("error", () => {}).on("data", (bytes) => heard.push(String(bytes)));
  });
  t.after(() => server.close());
  // A connection of someone else's may just have that port.
  server.on("error", () => {});
  await eventually(async () => {
    if (!server.listening) server.listen(a.port, "127.0.0.1");
    await new Promise((next) => setImmediate(next));
    return server.listening;
  }, "the port");
  const { code, stderr } = await a.try("deploy", JSON.stringify(bash("web", "true")));
  assert.equal(code, 4, stderr);
  assert.match(stderr, /no node answers at 127\.0\.0\.1:\d+: is it running\?/);
  assert.deepEqual(heard, []);
});

test("after kill -9 a node starts on what is left of its socket and run file", async (t) => {
  const a = await (await Lab.open(t)).start();
  await a.crash();
  await a.start();
  assert.match(await a.mob("nodes"), /alive/);
  assert.equal(statSync(join(a.dataFolder, "api.sock")).mode & 0o777, 0o600);
  assert.equal(statSync(a.dataFolder).mode & 0o777, 0o700);
});

test("a run file that a killed node left does not lead to the node that has its data now", async (t) => {
  const lab = await Lab.open(t);
  const data = join(lab.home, "data");
  const before = await lab.start({ args: ["--data", data] });
  await before.crash();
  await lab.start({ args: ["--data", data] });
  const { code, stderr } = await before.try("ls");
  assert.equal(code, 4);
  assert.match(
    stderr,
    new RegExp(`no node runs on port ${before.port}; the one that has its data`),
  );
});

test("a data folder whose path is too long for a socket works all the same", async (t) => {
  const lab = await Lab.open(t);
  const data = join(lab.home, "d".repeat(100), "e".repeat(100));
  const a = await lab.start({ args: ["--data", data] });
  assert.match(await a.mob("nodes"), /alive/);
  const { socketPath } = a.endpoint;
  assert.ok(Buffer.byteLength(socketPath) <= 107);
  assert.equal(await a.stop(), 0);
  assert.equal(statSync(socketPath, { throwIfNoEntry: false }), undefined);
});

async function stopped(t: TestContext): Promise<MobNode> {
  const a = await (await Lab.open(t)).start();
  assert.equal(await a.stop(), 0);
  return a;
}

test("a node that was stopped leaves no socket and no run file", async (t) => {
  const a = await stopped(t);
  const { code, stderr } = await a.try("ls");
  assert.equal(code, 4);
  assert.match(stderr, /no node of yours runs on port .*: start one with `mob -p/);
  assert.equal(statSync(join(a.dataFolder, "api.sock"), { throwIfNoEntry: false }), undefined);
});
