import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { BadRequest } from "../../../src/core/errors.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { HeldKeys } from "../../../src/trust/held-keys.ts";
import { JoinDesk, tokenMs } from "../../../src/trust/join-desk.ts";
import { networkTag, parseJoinToken } from "../../../src/trust/join-token.ts";
import { digestOf, firstRotation } from "../../../src/trust/key-rotation.ts";
import { memoryKeyStore } from "../../../src/trust/key-store.ts";
import { formatKeys } from "../../../src/trust/key-text.ts";
import { formatJoinRequest, readJoinAnswer } from "../../../src/trust/redemption.ts";
import { Secret } from "../../../src/trust/secret.ts";
import { ManualEnv } from "../../support/manual-env.ts";
import { keyOf, keysOf, network } from "./rings.ts";

const held = keysOf(firstRotation(keyOf(1)));
const bearer = { remoteAddress: "10.0.0.2:4711", node: asNodeId("b".repeat(32)) };

function open() {
  const env = new ManualEnv();
  const events: AuditEvent[] = [];
  const desk = new JoinDesk({
    keys: new HeldKeys(memoryKeyStore(held), held, silentLog),
    pin: "c".repeat(64),
    address: "10.0.0.1:6666",
    env,
    audit: { record: (event) => events.push(event) },
  });
  const issued = () => {
    const { token } = desk.issue();
    const parsed = parseJoinToken(token);
    return { token, parsed, request: formatJoinRequest(parsed.secret) };
  };
  return { env, desk, events, issued };
}

function answerTo(desk: JoinDesk, request: Uint8Array, from = bearer): string {
  const answer = desk.redeem(request, from);
  assert.ok(answer !== undefined);
  return answer;
}

test("a token says where, by what key and of which network, and carries no key of it", () => {
  const { issued } = open();
  const { token, parsed } = issued();
  assert.equal(parsed.address, "10.0.0.1:6666");
  assert.equal(parsed.pin, "c".repeat(64));
  assert.equal(parsed.tag, networkTag(network));
  const bytes = Buffer.from(token.slice(token.indexOf("_") + 1), "base64url").toString("hex");
  assert.ok(!bytes.includes("01".repeat(16)) && !bytes.includes(network.slice(0, 32)));
});

test("a token is redeemed for the keys once; the second bearer is told who had it", () => {
  const { desk, issued } = open();
  const { parsed, request } = issued();
  const given = readJoinAnswer(answerTo(desk, request), parsed);
  assert.deepEqual([given.network, digestOf(given.ring)], [network, digestOf(held.ring)]);

  const again = answerTo(desk, request, { ...bearer, remoteAddress: "10.0.0.3:1" });
  assert.throws(() => readJoinAnswer(again, parsed), {
    code: "token_refused",
    message: /was used at .* by node b{32}, and is good once/,
  });
  assert.ok(!again.includes("key"));
});

test("an expired token says when it ended; an unknown one says nothing but that", async () => {
  const { env, desk, issued } = open();
  const { parsed, request } = issued();
  await env.advance(tokenMs.default);
  assert.throws(() => readJoinAnswer(answerTo(desk, request), parsed), {
    code: "token_refused",
    message: /^this token ended at 2026/,
  });
  const stranger = answerTo(desk, formatJoinRequest(new Secret(new Uint8Array(16))));
  assert.equal(stranger, 'refused\n{"kind":"unknown"}\n');
});

test("what is no request has no answer", () => {
  const { desk, issued } = open();
  const { request } = issued();
  for (const bytes of [[], request.subarray(1), [...request, 0], [2, ...request.subarray(1)]]) {
    assert.equal(desk.redeem(Uint8Array.from(bytes), bearer), undefined);
  }
});

test("each redemption and each refusal is in the audit log, and no secret", () => {
  const { desk, issued, events } = open();
  const { request, token } = issued();
  desk.redeem(request, bearer);
  desk.redeem(request, bearer);
  assert.deepEqual(
    events.map(({ what, outcome, who, how }) => [what, outcome, who, how]),
    [
      ["redeem join token", "done", `node ${bearer.node}`, bearer.remoteAddress],
      ["redeem join token", "refused", `node ${bearer.node}`, bearer.remoteAddress],
    ],
  );
  assert.ok(!JSON.stringify(events).includes(token.slice(20)));
});

test("bad attempts from one host are counted together, whatever the port and form of the address", () => {
  const { desk, issued } = open();
  const bad = formatJoinRequest(new Secret(new Uint8Array(16)));
  for (let i = 0; i < 10; i++) {
    const ip = i % 2 === 0 ? "10.0.0.2" : "[::ffff:10.0.0.2]";
    desk.redeem(bad, { ...bearer, remoteAddress: `${ip}:${1_000 + i}` });
  }
  const { parsed, request } = issued();
  assert.throws(() => readJoinAnswer(answerTo(desk, request), parsed), /too many bad tokens/);
});

test("a token is good for a minute at least, and a day at most", () => {
  const { desk } = open();
  for (const ms of [0, tokenMs.min - 1, tokenMs.max + 1, Number.NaN]) {
    assert.throws(() => desk.issue(ms), BadRequest);
  }
  assert.ok(desk.issue(tokenMs.max));
});

test("an answer with another network's keys, or with anything else, is not taken", () => {
  const { issued } = open();
  const { parsed } = issued();
  const foreign = formatKeys({ ...held, network: "ef".repeat(32) });
  for (const answer of [
    `granted\n${foreign}`,
    "granted\n",
    "",
    "{}",
    "refused\n{}\n",
    "refused\n",
  ]) {
    assert.throws(() => readJoinAnswer(answer, parsed), { code: "token_refused" });
  }
});
