/** The inspector of one node, asked from another: what it does to actors, and what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type InspectorProtocol, inspector } from "../../../src/actors/inspector.ts";
import { names } from "../../../src/actors/names.ts";
import type { TracePiece } from "../../../src/actors/trace-ring.ts";
import { BadRequest, MobError } from "../../../src/core/errors.ts";
import type { ActorDefinition } from "../../../src/otp/definition.ts";
import type { Behaviour } from "../../../src/otp/gen-server.ts";
import type { Protocol } from "../../../src/otp/protocol.ts";
import { type ActorRef, named } from "../../../src/otp/ref.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import type { ActorSystem } from "../../../src/otp/system.ts";
import { worker } from "../../../src/otp/worker.ts";
import { ActorNetwork } from "../../support/actor-network.ts";
import { settle } from "../../support/manual-env.ts";

type EchoProtocol = {
  readonly echo: { readonly request: unknown; readonly reply: unknown };
  readonly login: { readonly request: unknown; readonly reply: "in" };
  readonly crash: { readonly request: undefined; readonly reply: never };
};

function echo(name: string): ActorDefinition<EchoProtocol> {
  const behaviour = (): Behaviour<number, EchoProtocol> => ({
    init: () => 0,
    handlers: {
      echo: (count, value) => [count + 1, value],
      login: (count) => [count, "in"],
      crash() {
        throw new RangeError("on purpose");
      },
    },
    describe: (count) => ({ count, env: { HOME: "/root" } }),
    secret: ["login"],
  });
  return worker({ name, behaviour });
}

const idle = (name: string) =>
  worker({
    name,
    behaviour: (): Behaviour<null, Protocol> => ({ init: () => null, handlers: {} }),
  });

interface World {
  readonly network: ActorNetwork;
  /** The node that is looked at, and the one that looks. */
  readonly there: ActorSystem;
  readonly here: ActorSystem;
  /** Stands for the session of someone attached, on `here`. */
  readonly session: ActorRef<unknown>;
  ask<M extends keyof InspectorProtocol & string>(
    method: M,
    request: InspectorProtocol[M]["request"],
  ): Promise<InspectorProtocol[M]["reply"]>;
  echo(value: unknown): Promise<unknown>;
}

async function withInspector(body: (world: World) => Promise<void>): Promise<void> {
  const network = new ActorNetwork();
  const [there, here] = [network.addNode("there"), network.addNode("here")];
  const children = [
    { id: "peer", start: idle(names.ringMember) },
    { id: "echo", start: echo("echo") },
    { id: "inspector", start: worker({ name: names.inspector, behaviour: inspector }) },
    { id: "api", start: idle(names.api) },
  ];
  const top = supervisor({ name: "mob", strategy: "one_for_one", intensity: 9, children });
  await there.start(top, { id: "mob" });
  const session = await here.start(idle("session"));
  const target = named<InspectorProtocol>(there.node, names.inspector);
  try {
    await body({
      network,
      there,
      here,
      session,
      ask: (method, request) => here.call(target, method, request, { timeoutMs: 60_000 }),
      echo: (value) => there.call<EchoProtocol, "echo">("echo", "echo", value),
    });
  } finally {
    await there.shutdown();
    await here.shutdown();
    assert.equal(network.env.timerCount, 0, "no timer is left");
  }
}

const bounds = { messagesMax: 10, perSecondMax: 100, content: true };

function coded(code: string, message?: RegExp) {
  return (error: unknown) =>
    error instanceof MobError && error.code === code && (message?.test(error.message) ?? true);
}

test("the tree and the detail cross to another node, without what is secret in a state", () =>
  withInspector(async ({ ask, echo }) => {
    await echo(1);
    const tree = await ask("tree", undefined);
    assert.deepEqual(
      tree.children.map(({ path }) => path),
      ["mob/peer", "mob/echo", "mob/inspector", "mob/api"],
    );
    const { state, mailbox, handled, path } = await ask("detail", { target: "echo" });
    assert.deepEqual({ mailbox, handled, path }, { mailbox: 0, handled: 1, path: "mob/echo" });
    assert.deepEqual(state, { count: 1, env: { HOME: "(secret)" } });
    await assert.rejects(
      ask("detail", { target: "nobody" }),
      coded("not_found", /no actor nobody/),
    );
  }));

