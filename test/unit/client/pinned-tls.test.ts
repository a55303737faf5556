import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls, createServer } from "node:tls";
import { type Client, createClient } from "../../../src/client/client.ts";
import type { Address } from "../../../src/core/address.ts";
import { type ApiToken, pinOfNode } from "../../../src/trust/api-token.ts";
import { createNodeKey } from "../../../src/trust/node-key.ts";
import { knownTokens } from "../../support/api-tokens.ts";
import { aNode, memoryCommands } from "../../support/memory-commands.ts";
import { serveTls } from "../../support/tls-api.ts";

function clientOf(t: TestContext, address: Address, token: ApiToken): Client {
  const client = createClient({ kind: "remote", address, token });
  t.after(() => client.close());
  return client;
}

/**
 * A TLS server with a key of its own that passes everything on to `to`, or answers nothing; resolves
 * with its address and what it was told.
 */
async function stranger(t: TestContext, to?: Address) {
  const { privateKey, certificate } = await createNodeKey();
  const heard: Buffer[] = [];
  const options = { key: privateKey, cert: certificate, ALPNProtocols: ["http/1.1"] };
  const server = createServer(options, (socket) => {
    socket.on("data", (bytes) => heard.push(bytes)).on("error", () => {});
    if (to === undefined) return;
    const onwards = connectTls({ ...to, rejectUnauthorized: false });
    onwards.on("error", () => {}).once("close", () => socket.destroy());
    socket.pipe(onwards).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  const address = { host: "127.0.0.1", port: bound.port };
  return { address, heard: () => Buffer.concat(heard).toString("latin1") };
}

test("a node that has the key that the token pins is asked at once, over one connection", async (t) => {
  const key = await createNodeKey();
  const tokens = knownTokens(pinOfNode(key));
  const { address, connections } = await serveTls(t, key, tokens, memoryCommands());
  const client = clientOf(t, address, tokens.make("deploy"));
  assert.deepEqual(await client.nodes(), [aNode]);
  assert.equal((await client.deploy([{}]))[0]?.result, "created");
  assert.equal(connections(), 1);
  await assert.rejects(client.shutdown(), { code: "forbidden", message: /needs the role admin/ });
});

test("another node of the network proves that it is one, and is asked with the same token", async (t) => {
  const tokens = knownTokens(pinOfNode(await createNodeKey()));
  const { address } = await serveTls(t, await createNodeKey(), tokens, memoryCommands());
  const client = clientOf(t, address, tokens.make("read"));
  assert.deepEqual(await client.nodes(), [aNode]);
  assert.equal((await client.services()).length, 1);
});

test("a node of another network cannot, and neither can one to which the token was revoked", async (t) => {
  const [own, others] = [knownTokens(), knownTokens()];
  const { address } = await serveTls(t, await createNodeKey(), others, memoryCommands());
  const refused = {
    code: "forbidden",
    message: /has another key than the token's.*nothing secret was sent/,
  };
  await assert.rejects(clientOf(t, address, own.make("admin")).nodes(), refused);
  const revoked = others.make("admin");
  others.revoke(revoked);
  await assert.rejects(clientOf(t, address, revoked).nodes(), refused);
});

test("a man in the middle, who passes everything on, is found out before a secret is sent", async (t) => {
  const key = await createNodeKey();
  const tokens = knownTokens(pinOfNode(key));
  const { address } = await serveTls(t, key, tokens, memoryCommands());
  const middle = await stranger(t, address);
  const token = tokens.make("admin");
  await assert.rejects(clientOf(t, middle.address, token).nodes(), { code: "forbidden" });
  assert.match(middle.heard(), /^POST \/v1\/proof /, "the proof was asked for, through the middle");
  assert.ok(!middle.heard().includes(token.secret));
  assert.ok(!/authorization/i.test(middle.heard()));
});

test("what answers with anything but a proof is refused", async (t) => {
  const { privateKey, certificate } = await createNodeKey();
  const proof = "A".repeat(43);
  const answers = [
    `HTTP/1.1 200 OK\r\ncontent-length: 53\r\n\r\n{"proof":"${proof}"}`,
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "no HTTP at all\r\n\r\n",
    `HTTP/1.1 200 OK\r\n${"x".repeat(100_000)}`,
    "",
  ];
  for (const answer of answers) {
    const server = createServer({ key: privateKey, cert: certificate }, (socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(answer));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    const client = clientOf(t, { host: "127.0.0.1", port: bound.port }, knownTokens().make("read"));
    await assert.rejects(client.nodes(), { code: "forbidden" }).finally(() => server.close());
  }
});

test("what speaks no TLS, or hangs up, is no node that could be reached", async (t) => {
  for (const said of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(said));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    const address = { host: "127.0.0.1", port: bound.port };
    const asked = clientOf(t, address, knownTokens().make("read")).deploy([{}]);
    await assert.rejects(asked, { code: "unreachable" }).finally(() => server.close());
  }
});
