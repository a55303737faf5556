/** An attached session over a real WebSocket: what it can ask, what it sees, and how it ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { TraceRecordView } from "../../../src/api/actor-shapes.ts";
import { attachSubprotocol, closeCodes } from "../../../src/api/attach-frames.ts";
import type { Trace } from "../../../src/client/attachment.ts";
import { formatAddress } from "../../../src/core/address.ts";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { MobError } from "../../../src/core/errors.ts";
import type { GateOptions } from "../../../src/interface/access.ts";
import { type ApiToken, formatApiToken } from "../../../src/trust/api-token.ts";
import { type KnownTokens, knownTokens } from "../../support/api-tokens.ts";
import { type AttachWorld, type EchoProtocol, withAttach } from "../../support/attach-world.ts";
import { eventually } from "../../support/eventually.ts";
import { chunksOf } from "../../support/memory-commands.ts";

const coded = (code: string) => (error: unknown) =>
  error instanceof MobError && error.code === code;

/** A WebSocket over the node's Unix socket, without our client. */
function dial(
  { server: { at } }: Pick<AttachWorld, "server">,
  path = "/v1/attach",
  protocol = attachSubprotocol,
): WebSocket {
  return new WebSocket(`ws://localhost${path}`, protocol, {
    createConnection: () => connect(at.socketPath),
  });
}

/** Once the node has said hello; `said` is what came since. */
async function rawSocket(world: Pick<AttachWorld, "server">) {
  const socket = dial(world);
  const said: { type: string; id?: number; [field: string]: unknown }[] = [];
  const ended = once(socket, "close").then(([code, reason]) => [code, String(reason)] as const);
  socket.on("message", (data) => said.push(JSON.parse(String(data))));
  await eventually(() => said.length > 0, "the hello");
  return { socket, said, ended };
}

async function sessions({ system }: AttachWorld): Promise<number> {
  return system.inspect.tree().flatMap(({ children }) => {
    return children.filter(({ name }) => name === "sessions").flatMap(({ children }) => children);
  }).length;
}

/** The first `count` records of a trace. */
async function recordsOf(trace: Trace, count: number): Promise<TraceRecordView[]> {
  const seen: TraceRecordView[] = [];
  for await (const records of trace.records) {
    seen.push(...records);
    if (seen.length >= count) break;
  }
  return seen;
}

test("the hello tells who answers, in which version, and what one may do", () =>
  withAttach(async ({ attachment }) => {
    const { node, protocol, role } = await attachment.hello();
    assert.deepEqual({ node, protocol, role }, { node: "6666@box", protocol: 1, role: "admin" });
  }));

test("every call of the API goes over the one connection, with its answers and its errors", () =>
  withAttach(async (world) => {
    const { client } = world;
    assert.equal((await client.nodes())[0]?.name, "6666@box");
    const [result] = await client.deploy([{ name: "web" }]);
    assert.equal(result?.result, "created");
    await assert.rejects(client.show("nope"), coded("not_found"));
    await assert.rejects(client.act("stop", []), coded("bad_request"));
    assert.equal(await sessions(world), 1);
  }));

test("output streams over it too, whole, and can be broken off", () =>
  withAttach(
    async ({ client }) => {
      const parts: Uint8Array[] = [];
      const all = await client.logs(
        "web",
        { tail: "all", follow: false },
        new AbortController().signal,
      );
      for await (const { bytes } of all) parts.push(bytes);
      assert.deepEqual([...Buffer.concat(parts)], [0, 255, 10, 128, 1]);
    },
    {
      logs: async () => {
        const about = { name: "web", slot: 0, node: "6666@box" };
        return chunksOf([
          { ...about, bytes: Buffer.from([0, 255]) },
          { ...about, bytes: Buffer.from([10, 128, 1]) },
        ]);
      },
    },
  ));

test("a follower that leaves is known to have left", async () => {
  let gone: AbortSignal | undefined;
  await withAttach(
    async ({ client }) => {
      const reader = new AbortController();
      const chunks = await client.logs("web", { tail: 1, follow: true }, reader.signal);
      for await (const _ of chunks) break;
      await eventually(() => gone?.aborted, "the command to hear that its reader has gone");
    },
    {
      async logs(name, _options, signal) {
        gone = signal;
        return (async function* () {
          yield { name, slot: 0, node: "6666@box", bytes: Buffer.from("x") };
          await once(signal, "abort");
        })();
      },
    },
  );
});

