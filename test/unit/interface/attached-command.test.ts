/** Commands beside tasks, over a real WebSocket: what they write and read, how they end, and who may run them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { attachSubprotocol, closeCodes } from "../../../src/api/attach-frames.ts";
import type { Executing } from "../../../src/client/executing.ts";
import { formatAddress } from "../../../src/core/address.ts";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { MobError, Unavailable } from "../../../src/core/errors.ts";
import type { GateOptions } from "../../../src/interface/access.ts";
import type { ConsoleRequest, ExecRequest, Exit } from "../../../src/providers/provider.ts";
import { formatApiToken } from "../../../src/trust/api-token.ts";
import { knownTokens } from "../../support/api-tokens.ts";
import { type AttachWorld, withAttach } from "../../support/attach-world.ts";
import { eventually } from "../../support/eventually.ts";

type Request = ExecRequest<unknown>;
type Run = (request: Request) => Promise<Exit>;

const done: Exit = { kind: "exited", code: 0 };
const web = { service: "web", command: ["run", "it"] };
const coded = (code: string) => (error: unknown) =>
  error instanceof MobError && error.code === code;

/** The service `web`, beside whose task commands run so. */
function withCommands(
  run: Run,
  body: (world: AttachWorld) => Promise<void>,
  { gate, terminals }: { readonly gate?: GateOptions; readonly terminals?: true } = {},
): Promise<void> {
  const provider = {
    parseParams: (input: unknown) => input,
    exec: (_task: unknown, request: Request) => run(request),
    ...(terminals && { terminals }),
  };
  return withAttach(body, {}, gate, new Map([["bare", provider]]));
}

function aborted({ signal }: Request): Promise<Exit> {
  const killed: Exit = { kind: "signaled", signal: "SIGKILL" };
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(killed)));
}

async function textOf({ output }: Executing): Promise<string> {
  let text = "";
  for await (const { stream, bytes } of output) text += `${stream}: ${Buffer.from(bytes)}\n`;
  return text;
}

test("a command runs as its task does, and its streams and its exit are told", () =>
  withCommands(
    async ({ command, params, env, output }) => {
      await output(Buffer.from(JSON.stringify({ command, params, env })), "stdout");
      await output(Buffer.from("oh"), "stderr");
      return { kind: "exited", code: 7 };
    },
    async ({ attachment }) => {
      const executing = await attachment.exec({ ...web, service: "web/0" });
      const { node, service, slot } = executing;
      assert.deepEqual({ node, service, slot }, { node: "6666@box", service: "web", slot: 0 });
      const started = '{"command":["run","it"],"params":{},"env":{"MODE":"test"}}';
      assert.equal(await textOf(executing), `stdout: ${started}\nstderr: oh\n`);
      assert.deepEqual(executing.exit(), { code: 7 });
    },
  ));

test("what is written to a command comes one piece at a time, and its end too", () =>
  withCommands(
    async ({ input = [], output }) => {
      for await (const bytes of input) await output(bytes, "stdout");
      return done;
    },
    async ({ attachment }) => {
      const executing = await attachment.exec({ ...web, input: true });
      const told = textOf(executing);
      assert.ok(await executing.write(Buffer.alloc(100_000, "x"))); // More than a frame takes.
      assert.ok(await executing.write(Buffer.from("y")));
      executing.endInput();
      assert.equal((await told).replaceAll(/stdout: |\n/g, ""), `${"x".repeat(100_000)}y`);
      assert.equal(await executing.write(Buffer.from("z")), false);
    },
  ));

