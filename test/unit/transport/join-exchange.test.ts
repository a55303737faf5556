/**
 * Redeeming a join token over real sockets: the way it goes, and everyone who should get nothing by it.
 */
import assert from "node:assert/strict";
import { connect as connectNet, createServer as createNetServer } from "node:net";
import { type TestContext, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { parseAddress } from "../../../src/core/address.ts";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { redeemAt } from "../../../src/transport/join-exchange.ts";
import { createTcpTransport } from "../../../src/transport/tcp.ts";
import { HeldKeys } from "../../../src/trust/held-keys.ts";
import { JoinDesk, tokenMs } from "../../../src/trust/join-desk.ts";
import { formatJoinToken, parseJoinToken } from "../../../src/trust/join-token.ts";
import { createNetwork } from "../../../src/trust/key-file.ts";
import { digestOf } from "../../../src/trust/key-rotation.ts";
import { memoryKeyStore } from "../../../src/trust/key-store.ts";
import { createNodeKey, pinOf } from "../../../src/trust/node-key.ts";
import { formatJoinRequest } from "../../../src/trust/redemption.ts";
import { Secret } from "../../../src/trust/secret.ts";
import { joinProtocol } from "../../../src/wire/preface.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualEnv } from "../../support/manual-env.ts";

const [issuerKey, bearerKey, otherKey] = await Promise.all([
  createNodeKey(),
  createNodeKey(),
  createNodeKey(),
]);

/** A node that issues tokens, as far as this is about. */
async function issuer(t: TestContext) {
  const env = new ManualEnv();
  const events: AuditEvent[] = [];
  const network = createNetwork();
  const transport = createTcpTransport({ key: issuerKey });
  const listener = await transport.listen("127.0.0.1:0", (connection) => connection.close());
  t.after(() => listener.close());
  const { address } = listener;
  const desk = new JoinDesk({
    keys: new HeldKeys(memoryKeyStore(network), network, env.log),
    pin: pinOf(issuerKey),
    address,
    env,
    audit: { record: (event) => events.push(event) },
  });
  transport.serveJoins((request, from) => desk.redeem(request, from));
  const token = () => parseJoinToken(desk.issue().token);
  return { address, desk, env, events, network, token, port: parseAddress(address).port };
}

/** A TLS connection as anyone can make one, with a certificate or without. */
async function speak(t: TestContext, port: number, withKey = true): Promise<TLSSocket> {
  const shown = withKey ? { key: bearerKey.privateKey, cert: bearerKey.certificate } : {};
  const socket = connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ALPNProtocols: [joinProtocol],
    ...shown,
  });
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  await new Promise((done) => {
    socket.once("secureConnect", done);
    socket.once("close", done);
  });
  return socket;
}

/** All that is said until the connection ends. */
async function answerOn(socket: TLSSocket): Promise<string> {
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  await eventually(() => socket.destroyed || socket.readableEnded, "the end of the connection");
  return answer;
}

test("who brings a token to its issuer gets the network's keys, once", async (t) => {
  const { token, network, events } = await issuer(t);
  const brought = token();
  const given = await redeemAt(bearerKey, brought);
  assert.equal(given.network, network.network);
  assert.deepEqual(digestOf(given.ring), digestOf(network.ring));
  await assert.rejects(redeemAt(otherKey, brought), {
    code: "token_refused",
    message: new RegExp(`used at .* by node ${bearerKey.id}`),
  });
  assert.deepEqual(
    events.map(({ outcome, who }) => [outcome, who]),
    [
      ["done", `node ${bearerKey.id}`],
      ["refused", `node ${otherKey.id}`],
    ],
  );
});