test("the state, the counters and the tree of actors are there to be seen", () =>
  withAttach(async ({ client, echo }) => {
    await echo(1);
    const { handled, node, path } = await client.actor("echo");
    assert.deepEqual({ handled, node, path }, { handled: 1, node: "6666@box", path: "mob/echo" });
    const { children } = await client.actors("6666@box");
    assert.ok(children.some((child) => child.path === "mob/sessions"));
    await assert.rejects(client.actors("nowhere"), coded("not_found"));
  }));

test("a trace is live, goes on through a crash, and ends where it is stopped", () =>
  withAttach(async ({ attachment, system, echo }) => {
    const trace = await attachment.trace({ target: "echo" });
    assert.deepEqual([trace.node, trace.path], ["6666@box", "mob/echo"]);
    system.cast<EchoProtocol, "crash">("echo", "crash", undefined);
    await eventually(() => echo("hello").catch(() => undefined), "echo to run again");
    const records = await recordsOf(trace, 4);
    assert.deepEqual(
      records.slice(0, 4).map(({ kind }) => kind),
      ["cast", "ended", "started", "call"],
    );
    assert.equal(records.at(3)?.message, "hello");
    const traces = () => Reflect.get(Object(system.inspect.state("inspector")), "traces");
    await eventually(() => traces() === 0, "the end of the trace at the inspector");
  }));

test("a trace ends at its bound, and says so", () =>
  withAttach(async ({ attachment, echo }) => {
    const trace = await attachment.trace({ target: "echo", messagesMax: 3 });
    for (let i = 0; i < 5; i++) await echo(i);
    const seen: unknown[] = [];
    for await (const records of trace.records) seen.push(...records.map(({ message }) => message));
    assert.deepEqual(seen, [0, 1, 2]);
    assert.equal(trace.ended(), "done");
    await assert.rejects(attachment.trace({ target: "nobody" }), coded("not_found"));
    await assert.rejects(
      attachment.trace({ target: "echo", perSecondMax: 1e9 }),
      coded("bad_request"),
    );
  }));

test("what a session has suspended goes on when the session ends", () =>
  withAttach(async ({ client, attachment, echo, system }) => {
    const { path } = await client.suspend("echo", { forMs: 600_000 });
    assert.equal(path, "mob/echo");
    assert.equal((await client.actor("echo")).status, "suspended");
    const answer = echo("late");
    attachment.close();
    assert.equal(await answer, "late");
    assert.equal(system.inspect.status("echo").state, "running");
  }));

test("what was resumed in between is left alone", () =>
  withAttach(async ({ client, attachment, echo, system }) => {
    await client.suspend("echo", { forMs: 600_000 });
    assert.equal((await client.resume("echo")).wasSuspended, true);
    system.inspect.suspend("echo"); // Someone else, later.
    attachment.close();
    await eventually(
      () =>
        !system.inspect
          .tree()
          .some(({ children }) => children.some(({ name }) => name === "session/1")),
      "the end of the session",
    );
    assert.equal(system.inspect.status("echo").state, "suspended");
    system.inspect.resume("echo");
    await echo("on");
  }));

test("a restart is done and told; the root's is refused", () =>
  withAttach(async ({ client }) => {
    assert.deepEqual(await client.restartActor("echo"), {
      node: "6666@box",
      result: "restarted",
      paths: ["mob/echo"],
    });
    await assert.rejects(client.restartActor("mob"), coded("conflict"));
  }));

test("when the API closes the session is told why, and the next call connects anew", () =>
  withAttach(async ({ server, client, attachment, lost }) => {
    const trace = await attachment.trace({ target: "echo" });
    const closing = server.api.close();
    await assert.rejects(recordsOf(trace, 1), coded("unreachable"));
    await closing;
    assert.match(lost[0] ?? "", /the node stops, or its API is restarted/);
    await assert.rejects(client.nodes(), coded("unreachable"));
  }));

test("a session whose actor is killed is closed, and the client connects anew", () =>
  withAttach(async ({ system, client, lost }) => {
    await client.nodes();
    system.exit("session/1", "kill");
    await eventually(() => lost.length > 0, "the end of the connection");
    assert.equal((await client.nodes())[0]?.name, "6666@box");
    assert.notEqual(system.whereis("session/2"), undefined);
  }));

