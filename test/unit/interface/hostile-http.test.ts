/** What a hostile client can send to the port, over real sockets: after each the API serves others. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { connectionsMax } from "../../../src/interface/connections.ts";
import { formatApiToken } from "../../../src/trust/api-token.ts";
import { type ApiServer, type ServeOptions, withApi } from "../../support/api-server.ts";
import { knownTokens } from "../../support/api-tokens.ts";
import { eventually } from "../../support/eventually.ts";
import { memoryCommands } from "../../support/memory-commands.ts";

interface Target extends ApiServer {
  /** Of a token with the role admin. */
  readonly bearer: string;
  readonly audited: readonly AuditEvent[];
}

/** Attacks an API, which must serve its user and the holder of a token afterwards. */
async function attack(body: (target: Target) => Promise<void>, options: ServeOptions = {}) {
  const tokens = knownTokens();
  const audited: AuditEvent[] = [];
  const gate = {
    tokens,
    audit: { record: (event: AuditEvent) => void audited.push(event) },
    hosts: [],
  };
  const bearer = formatApiToken(tokens.make("admin"));
  await withApi(
    memoryCommands(),
    async (server) => {
      await body({ ...server, bearer, audited });
      const headers = { authorization: `Bearer ${bearer}` };
      for (const at of [server.at, { ...server.address, headers }]) {
        const asked = request({ ...at, path: "/v1/nodes", agent: false }).end();
        const [answer] = await once(asked, "response");
        assert.match(await text(answer), /6666@box/);
      }
    },
    { ...options, gate },
  );
}

/** Sends these bytes, and gives what came back until the other side closed. */
async function tell({ address }: ApiServer, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(address).on("error", () => {});
  socket.end(bytes);
  return text(socket).catch(() => "");
}

function head(lines: readonly string[], line = "POST /v1/deploy HTTP/1.1"): string {
  return `${[line, "host: localhost", ...lines].join("\r\n")}\r\n\r\n`;
}

test("a header of 200 KB is refused as too large, and noted once", async () => {
  await attack(async (target) => {
    const socket = connect(target.address).on("error", () => {});
    socket.write(head([`padding: ${"x".repeat(200_000)}`]));
    assert.match(await text(socket).catch(() => "HTTP/1.1 431"), /^HTTP\/1\.1 431 /);
    assert.equal(target.audited[0]?.what, "bytes that are no request");
    assert.equal(target.audited[0]?.detail, "HPE_HEADER_OVERFLOW");
  });
});

test("headers that drip are cut, and so is a body that does", { timeout: 60_000 }, async () => {
  await attack(
    async ({ address, bearer }) => {
      const starts = [
        "GET /v1/nodes HTTP/1.1\r\nhost: localhost\r\n",
        head([
          `authorization: Bearer ${bearer}`,
          "content-type: application/json",
          "content-length: 99",
        ]),
      ];
      await Promise.all(
        starts.map(async (start) => {
          const socket = connect(address).on("error", () => {});
          socket.write(start);
          const drip = setInterval(() => socket.write("x"), 20);
          assert.match(await text(socket), /^HTTP\/1\.1 408 /);
          clearInterval(drip);
        }),
      );
    },
    { headersTimeoutMs: 200, requestTimeoutMs: 400 },
  );
});

test("what could be read as two requests by two readers is refused", async () => {
  await attack(async (target) => {
    const json = ["content-type: application/json", `authorization: Bearer ${target.bearer}`];
    const hidden = "GET /v1/version HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const attempts = [
      `${head([...json, "content-length: 4", "transfer-encoding: chunked"])}0\r\n\r\n${hidden}`,
      `${head([...json, "content-length: 2", "content-length: 40"])}{}${hidden}`,
      `${head([...json, "content-length: 2, 40"])}{}${hidden}`,
      `${head([...json, "content-length: +2"])}{}${hidden}`,
      head([...json, "transfer-encoding: chunked", "transfer-encoding: identity"]) + hidden,
      head([...json, "transfer-encoding: xchunked"]) + hidden,
      head([...json, "transfer-encoding : chunked"]) + hidden,
      `${head([...json, "transfer-encoding: chunked"])}zz\r\n${hidden}`,
      `${head([...json, "content-length: 2", "x: y\nhost: evil"])}{}`,
      `${head(["host: evil.example", ...json, "content-length: 2"])}{}`,
    ];
    for (const attempt of attempts) {
      const answered = await tell(target, attempt);
      assert.match(answered, /^(HTTP\/1\.1 400 |$)/, attempt);
      assert.equal(answered.match(/HTTP\/1\.1 /g)?.length ?? 0, answered === "" ? 0 : 1, attempt);
    }
  });
});

