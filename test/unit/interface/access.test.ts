import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Commands, LogChunk } from "../../../src/api/commands.ts";
import type { Address } from "../../../src/core/address.ts";
import { type AuditEvent, silentAudit } from "../../../src/core/audit.ts";
import { routeAccess } from "../../../src/interface/route-access.ts";
import { type ApiToken, formatApiToken, newApiToken } from "../../../src/trust/api-token.ts";
import { includesRole, type Role, roles } from "../../../src/trust/role.ts";
import { withApi } from "../../support/api-server.ts";
import { knownTokens } from "../../support/api-tokens.ts";
import { memoryCommands } from "../../support/memory-commands.ts";

interface World {
  readonly address: Address;
  readonly tokens: ReturnType<typeof knownTokens>;
  readonly audited: AuditEvent[];
  readonly at: { readonly socketPath: string };
  /** The status of the answer, and its error's code and message. */
  ask(path: string, sent?: Sent): Promise<Answer>;
}

interface Sent {
  readonly token?: ApiToken | string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A node's API over TCP on this host, with tokens in memory. */
async function withTokens(body: (world: World) => Promise<void>, hosts: string[] = []) {
  const tokens = knownTokens();
  const audited: AuditEvent[] = [];
  const audit = { record: (event: AuditEvent) => void audited.push(event) };
  await withApi(
    memoryCommands(),
    ({ address, at }) => {
      const ask = (path: string, sent: Sent = {}) => askAt(address, path, sent);
      return body({ address, at, tokens, audited, ask });
    },
    { gate: { tokens, audit, hosts, port: 6666 } },
  );
}

async function askAt(at: object, path: string, sent: Sent): Promise<Answer> {
  const { token, body, headers, method = body === undefined ? "GET" : "POST" } = sent;
  const bearer = typeof token === "object" ? formatApiToken(token) : token;
  const asked = request({
    ...at,
    path,
    method,
    agent: false,
    headers: {
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
  });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await once(asked, "response");
  const told = await text(answer); // Logs are no JSON.
  const { error } = answer.statusCode === 200 ? {} : JSON.parse(told);
  return { status: answer.statusCode, headers: answer.headers, ...error };
}

test("over TCP nothing is told without a token, not even what there is", async () => {
  await withTokens(async ({ ask, audited }) => {
    for (const path of ["/v1/version", "/v1/nodes", "/v1/services/web", "/v1/nothing", "/%ff"]) {
      const answer = await ask(path);
      assert.equal(answer.status, 401, path);
      assert.equal(answer.code, "unauthorized");
      assert.match(answer.message ?? "", /a token is needed: `mob token create`/);
      assert.equal(answer.headers["www-authenticate"], "Bearer");
    }
    assert.ok(audited.every(({ outcome, who }) => outcome === "refused" && who === "unknown"));
    assert.equal(audited.length, 5);
    assert.equal(audited[0]?.what, "GET /v1/version");
    assert.equal(audited[0]?.how, "127.0.0.1");
  });
});

test("the Unix socket lets its user in, as an administrator", async () => {
  await withTokens(async ({ at }) => {
    assert.equal((await askAt(at, "/v1/nodes", {})).status, 200);
    assert.equal((await askAt(at, "/v1/tokens", {})).status, 200);
  });
});

test("each route wants the role that the table says, and its refusal says which", async () => {
  await withTokens(async ({ ask, tokens, audited }) => {
    const held = Object.fromEntries(roles.map((role) => [role, tokens.make(role)]));
    for (const [route, { needs }] of routeAccess) {
      const [method = "", pattern = ""] = route.split(" ");
      const path = pattern.replace(":name", "web");
      for (const role of roles) {
        const body = method === "POST" ? { body: {} } : {};
        const { status, message } = await ask(path, { method, ...body, token: held[role] ?? "" });
        const isLetIn = needs === "open" || includesRole(role, needs);
        assert.equal(status !== 403, isLetIn, `${route} as ${role}: ${status}`);
        if (!isLetIn) assert.equal(message, `this needs the role ${needs}; yours is ${role}`);
      }
    }
    const refused = audited.find(({ outcome }) => outcome === "refused");
    assert.equal(refused?.who, "token of-read");
    assert.equal(refused?.role, "read");
  });
});

test("a token that is wrong, altered, of another network, expired or revoked lets no one in", async () => {
  await withTokens(async ({ ask, tokens }) => {
    const token = tokens.make("admin");
    assert.equal((await ask("/v1/nodes", { token })).status, 200);
    const altered = { ...token, secret: newApiToken(token.pin).secret };
    const unknown = /is not known here: it was revoked, or is another network's/;
    for (const wrong of [altered, newApiToken(token.pin)]) {
      const { status, message } = await ask("/v1/nodes", { token: wrong });
      assert.equal(status, 401);
      assert.match(message ?? "", unknown);
    }
    for (const wrong of ["x", "mobapi1.a.b.c", formatApiToken(token).slice(0, -1)]) {
      assert.match((await ask("/v1/nodes", { token: wrong })).message ?? "", /is no token/);
    }
    const basic = await ask("/v1/nodes", { headers: { authorization: "Basic YTpi" } });
    assert.equal(basic.status, 401);
    const expired = await ask("/v1/nodes", { token: tokens.make("admin", 1) });
    assert.match(expired.message ?? "", /has expired/);
    tokens.revoke(token);
    assert.match((await ask("/v1/nodes", { token })).message ?? "", unknown);
  });
});

test("what a web page can send is refused, with a token too: foreign origins, rebound names, forms", async () => {
  await withTokens(
    async ({ ask, address, tokens }) => {
      const token = tokens.make("admin");
      const own = `127.0.0.1:${address.port}`;
      const status = async (headers: Record<string, string>) =>
        (await ask("/v1/services/stop", { token, body: { names: ["web"] }, headers })).status;
      assert.equal(await status({ origin: "http://evil.example" }), 403);
      assert.equal(await status({ origin: "null" }), 403);
      assert.equal(await status({ origin: `https://${own}` }), 403);
      assert.equal(await status({ host: "evil.example" }), 403);
      assert.equal(await status({ host: "127.0.0.1.evil.example" }), 403);
      assert.equal(await status({ host: "10.0.0.1" }), 403);
      assert.equal(await status({ "content-type": "text/plain" }), 400);
      assert.equal(await status({ "content-type": "application/x-www-form-urlencoded" }), 400);
      assert.equal(await status({ host: own, origin: `http://${own}` }), 200);
      assert.equal(await status({ host: `localhost:${address.port}` }), 200);
      assert.equal(await status({ host: "[::1]" }), 200);
      assert.equal(await status({ host: "Box.Example:6666" }), 200);
    },
    ["box.example"],
  );
});

test("a header that is there twice is refused: whoever stands before may have read the other", async () => {
  await withTokens(async ({ address, tokens }) => {
    const bearer = formatApiToken(tokens.make("read"));
    const twice = ["host: evil.example", "origin: http://evil.example", `authorization: Bearer x`];
    for (const header of twice) {
      const socket = connect(address);
      const first = header.startsWith("host") ? [] : [header];
      const lines = ["GET /v1/nodes HTTP/1.1", "host: localhost", ...first, header];
      lines.push(
        "connection: close",
        ...(header.startsWith("auth") ? [] : [`authorization: Bearer ${bearer}`]),
      );
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      assert.match(await text(socket), /^HTTP\/1\.1 40[03] /, header);
    }
  });
});

test("a request over the Unix socket that was meant for another port is told so", async () => {
  await withTokens(async ({ at }) => {
    const meant = await askAt(at, "/v1/nodes", { headers: { host: "localhost:7777" } });
    assert.equal(meant.code, "unreachable");
    assert.match(meant.message ?? "", /no node runs on port 7777; the one .* is on 6666/);
    assert.equal(
      (await askAt(at, "/v1/nodes", { headers: { host: "localhost:6666" } })).status,
      200,
    );
  });
});

test("what administrators do is in the audit log, to what they did it and never a secret", async () => {
  await withTokens(async ({ ask, tokens, audited, at }) => {
    const token = tokens.make("admin");
    await ask("/v1/nodes/join", { token, body: { address: "127.0.0.1:7777" } });
    await ask("/v1/tokens", { token, body: { role: "read", name: "eyes" } });
    await askAt(at, "/v1/tokens/revoke", { body: { token: formatApiToken(token) } });
    await ask("/v1/nodes/join", { token, body: { where: 1 } });
    await ask("/v1/deploy", { token, body: { documents: [{}] } });
    const by = { who: "token of-admin", how: "127.0.0.1", role: "admin" };
    assert.deepEqual(audited, [
      { what: "join", outcome: "done", ...by, detail: "127.0.0.1:7777" },
      { what: "create token", outcome: "done", ...by, detail: "read eyes" },
      {
        what: "revoke token",
        outcome: "done",
        who: "local user",
        how: "socket",
        role: "admin",
        detail: token.id,
      },
      { what: "join", outcome: "failed", ...by },
    ]);
  });
});

test("a proof is not given over a connection that is not TLS", async () => {
  await withTokens(async ({ ask, tokens }) => {
    const { id } = tokens.make("read");
    const answer = await ask("/v1/proof", { body: { token: id } });
    assert.equal(answer.status, 400);
    assert.equal((await ask("/v1/proof?x", { body: { token: id } })).status, 401);
  });
});

test("every role is one that some route needs", () => {
  const needed = new Set([...routeAccess.values()].map(({ needs }) => needs));
  const wanted: readonly Role[] = roles;
  for (const role of wanted) assert.ok(needed.has(role));
});

test("a log that is followed ends when its token is revoked, and when it expires", {
  timeout: 60_000,
}, async () => {
  for (const ends of ["revoked", "expired"]) {
    const tokens = knownTokens();
    const logs: Commands["logs"] = async (_name, _options, signal) => silence(signal);
    let nowMs = 0;
    const gate = { tokens, audit: silentAudit, hosts: [], nowMs: () => nowMs };
    await withApi(
      memoryCommands({ logs }),
      async ({ address }) => {
        const token = tokens.make("read", 50);
        const headers = { authorization: `Bearer ${formatApiToken(token)}` };
        const path = "/v1/services/web/logs?follow=true";
        const asked = request({ ...address, path, headers, agent: false }).end();
        const [answer] = await once(asked, "response");
        assert.equal(answer.statusCode, 200);
        if (ends === "revoked") tokens.revoke(token);
        else nowMs = 50;
        assert.equal(await text(answer), "");
      },
      { gate },
    );
  }
});

// biome-ignore lint/correctness/useYield: a silent service has nothing to yield.
async function* silence(signal: AbortSignal): AsyncGenerator<LogChunk> {
  if (!signal.aborted) await once(signal, "abort");
}