const refused: readonly [string, (socket: WebSocket) => void, number][] = [
  ["no JSON", (socket) => socket.send("{"), closeCodes.unreadable],
  ["bytes", (socket) => socket.send(Buffer.from("{}")), closeCodes.unreadable],
  ["no frame", (socket) => socket.send('{"type":"order","id":1}'), closeCodes.refused],
  [
    "an unknown field",
    (socket) => socket.send('{"type":"cancel","id":1,"x":2}'),
    closeCodes.refused,
  ],
  [
    "a path outside the API",
    (socket) => socket.send('{"type":"request","id":1,"method":"GET","path":"http://x/"}'),
    closeCodes.refused,
  ],
  ["a frame over the limit", (socket) => socket.send(`"${"x".repeat(2 * 1024 * 1024)}"`), 1009],
  [
    "deep nesting",
    (socket) => socket.send(`${"[".repeat(50_000)}${"]".repeat(50_000)}`),
    closeCodes.refused,
  ],
];
for (const [what, send, code] of refused) {
  test(`${what} ends the session with a clear code, and harms no one else`, () =>
    withAttach(async ({ server, client }) => {
      const { socket, ended } = await rawSocket({ server });
      send(socket);
      const [closedWith] = await ended;
      assert.equal(closedWith, code);
      assert.equal((await client.nodes()).length, 1);
    }));
}

test("two open requests of one id end the session", () =>
  withAttach(
    async (world) => {
      const { socket, ended } = await rawSocket(world);
      const frame = JSON.stringify({ type: "request", id: 7, method: "GET", path: "/v1/nodes" });
      socket.send(frame);
      socket.send(frame);
      assert.equal((await ended)[0], closeCodes.refused);
    },
    { nodes: () => new Promise(() => {}) },
  ));

test("open requests are bounded in number, and one more is refused by itself", () =>
  withAttach(
    async (world) => {
      const { socket, said } = await rawSocket(world);
      for (let id = 0; id < 65; id++) {
        socket.send(JSON.stringify({ type: "request", id, method: "GET", path: "/v1/nodes" }));
      }
      const frame = await eventually(() => said.find(({ type }) => type === "failed"), "a refusal");
      assert.equal(frame.id, 64);
      socket.terminate();
    },
    { nodes: () => new Promise(() => {}) },
  ));

test("a client that does not answer pings is given up", () =>
  withAttach(async (world) => {
    const { socket } = await rawSocket(world);
    // Reads nothing, so it answers nothing.
    socket.pause();
    await world.env.advance(20_000);
    await world.env.advance(20_000);
    await eventually(async () => (await sessions(world)) === 0, "the end of the session");
    socket.terminate();
  }));

test("nothing is set while no one is attached", () =>
  withAttach(async ({ env, attachment, system }) => {
    assert.equal(env.timerCount, 0);
    await attachment.hello();
    attachment.close();
    await eventually(() => system.whereis("session/1") === undefined, "the end of the session");
    await env.advance(10_000); // What calls have left.
    assert.equal(env.timerCount, 0);
  }));

test("a client of another version is refused before it is let in", () =>
  withAttach(async (world) => {
    const socket = dial(world, "/v1/attach", "mob.attach.99");
    const [, response] = await once(socket, "unexpected-response");
    assert.equal(response.statusCode, 400);
    assert.equal(response.headers["mob-api"], "1");
    response.destroy();
  }));

test("there is no WebSocket elsewhere", () =>
  withAttach(async (world) => {
    const [, response] = await once(dial(world, "/v1/nodes"), "unexpected-response");
    assert.equal(response.statusCode, 404);
    response.destroy();
  }));

/** Over TCP, where it is decided who asks. */
function overTcp({ server }: AttachWorld, token: ApiToken | undefined, origin?: string): WebSocket {
  const headers = token && { authorization: `Bearer ${formatApiToken(token)}` };
  return new WebSocket(`ws://${formatAddress(server.address)}/v1/attach`, attachSubprotocol, {
    ...(headers && { headers }),
    ...(origin !== undefined && { origin }),
  });
}