test("pipelined requests are each decided for themselves, and answered in order", async () => {
  await attack(async (target) => {
    const known = head([`authorization: Bearer ${target.bearer}`], "GET /v1/nodes HTTP/1.1");
    const unknown = head([], "GET /v1/nodes HTTP/1.1");
    const last = head(["connection: close"], "GET /v1/nodes HTTP/1.1");
    const answered = await tell(target, known + unknown + known + last);
    const statuses = [...answered.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "401", "200", "401"]);
  });
});

test("bodies that are no JSON, or no good JSON, are refused and pollute nothing", async () => {
  await attack(async (target) => {
    const deep = "[".repeat(200_000);
    const bodies = [
      "",
      "{",
      "null",
      "[]",
      '"x"',
      deep,
      `{"documents":[${deep}${"]".repeat(200_000)}]`,
      '{"__proto__":{"polluted":1},"documents":[{}]}',
      '{"constructor":{"prototype":{"polluted":1}},"documents":[{}]}',
      `{"names":[${"1,".repeat(200_000)}1]}`,
      `{${'"a":1,'.repeat(50_000)}"b":1}`,
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x22, 0x3a, 0x31, 0x7d]),
    ];
    for (const body of bodies) {
      const bytes = Buffer.from(body);
      const lines = ["content-type: application/json", `authorization: Bearer ${target.bearer}`];
      const answered = await tell(
        target,
        Buffer.concat([
          Buffer.from(head([...lines, "connection: close", `content-length: ${bytes.length}`])),
          bytes,
        ]),
      );
      assert.match(answered, /^HTTP\/1\.1 400 .*"code":"bad_request"/s, String(body).slice(0, 40));
      assert.ok(answered.length < 10_000);
    }
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });
});

test("a path that cannot be read is answered in the one form of errors", async () => {
  await attack(async (target) => {
    const known = [`authorization: Bearer ${target.bearer}`, "connection: close"];
    for (const path of ["/v1/services/%ff", "/%", "//", "/v1/nodes/../tokens", "*"]) {
      const answered = await tell(target, head(known, `GET ${path} HTTP/1.1`));
      assert.match(answered, /^HTTP\/1\.1 40[04] .*"error":\{"code":"/s, path);
    }
  });
});

test("random bytes after a valid head harm no one", async () => {
  await attack(async (target) => {
    const known = head([
      `authorization: Bearer ${target.bearer}`,
      "content-type: application/json",
      "content-length: 20",
    ]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const answered = await tell(target, Buffer.concat([Buffer.from(known), bytes]));
        assert.ok(!/HTTP\/1\.1 5/.test(answered), answered);
      }),
      { numRuns: 100 },
    );
  });
});

test("connections that say nothing are bounded, and push out no one who was let in", {
  timeout: 120_000,
}, async () => {
  await attack(async ({ address, bearer }) => {
    const known = connect(address);
    known.write(head([`authorization: Bearer ${bearer}`], "GET /v1/nodes HTTP/1.1"));
    await once(known, "data");
    const idle: Socket[] = [];
    let cut = 0;
    for (let i = 0; i < connectionsMax + 50; i++) {
      const socket = connect(address).on("error", () => {});
      socket.once("close", () => {
        cut += 1;
      });
      idle.push(socket);
      await once(socket, "connect");
    }
    await eventually(() => cut >= 50, "those that are too many to be cut");
    assert.ok(!known.destroyed);
    known.write(head([`authorization: Bearer ${bearer}`], "GET /v1/version HTTP/1.1"));
    assert.match(String((await once(known, "data"))[0]), /^HTTP\/1\.1 200 /);
    for (const socket of [...idle, known]) socket.destroy();
  });
});