test("a suspended actor is shown as such, and goes on when resumed", () =>
  withInspector(async ({ ask, echo, network }) => {
    const { path, resumesAt } = await ask("suspend", { target: "echo", forMs: 60_000 });
    assert.equal(path, "mob/echo");
    assert.equal(resumesAt, network.env.clock.wall() + 60_000);
    const answer = echo("late");
    const { status, mailbox, ...detail } = await ask("detail", { target: "echo" });
    assert.deepEqual([status, mailbox, detail.resumesAt], ["suspended", 1, resumesAt]);
    assert.deepEqual(await ask("resume", { target: "echo" }), { path, wasSuspended: true });
    assert.equal(await answer, "late");
    assert.equal((await ask("resume", { target: "echo" })).wasSuspended, false);
  }));

test("a suspension ends after its time, also without anyone attached", () =>
  withInspector(async ({ ask, echo, network }) => {
    await ask("suspend", { target: "echo", forMs: 1_000 });
    const answer = echo("late");
    await network.env.advance(1_000);
    assert.equal(await answer, "late");
  }));

test("a suspension ends with the session that it belongs to", () =>
  withInspector(async ({ ask, echo, here, session }) => {
    await ask("suspend", { target: "echo", forMs: 600_000, owner: session });
    const answer = echo("late");
    await here.stop(session);
    assert.equal(await answer, "late");
  }));

test("a suspension ends when the node of its session is lost", () =>
  withInspector(async ({ ask, echo, there, here, session }) => {
    await ask("suspend", { target: "echo", forMs: 600_000, owner: session });
    const answer = echo("late");
    there.nodeDown(here.node, "lost");
    assert.equal(await answer, "late");
  }));

for (const target of ["inspector", "api", "ring-member", "mob/peer"]) {
  test(`${target} is not suspended, and why is told`, () =>
    withInspector(async ({ ask }) => {
      await assert.rejects(
        ask("suspend", { target, forMs: 1_000 }),
        coded("conflict", /^mob\/\S+ cannot be suspended: \w/),
      );
      assert.equal((await ask("detail", { target })).status, "running");
    }));
}

test("a suspension has a bound that no one may exceed", () =>
  withInspector(async ({ ask }) => {
    for (const forMs of [0, -1, 600_001, Number.POSITIVE_INFINITY]) {
      await assert.rejects(
        ask("suspend", { target: "echo", forMs }),
        coded(new BadRequest("").code),
      );
    }
  }));

test("a restart is answered once it is done, and tells what went along", () =>
  withInspector(async ({ ask, echo }) => {
    await echo(1);
    const answer = await ask("restart", { target: "echo" });
    assert.deepEqual(answer, { result: "restarted", paths: ["mob/echo"] });
    const { handled, restarts } = await ask("detail", { target: "echo" });
    assert.deepEqual({ handled, restarts }, { handled: 0, restarts: 1 });
  }));

test("a restart that takes the inspector along is answered first, then done", () =>
  withInspector(async ({ ask, network, there }) => {
    const before = there.whereis("inspector");
    const answer = await ask("restart", { target: "inspector" });
    assert.deepEqual(answer, { result: "begun", paths: ["mob/inspector"] });
    await network.env.advance(1_000);
    assert.notEqual(there.whereis("inspector")?.serial, before?.serial);
    assert.equal((await ask("detail", { target: "inspector" })).restarts, 1);
  }));

test("the root is not restarted, and why is told", () =>
  withInspector(async ({ ask }) => {
    await assert.rejects(ask("restart", { target: "mob" }), coded("conflict", /mob is a root/));
    await assert.rejects(ask("restart", { target: "mob/none" }), coded("not_found"));
  }));

const methods = ({ records }: TracePiece) =>
  records.map(({ kind, method = "" }) => `${kind} ${method}`.trim());

test("a trace is read piece by piece, and a read waits until there is something", () =>
  withInspector(async ({ ask, echo, session }) => {
    const { trace, path } = await ask("startTrace", { target: "echo", ...bounds, owner: session });
    assert.equal(path, "mob/echo");
    const waiting = ask("readTrace", { trace, waitMs: 30_000 });
    await settle();
    await echo({ name: "web", env: { A: "b" } });
    const piece = await waiting;
    const [record] = piece.records;
    assert.equal(record?.method, "echo");
    assert.equal(record?.from, "there");
    assert.deepEqual(record?.message, { name: "web", env: { A: "(secret)" } });
    await echo(2);
    await echo(3);
    const next = await ask("readTrace", { trace, waitMs: 30_000 });
    assert.deepEqual(methods(next), ["call echo", "call echo"]);
  }));