test("a command waits for who reads it", () => {
  let written = 0;
  const run: Run = async ({ output, signal }) => {
    const piece = Buffer.alloc(64 * 1024);
    while (!signal.aborted) {
      await output(piece, "stdout");
      written += piece.length;
    }
    return done;
  };
  return withCommands(run, async (world) => {
    const executing = await world.attachment.exec(web);
    // The client's queue, the socket's buffers and the command's: then no more is written.
    let before = -1;
    await eventually(async () => {
      const isSteady = written === before;
      before = written;
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
      return isSteady;
    }, "the command to wait");
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes wait`);
    const waiting = written;
    for await (const _ of executing.output) if (written > waiting) break;
  });
});

test("a command ends with the connection, and when it is stopped", () => {
  const ended: Exit[] = [];
  const run: Run = async (request) => {
    await request.output(Buffer.from("on"), "stdout");
    const exit = await aborted(request);
    ended.push(exit);
    return exit;
  };
  return withCommands(run, async ({ attachment, system }) => {
    const first = await attachment.exec(web);
    first.stop();
    assert.equal(await textOf(first), "");
    assert.equal(first.exit(), undefined);
    await eventually(() => ended.length === 1, "the end of the first");
    const second = await attachment.exec(web);
    for await (const _ of second.output) break; // Its reader leaves.
    await eventually(() => ended.length === 2, "the end of the second");
    await attachment.exec(web);
    attachment.close();
    await eventually(() => ended.length === 3, "the end of the third");
    assert.deepEqual(system.inspect.state("executor"), { commands: [] });
  });
});

test("the executor's crash ends commands, and is told", () => {
  let isAborted = false;
  const run: Run = async (request) => {
    const exit = await aborted(request);
    isAborted = true;
    return exit;
  };
  return withCommands(run, async ({ attachment, system }) => {
    const executing = await attachment.exec(web);
    const told = textOf(executing);
    system.exit("executor", "kill");
    await assert.rejects(told, MobError);
    await eventually(() => isAborted, "the end of the command");
  });
});

test("what cannot be run is refused by name", () =>
  withCommands(
    () => Promise.reject(new Unavailable("run is not on the PATH")),
    async ({ attachment }) => {
      await assert.rejects(attachment.exec({ ...web, service: "nope" }), coded("not_found"));
      await assert.rejects(attachment.exec({ ...web, service: "web/4" }), /no instance 4/);
      const terminal = { columns: 80, rows: 24 };
      await assert.rejects(attachment.exec({ ...web, terminal }), /bare has no terminal/);
      await assert.rejects(textOf(await attachment.exec(web)), /run is not on the PATH/);
    },
  ));

test("a provider that runs no commands is told by name", () =>
  withAttach(
    ({ attachment }) => assert.rejects(attachment.exec(web), /bare cannot run a command in a task/),
    {},
    undefined,
    new Map([["bare", { parseParams: (input: unknown) => input }]]),
  ));

test("no command is the console of a task, where it has one, and that ends with the input", () => {
  const parseParams = (input: unknown) => input;
  const console = async (_task: unknown, { input, output, logs }: ConsoleRequest) => {
    await output(Buffer.from(`keeps ${logs.filesMax}`), "stdout");
    for await (const bytes of input ?? []) await output(bytes, "stdout");
  };
  return withAttach(
    async ({ attachment }) => {
      const executing = await attachment.exec({ service: "web", command: [], input: true });
      const told = textOf(executing);
      assert.ok(await executing.write(Buffer.from("root")));
      executing.endInput();
      assert.equal(await told, "stdout: keeps 1\nstdout: root\n");
      assert.deepEqual(executing.exit(), { code: 0 });
      const instead =
        /bare cannot run a command in a task: without one, exec attaches to its console/;
      await assert.rejects(attachment.exec(web), instead);
      const sized = { service: "web", command: [], terminal: { columns: 80, rows: 24 } };
      await assert.rejects(attachment.exec(sized), /a console has no size/);
    },
    {},
    undefined,
    new Map([["bare", { parseParams, console }]]),
  );
});

test("a provider without a console wants a command", () =>
  withCommands(
    async () => done,
    ({ attachment }) =>
      assert.rejects(
        attachment.exec({ service: "web", command: [] }),
        /bare has no console: name a command to run/,
      ),
  ));

test("a terminal has the sizes that it is told, and no more commands run than may", () => {
  const sizes: unknown[] = [];
  const run: Run = (request) => {
    const { terminal } = request;
    if (terminal !== undefined) {
      sizes.push([terminal.columns, terminal.rows]);
      terminal.onResize(({ columns, rows }) => sizes.push([columns, rows]));
    }
    return aborted(request);
  };
  return withCommands(
    run,
    async ({ attachment, system }) => {
      const executing = await attachment.exec({ ...web, terminal: { columns: 80, rows: 24 } });
      executing.resize({ columns: 132, rows: 50 });
      await eventually(() => sizes.length === 2, "both sizes");
      assert.deepEqual(sizes, [
        [80, 24],
        [132, 50],
      ]);
      for (let running = 1; running < 64; running++) await attachment.exec(web);
      await assert.rejects(attachment.exec(web), coded("unavailable"));
      attachment.close();
      const isFree = () => JSON.stringify(system.inspect.state("executor")) === '{"commands":[]}';
      await eventually(isFree, "the end of all");
    },
    { terminals: true },
  );
});

/** A socket of a token's holder, and the frames that came. */
async function rawSocket({ server }: AttachWorld, token: string) {
  const socket = new WebSocket(
    `ws://${formatAddress(server.address)}/v1/attach`,
    attachSubprotocol,
    { headers: { authorization: `Bearer ${token}` } },
  );
  const said: { readonly type: string; readonly [field: string]: unknown }[] = [];
  socket.on("message", (data) => said.push(JSON.parse(String(data))));
  await eventually(() => said.length > 0, "the hello");
  return { socket, said };
}

test("to run commands takes the role deploy; both ways are noted, and no arguments", async () => {
  const tokens = knownTokens();
  const noted: AuditEvent[] = [];
  const gate = { tokens, hosts: [], audit: { record: (event: AuditEvent) => noted.push(event) } };
  const frame = JSON.stringify({ type: "exec", id: 1, service: "web", command: ["run", "secret"] });
  await withCommands(
    async () => done,
    async (world) => {
      for (const [role, last] of [
        ["read", "failed"],
        ["deploy", "exited"],
      ] as const) {
        const { socket, said } = await rawSocket(world, formatApiToken(tokens.make(role)));
        socket.send(frame);
        await eventually(() => said.some(({ type }) => type === last), last);
        socket.terminate();
      }
    },
    { gate },
  );
  const execs = noted.filter(({ what }) => what === "exec");
  assert.deepEqual(
    execs.map(({ outcome, detail }) => `${outcome}: ${detail}`),
    ["refused: this needs the role deploy; yours is read", "done: run in web/0 on 6666@box"],
  );
});

test("input that nobody asked for, or that comes too soon, ends the session or the command", async () => {
  const tokens = knownTokens();
  const gate = { tokens, hosts: [], audit: { record() {} } };
  await withCommands(
    aborted,
    async (world) => {
      const token = formatApiToken(tokens.make("deploy"));
      const input = JSON.stringify({ type: "input", id: 1, base64: "eA==" });
      const begin = async (more: object) => {
        const raw = await rawSocket(world, token);
        raw.socket.send(JSON.stringify({ type: "exec", id: 1, ...web, ...more }));
        await eventually(() => raw.said.some(({ type }) => type === "executing"), "its begin");
        return raw;
      };
      const deaf = await begin({});
      deaf.socket.send(input);
      assert.equal((await once(deaf.socket, "close"))[0], closeCodes.refused);
      const hasty = await begin({ input: true });
      for (let i = 0; i < 2; i++) hasty.socket.send(input);
      const failed = await eventually(
        () => hasty.said.find(({ type }) => type === "failed"),
        "a refusal",
      );
      assert.match(JSON.stringify(failed), /has not been read yet/);
      hasty.socket.terminate();
    },
    { gate },
  );
});
