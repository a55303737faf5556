import assert from "node:assert/strict";
import { createServer as createHttp } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { reachHost } from "../../../src/node/reach-host.ts";

const never = new AbortController().signal;

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

test("an answer from 200 to 399 is healthy, and any other says which it was", async (t) => {
  const server = createHttp((request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end("x".repeat(100_000));
  });
  const port = await listen(t, server);
  const ask = (status: number) => reachHost({ kind: "http", port, path: `/${status}` }, never);
  for (const status of [200, 204, 302, 399]) assert.equal(await ask(status), undefined);
  for (const status of [400, 404, 503]) assert.equal(await ask(status), `answered ${status}`);
});

test("whoever takes a connection is healthy, also one that speaks first or waits to be spoken to", async (t) => {
  const silent = await listen(t, createServer());
  const speaking = await listen(
    t,
    createServer((socket) => socket.end("220 hello\r\n")),
  );
  for (const port of [silent, speaking]) {
    assert.equal(await reachHost({ kind: "tcp", port }, never), undefined);
  }
});

test("a connection that is closed at once without a word is not healthy", async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.end()),
  );
  assert.match((await reachHost({ kind: "tcp", port }, never)) ?? "", /closed at once/);
});

test("where no one listens, that is said", async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  await new Promise((resolve) => server.close(resolve));
  for (const check of [
    { kind: "tcp", port } as const,
    { kind: "http", port, path: "/" } as const,
  ]) {
    assert.equal(await reachHost(check, never), "connection refused");
  }
});

test("a check that is given up leaves no connection open", async (t) => {
  const server = createServer(); // It takes a request, and never answers.
  const port = await listen(t, server);
  const taken = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const controller = new AbortController();
  const asked = reachHost({ kind: "http", port, path: "/" }, controller.signal);
  const socket = await taken;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  controller.abort();
  assert.notEqual(await asked, undefined);
  await closed;
});

/** What a check makes of a server that answers with these pieces, each when the one before has gone. */
async function answered(t: TestContext, ...pieces: readonly string[]): Promise<string | undefined> {
  const server = createServer(async (socket) => {
    socket.on("error", () => {});
    for (const piece of pieces) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
  });
  return await reachHost({ kind: "http", port: await listen(t, server), path: "/" }, never);
}

test("a status is read however it comes in pieces, and what comes before the answer is no answer", async (t) => {
  assert.equal(await answered(t, "H", "TTP/1.1 20", "0 OK", "\r\n", "x: y\r\n"), undefined);
  assert.equal(await answered(t, "HTTP/1.0 503\r\n\r\n"), "answered 503");
  const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
  assert.equal(await answered(t, hints, hints, "HTTP/1.1 204 None\r\n\r\n"), undefined);
  assert.equal(await answered(t, hints + hints, "HTTP/1.1 500 No\r\n\r\n"), "answered 500");
});

test("what is not HTTP, or no answer at all, is said", async (t) => {
  assert.equal(await answered(t, "220 mail.example ESMTP\r\n"), "the answer is not HTTP");
  assert.equal(await answered(t, "HTTP/1.1 ", "x".repeat(10_000)), "the answer is not HTTP");
  assert.equal(await answered(t), "the connection was closed without an answer");
  assert.equal(await answered(t, "HTTP/1.1 2"), "the connection was closed without an answer");
});