test("a read that waits in vain comes back empty, and the trace goes on", () =>
  withInspector(async ({ ask, echo, session, network }) => {
    const { trace } = await ask("startTrace", { target: "echo", ...bounds, owner: session });
    const waiting = ask("readTrace", { trace, waitMs: 1_000 });
    await network.env.advance(1_000);
    assert.deepEqual(await waiting, { records: [] });
    await echo(1);
    assert.equal((await ask("readTrace", { trace, waitMs: 0 })).records.length, 1);
  }));

test("without content a trace tells that messages came and nothing of them", () =>
  withInspector(async ({ ask, echo, session }) => {
    const options = { ...bounds, content: false, owner: session };
    const { trace } = await ask("startTrace", { target: "echo", ...options });
    await echo({ password: "hunter2" });
    const { records } = await ask("readTrace", { trace, waitMs: 0 });
    assert.deepEqual(methods({ records }), ["call echo"]);
    assert.ok(records.every((record) => !("message" in record)));
  }));

test("of a method that its actor declares secret a trace shows the name alone", () =>
  withInspector(async ({ ask, there, session }) => {
    const { trace } = await ask("startTrace", { target: "echo", ...bounds, owner: session });
    await there.call<EchoProtocol, "login">("echo", "login", { user: "me", pin: 1234 });
    const { records } = await ask("readTrace", { trace, waitMs: 0 });
    assert.deepEqual(records[0]?.message, "(secret)");
  }));

test("a trace sees its actor crash and start again, and ends at its bound", () =>
  withInspector(async ({ ask, echo, there, session }) => {
    const options = { ...bounds, messagesMax: 4, owner: session };
    const { trace } = await ask("startTrace", { target: "echo", ...options });
    there.cast<EchoProtocol, "crash">("echo", "crash", undefined);
    await settle();
    await echo(1);
    await echo(2);
    const piece = await ask("readTrace", { trace, waitMs: 0 });
    assert.deepEqual(methods(piece), ["cast crash", "ended", "started", "call echo"]);
    assert.equal(piece.ended, "done");
  }));

test("who does not read costs no memory: what does not fit is counted", () =>
  withInspector(async ({ ask, echo, session, network }) => {
    const options = { ...bounds, messagesMax: 100_000, perSecondMax: 250, owner: session };
    const { trace } = await ask("startTrace", { target: "echo", ...options });
    for (let second = 0; second < 4; second++) {
      for (let i = 0; i < 200; i++) await echo(i);
      await network.env.advance(1_000);
    }
    let records: TracePiece["records"] = [];
    for (let read = 0; read < 5; read++) {
      const piece = await ask("readTrace", { trace, waitMs: 0 });
      assert.ok(piece.records.length <= 100);
      records = [...records, ...piece.records];
    }
    assert.equal(records.length, 500);
    await echo("after");
    const { records: later } = await ask("readTrace", { trace, waitMs: 0 });
    assert.deepEqual(
      later.map(({ message, skipped }) => [message, skipped]),
      [["after", 300]],
    );
  }));

test("a trace ends with its session, and reading it is an error then", () =>
  withInspector(async ({ ask, here, there, session }) => {
    const { trace } = await ask("startTrace", { target: "echo", ...bounds, owner: session });
    const waiting = ask("readTrace", { trace, waitMs: 30_000 });
    await settle();
    await here.stop(session);
    assert.deepEqual(await waiting, { records: [] });
    await assert.rejects(ask("readTrace", { trace, waitMs: 0 }), coded("not_found"));
    const state = there.inspect.state(names.inspector);
    assert.deepEqual(state, { traces: 0, sessions: [] });
  }));

test("what looks is not traced, and traces are bounded in number", () =>
  withInspector(async ({ ask, session }) => {
    const start = (target: string) => ask("startTrace", { target, ...bounds, owner: session });
    await assert.rejects(start("inspector"), coded("conflict"));
    await assert.rejects(start("nobody"), coded("not_found"));
    const traces: number[] = [];
    for (let i = 0; i < 32; i++) traces.push((await start("echo")).trace);
    await assert.rejects(start("echo"), coded("conflict", /32 traces/));
    for (const trace of traces) await ask("stopTrace", { trace });
    await start("echo");
  }));

test("a crash of the inspector ends its traces and leaves suspensions their time", () =>
  withInspector(async ({ ask, echo, there, session, network }) => {
    await ask("startTrace", { target: "echo", ...bounds, owner: session });
    await ask("suspend", { target: "echo", forMs: 5_000 });
    there.exit("inspector", "kill");
    await settle();
    const answer = echo("late");
    await network.env.advance(5_000);
    assert.equal(await answer, "late");
    const { sessions, traces } = there.inspect.state("inspector") as Record<string, unknown>;
    assert.deepEqual({ sessions, traces }, { sessions: [], traces: 0 });
  }));