test("of two that bring one token at the same moment one is given the keys", async (t) => {
  const { token } = await issuer(t);
  const brought = token();
  const outcomes = await Promise.allSettled([
    redeemAt(bearerKey, brought),
    redeemAt(otherKey, brought),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("an expired token is told to be", async (t) => {
  const { token, env } = await issuer(t);
  const brought = token();
  await env.advance(tokenMs.default);
  await assert.rejects(redeemAt(bearerKey, brought), { message: /this token ended at/ });
});

test("an altered secret, and a token of an earlier life of the node, are unknown to it", async (t) => {
  const { token, events } = await issuer(t);
  const altered = { ...token(), secret: new Secret(new Uint8Array(16)) };
  await assert.rejects(redeemAt(bearerKey, altered), {
    code: "token_refused",
    message: /does not know this token/,
  });
  assert.equal(events[0]?.outcome, "refused");
});

test("a token for another network is no use even if its issuer answers", async (t) => {
  const { token } = await issuer(t);
  await assert.rejects(redeemAt(bearerKey, { ...token(), tag: "0".repeat(16) }), {
    code: "token_refused",
  });
});

test("a token that is brought to another member is not shown to it, and stays good", async (t) => {
  const { token } = await issuer(t);
  const brought = token();
  const other = createTcpTransport({ key: otherKey });
  const listener = await other.listen("127.0.0.1:0", (connection) => connection.close());
  t.after(() => listener.close());
  let seen = 0;
  other.serveJoins(() => {
    seen += 1;
    return undefined;
  });
  await assert.rejects(redeemAt(bearerKey, { ...brought, address: listener.address }), {
    code: "not_the_issuer",
    message: /is not the node that issued this token.*not shown to it/s,
  });
  assert.equal(seen, 0);
  assert.ok(await redeemAt(bearerKey, brought));
});

test("someone between the two, with a certificate of their own, hears nothing of the token", async (t) => {
  const { token } = await issuer(t);
  const heard: Buffer[] = [];
  const { privateKey: key, certificate: cert } = otherKey;
  const between = createServer({ key, cert, ALPNProtocols: [joinProtocol] }, (socket) => {
    socket.on("data", (chunk) => heard.push(chunk)).on("error", () => {});
  });
  between.on("tlsClientError", () => {});
  await new Promise<void>((done) => between.listen(0, "127.0.0.1", done));
  t.after(() => between.close());
  const bound = between.address();
  assert.ok(bound !== null && typeof bound === "object");
  const brought = { ...token(), address: `127.0.0.1:${bound.port}` };
  await assert.rejects(redeemAt(bearerKey, brought), { code: "not_the_issuer" });
  assert.equal(Buffer.concat(heard).length, 0);
});

test("what passed over the wire is of no use to who recorded it and replays it", async (t) => {
  const { token, port } = await issuer(t);
  const recorded: Buffer[] = [];
  const relay = createNetServer((socket) => {
    const onward = connectNet({ port, host: "127.0.0.1" });
    socket.on("data", (chunk) => recorded.push(chunk));
    socket.pipe(onward).pipe(socket);
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
  });
  await new Promise<void>((done) => relay.listen(0, "127.0.0.1", done));
  t.after(() => relay.close());
  const bound = relay.address();
  assert.ok(bound !== null && typeof bound === "object");
  const brought = token();
  // A relay that only passes bytes on is the network itself: it works, and sees no secret.
  assert.ok(await redeemAt(bearerKey, { ...brought, address: `127.0.0.1:${bound.port}` }));
  const all = Buffer.concat(recorded);
  assert.equal(all.includes(Buffer.from(brought.secret.reveal())), false);
  const replay = connectNet({ port, host: "127.0.0.1" });
  t.after(() => replay.destroy());
  let answered = Buffer.alloc(0);
  replay
    .on("error", () => {})
    .on("data", (chunk) => {
      answered = Buffer.concat([answered, chunk]);
    });
  replay.end(all);
  await eventually(() => replay.destroyed, "the end of the replay");
  assert.equal(answered.includes("granted"), false);
});

test("who shows no certificate, or speaks anything else, gets no answer", async (t) => {
  const { port, token, events } = await issuer(t);
  const nameless = await speak(t, port, false);
  nameless.write(formatJoinRequest(token().secret));
  assert.equal(await answerOn(nameless), "");

  const chatty = await speak(t, port);
  chatty.write(Buffer.alloc(100_000, "GET / HTTP/1.1\r\n"));
  assert.equal(await answerOn(chatty), "");
  assert.deepEqual(events, []);
});

test("guesses are answered with one word, and after ten of a minute not looked at", async (t) => {
  const { port, events } = await issuer(t);
  const answers: string[] = [];
  for (let i = 0; i < 12; i++) {
    const socket = await speak(t, port);
    socket.write(formatJoinRequest(new Secret(new Uint8Array(16).fill(i))));
    answers.push(await answerOn(socket));
  }
  assert.deepEqual(new Set(answers.slice(0, 10)), new Set(['refused\n{"kind":"unknown"}\n']));
  assert.deepEqual(new Set(answers.slice(10)), new Set(['refused\n{"kind":"too-many"}\n']));
  assert.equal(events.length, 12);
});

test("an address where nobody answers is told as such", async () => {
  const token = {
    address: "127.0.0.1:1",
    pin: pinOf(issuerKey),
    secret: new Secret(new Uint8Array(16)),
    expiresAtMs: 0,
    tag: "0".repeat(16),
  };
  assert.ok(formatJoinToken(token));
  await assert.rejects(redeemAt(bearerKey, token), {
    code: "unreachable",
    message: /127\.0\.0\.1:1/,
  });
});