const gateOf = (tokens: KnownTokens, noted: AuditEvent[] = []): GateOptions => ({
  tokens,
  hosts: [],
  audit: { record: (event) => noted.push(event) },
});

test("a web page of another origin, and whoever has no token, is refused and noted", async () => {
  const tokens = knownTokens();
  const noted: AuditEvent[] = [];
  await withAttach(
    async (world) => {
      const admin = tokens.make("admin");
      const page = overTcp(world, admin, "http://evil.example");
      const [, forbidden] = await once(page, "unexpected-response");
      assert.equal(forbidden.statusCode, 403);
      const [, unauthorized] = await once(overTcp(world, undefined), "unexpected-response");
      assert.equal(unauthorized.statusCode, 401);
      assert.deepEqual(
        noted.map(({ outcome }) => outcome),
        ["refused", "refused"],
      );
      forbidden.destroy();
      unauthorized.destroy();
    },
    {},
    gateOf(tokens, noted),
  );
});

/** Asks over a socket and gives what is answered. */
async function answerTo(socket: WebSocket, frame: object): Promise<Record<string, unknown>> {
  socket.send(JSON.stringify(frame));
  const [data] = await once(socket, "message");
  return JSON.parse(String(data));
}

test("the role read sees, and touches nothing; of a trace it sees that messages come", async () => {
  const tokens = knownTokens();
  await withAttach(
    async (world) => {
      const socket = overTcp(world, tokens.make("read"));
      const [hello] = await once(socket, "message");
      assert.equal(JSON.parse(String(hello)).role, "read");
      const request = (id: number, method: string, path: string, body?: object) =>
        answerTo(socket, { type: "request", id, method, path, ...(body && { body }) });
      assert.equal((await request(1, "GET", "/v1/actors"))["status"], 200);
      for (const act of ["suspend", "resume", "restart"]) {
        const { status } = await request(2, "POST", `/v1/actors/${act}`, { target: "echo" });
        assert.equal(status, 403, act);
      }
      const bounds = { messagesMax: 10, perSecondMax: 10 };
      const begun = await answerTo(socket, { type: "trace", id: 3, target: "echo", ...bounds });
      assert.equal(begun["type"], "tracing");
      const told = once(socket, "message");
      await world.echo("hunter2");
      const [data] = await told;
      assert.match(String(data), /"method":"echo"/);
      assert.doesNotMatch(String(data), /hunter2/);
      socket.terminate();
    },
    {},
    gateOf(tokens),
  );
});

test("a session ends when its token is revoked", async () => {
  const tokens = knownTokens();
  await withAttach(
    async (world) => {
      const token = tokens.make("admin");
      const socket = overTcp(world, token);
      await once(socket, "message");
      const ended = once(socket, "close");
      tokens.revoke(token);
      const [code, reason] = await ended;
      assert.equal(code, closeCodes.refused);
      assert.match(String(reason), /revoked/);
    },
    {},
    gateOf(tokens),
  );
});

test("attaching, tracing and touching are noted, with who it was", async () => {
  const noted: AuditEvent[] = [];
  await withAttach(
    async ({ client, attachment }) => {
      (await attachment.trace({ target: "echo" })).stop();
      await client.suspend("echo");
      await client.resume("echo");
      await client.restartActor("echo", "6666@box");
      assert.deepEqual(
        noted.map(({ what, who, detail = "" }) => `${who}: ${what} ${detail}`.trim()),
        [
          "local user: attach",
          "local user: trace actor mob/echo on 6666@box",
          "local user: suspend actor echo",
          "local user: resume actor echo",
          "local user: restart actor echo 6666@box",
        ],
      );
    },
    {},
    gateOf(knownTokens(), noted),
  );
});

test("an upgrade that is refused is answered and hung up on, also where the client keeps its side open", () =>
  withAttach(async ({ server }) => {
    const socket = connect({ ...server.address, allowHalfOpen: true }).on("error", () => {});
    const lines = ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"];
    socket.write(`GET /v1/attach HTTP/1.1\r\nhost: localhost\r\n${lines.join("\r\n")}\r\n\r\n`);
    assert.match(await text(socket), /^HTTP\/1\.1 401 .*"unauthorized"/s);
    await eventually(() => {
      if (socket.writable) socket.write("x"); // Answered with a reset once the other end is gone.
      return socket.closed;
    }, "the end of the connection at the node");
  }));
