import assert from "node:assert/strict";
import { test } from "node:test";
import { Conflict } from "../../../src/core/errors.ts";
import { type Behaviour, type Caller, refuse, replyLater } from "../../../src/otp/gen-server.ts";
import { worker } from "../../../src/otp/worker.ts";
import { type ProbeProtocol, withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

type Register = {
  readonly push: { readonly request: number; readonly reply: readonly number[] };
  readonly pushSlowly: { readonly request: number; readonly reply: readonly number[] };
  readonly refuse: { readonly request: undefined; readonly reply: never };
};

/** Keeps what it is sent; one handler is synchronous, one is not. */
function register(): Behaviour<readonly number[], Register, number> {
  return {
    init: () => [],
    handlers: {
      push: (held, n) => [
        [...held, n],
        [...held, n],
      ],
      async pushSlowly(held, n) {
        await settle();
        return [
          [...held, n],
          [...held, n],
        ];
      },
      refuse: (held) => refuse(held, new Conflict("no")),
    },
    info: (held, message) => (typeof message === "number" ? [...held, message] : held),
    describe: (held) => held,
  };
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === code;

test("a call answers with the handler's reply and keeps its state", () =>
  withActors(async ({ system }) => {
    const ref = await system.start(worker({ behaviour: register }));
    assert.deepEqual(await system.call(ref, "push", 1), [1]);
    assert.deepEqual(await system.call(ref, "push", 2), [1, 2]);
  }));

test("messages of one sender are handled one at a time and in order, whatever their kind", () =>
  withActors(async ({ system }) => {
    const ref = await system.start(worker({ behaviour: register }));
    const slow = system.call(ref, "pushSlowly", 1);
    system.cast(ref, "push", 2);
    system.tell(ref, 3);
    assert.deepEqual(await system.call(ref, "push", 4), [1, 2, 3, 4]);
    assert.deepEqual(await slow, [1]);
  }));

test("a thousand casts are handled in order, over as many turns as it takes", () =>
  withActors(async ({ system }) => {
    const ref = await system.start(worker({ behaviour: register }));
    for (let i = 0; i < 1_000; i++) system.cast(ref, "push", i);
    const held = await system.call(ref, "push", 1_000);
    assert.deepEqual(held, [...Array(1_001).keys()]);
  }));

test("a busy actor leaves others their turn", () =>
  withActors(async ({ system }) => {
    const busy = await system.start(worker({ behaviour: register }));
    const other = await system.start(worker({ behaviour: register }));
    for (let i = 0; i < 1_000; i++) system.cast(busy, "push", i);
    await system.call(other, "push", 1);
    assert.ok(system.inspect.status(busy).mailboxLength > 0);
  }));

test("a refusal rejects the call with its error, and the actor lives on", () =>
  withActors(async ({ system, crashes }) => {
    const ref = await system.start(worker({ behaviour: register }));
    await assert.rejects(system.call(ref, "refuse", undefined), Conflict);
    assert.deepEqual(await system.call(ref, "push", 1), [1]);
    assert.deepEqual(crashes, []);
  }));

test("a reply may come later, and only the first one counts", () =>
  withActors(async ({ system }) => {
    type Later = { readonly ask: { readonly request: undefined; readonly reply: number } };
    const callers: Caller<number>[] = [];
    const ref = await system.start(
      worker({
        behaviour: (): Behaviour<null, Later> => ({
          init: () => null,
          handlers: {
            ask(_state, _request, caller) {
              callers.push(caller);
              return [null, replyLater];
            },
          },
        }),
      }),
    );
    const answer = system.call(ref, "ask", undefined);
    await settle();
    callers[0]?.reply(1);
    callers[0]?.reply(2);
    callers[0]?.fail(new Conflict("too late"));
    assert.equal(await answer, 1);
  }));

test("a call without an answer fails at its deadline with call_timeout", () =>
  withActors(async (world) => {
    const ref = await world.start("a");
    const call = world.system.call(ref, "never", undefined, { timeoutMs: 300 });
    const failed = assert.rejects(call, refusedWith("call_timeout"));
    await world.env.advance(320);
    await failed;
  }));

test("a call that timed out while it was queued is not begun any more", () =>
  withActors(async (world) => {
    const { system, env } = world;
    const ref = await system.start(worker({ behaviour: register }));
    system.inspect.suspend(ref);
    const late = assert.rejects(system.call(ref, "push", 1, { timeoutMs: 100 }));
    await env.advance(120);
    await late;
    system.inspect.resume(ref);
    assert.deepEqual(await system.call(ref, "push", 2), [2]);
  }));

test("a full mailbox refuses calls with overloaded, and still takes timers", () =>
  withActors(async ({ system }) => {
    const ref = await system.start(worker({ behaviour: register, mailboxMax: 2 }));
    system.inspect.suspend(ref);
    system.cast(ref, "push", 1);
    system.cast(ref, "push", 2);
    system.cast(ref, "push", 3); // Dropped: a cast has nobody to tell.
    await assert.rejects(system.call(ref, "push", 4), refusedWith("overloaded"));
    assert.equal(system.inspect.status(ref).refused, 2);
    system.inspect.resume(ref);
    await settle();
    assert.deepEqual(system.inspect.state(ref), [1, 2]);
  }));

test("a crash fails at once the call that runs, those queued and those to be answered later", () =>
  withActors(async (world) => {
    const ref = await world.start("a");
    const later = world.ask("a", "never", undefined);
    await settle();
    const running = world.ask("a", "crash", "bang");
    const queued = world.ask("a", "ping", undefined);
    for (const call of [later, running, queued]) {
      await assert.rejects(call, refusedWith("actor_crashed"));
    }
    await assert.rejects(world.system.call(ref, "ping", undefined), refusedWith("no_such_actor"));
    assert.equal(world.crashes[0]?.during, "crash");
  }));

test("a crash fails open calls before its terminate has run", () =>
  withActors(async (world) => {
    await world.start("a", { terminate: () => new Promise<void>(() => {}) });
    const later = assert.rejects(world.ask("a", "never", undefined), refusedWith("actor_crashed"));
    await settle();
    await world.crash("a");
    await later;
    assert.notEqual(world.system.whereis("a"), undefined);
    await world.env.advance(5_000);
    assert.equal(world.system.whereis("a"), undefined, "a terminate may take 5 s");
  }));

test("an asynchronous handler that rejects crashes the actor just so", () =>
  withActors(async ({ system, crashes }) => {
    type Broken = { readonly go: { readonly request: undefined; readonly reply: never } };
    const ref = await system.start(
      worker({
        behaviour: (): Behaviour<null, Broken> => ({
          init: () => null,
          handlers: { go: () => Promise.reject(new RangeError("bang")) },
        }),
      }),
    );
    await assert.rejects(system.call(ref, "go", undefined), refusedWith("actor_crashed"));
    assert.equal(crashes.length, 1);
  }));

test("an actor that stops in an orderly way fails what is queued with no_such_actor", () =>
  withActors(async (world) => {
    await world.start("a");
    const stopping = world.ask("a", "stop", { kind: "normal" });
    const queued = world.ask("a", "ping", undefined);
    assert.equal(await stopping, "stopping");
    await assert.rejects(queued, refusedWith("no_such_actor"));
  }));

test("a method that does not exist is refused, and crashes no one", () =>
  withActors(async (world) => {
    await world.start("a");
    const call = world.system.call("a", "nonsense", undefined);
    await assert.rejects(call, refusedWith("no_such_method"));
    assert.equal(await world.ask("a", "ping", undefined), "pong");
  }));

test("a throw in init is a failed start that leaves no name behind", () =>
  withActors(async (world) => {
    for (const beforeInit of [
      () => {
        throw new Conflict("not now");
      },
      () => Promise.reject(new Conflict("not now")),
    ]) {
      await assert.rejects(world.start("a", { beforeInit }), Conflict);
      assert.equal(world.system.whereis("a"), undefined);
    }
    await world.start("a");
  }));

test("messages that arrive during an asynchronous init are handled after it", () =>
  withActors(async (world) => {
    const starting = world.start("a", { beforeInit: settle });
    const early = world.ask("a", "ping", undefined);
    await starting;
    assert.equal(await early, "pong");
  }));

test("a second actor of the same name is refused while the first lives", () =>
  withActors(async (world) => {
    await world.start("a");
    await assert.rejects(world.start("a"), refusedWith("name_taken"));
    await world.system.stop("a");
    await world.start("a");
  }));

test("terminate runs with the reason when the actor stops, is stopped or crashed", () =>
  withActors(async (world) => {
    const reasons: string[] = [];
    const terminate = ({ kind }: { kind: string }) => void reasons.push(kind);
    await world.start("a", { terminate });
    await world.ask("a", "stop", { kind: "normal" });
    await world.start("b", { terminate });
    await world.system.stop("b", { kind: "shutdown" });
    await world.start("c", { terminate });
    await world.crash("c");
    assert.deepEqual(reasons, ["normal", "shutdown", "crashed"]);
  }));

test("a terminate that throws makes its error the reason", () =>
  withActors(async (world) => {
    await world.start("a", { terminate: () => Promise.reject(new RangeError("stuck")) });
    await world.system.stop("a");
    await settle();
    assert.deepEqual(world.takeEvents(), ["start a", "end a: crashed: stuck"]);
  }));

test("a handler in flight ends before the actor does, and its caller gets the reply", () =>
  withActors(async (world) => {
    await world.start("a");
    const answer = world.ask("a", "hang", undefined);
    await settle();
    const stopped = world.system.stop("a");
    await settle();
    assert.notEqual(world.system.whereis("a"), undefined, "its name is held until then");
    world.release("a");
    assert.equal(await answer, "released");
    await stopped;
    assert.equal(world.system.whereis("a"), undefined);
  }));

test("a handler that hangs past the stop's time is disowned, and its late result discarded", () =>
  withActors(async (world) => {
    await world.start("a");
    const hung = assert.rejects(
      world.system.call<ProbeProtocol, "hang">("a", "hang", undefined, { timeoutMs: 60_000 }),
      refusedWith("actor_crashed"),
    );
    await settle();
    const stopped = world.system.stop("a", { kind: "shutdown" }, 1_000);
    await world.env.advance(1_000);
    await stopped;
    await hung;
    assert.deepEqual(world.takeEvents(), ["start a", "end a: killed"]);
    await world.start("a");
    world.release("a");
    await settle();
    assert.equal(await world.ask("a", "ping", undefined), "pong");
  }));

test("a late throw of a killed actor goes to the log alone", () =>
  withActors(async (world) => {
    type Slow = { readonly go: { readonly request: undefined; readonly reply: never } };
    let fail = () => {};
    const ref = await world.system.start(
      worker({
        behaviour: (): Behaviour<null, Slow> => ({
          init: () => null,
          handlers: {
            go: () =>
              new Promise((_resolve, reject) => {
                fail = () => reject(new RangeError("too late"));
              }),
          },
        }),
      }),
    );
    world.system.cast(ref, "go", undefined);
    await settle();
    world.system.exit(ref, "kill");
    fail();
    await settle();
    assert.deepEqual(world.crashes, []);
    assert.ok(world.env.lines.some(({ message }) => message.startsWith("late fault")));
  }));

test("a timer comes as an info, and is cancelled by hand or by the actor's end", () =>
  withActors(async ({ system, env }) => {
    const timed = (n: number) =>
      worker({
        behaviour: (): Behaviour<readonly number[], Record<never, never>, number> => ({
          init(self) {
            self.sendAfter(100, n);
            self.sendAfter(100, n + 1)();
            return [];
          },
          handlers: {},
          info: (held, message) => (typeof message === "number" ? [...held, message] : held),
          describe: (held) => held,
        }),
      });
    const ref = await system.start(timed(1));
    const ended = await system.start(timed(10));
    await system.stop(ended);
    assert.equal(env.timerCount, 1);
    await env.advance(100);
    assert.deepEqual(system.inspect.state(ref), [1]);
  }));

test("a stop in time leaves no timer behind", () =>
  withActors(async (world) => {
    await world.start("a", { terminate: settle });
    await world.system.stop("a", { kind: "normal" }, 1_000);
    assert.equal(world.env.timerCount, 0);
  }));

test("shutdown stops the roots from the last started to the first", () =>
  withActors(async (world) => {
    for (const id of ["a", "b"]) await world.start(id);
    await world.system.shutdown();
    await settle();
    assert.deepEqual(world.takeEvents().slice(2), ["end b: shutdown", "end a: shutdown"]);
  }));

test("no call is accepted once the system has shut down", () =>
  withActors(async (world) => {
    await world.start("a");
    await world.system.shutdown();
    await assert.rejects(world.ask("a", "ping", undefined), refusedWith("no_such_actor"));
    await assert.rejects(world.start("b"), refusedWith("unavailable"));
  }));

test("what is delivered to an idle actor is handled on return, and to a busy one in its turn", () =>
  withActors(async ({ system }) => {
    const handled: number[] = [];
    const behaviour = (): Behaviour<undefined, Register, number> => ({
      init: () => undefined,
      handlers: {
        push: () => [undefined, [...handled]],
        pushSlowly: async () => {
          await settle();
          return [undefined, [...handled]];
        },
        refuse: () => refuse(undefined, new Conflict("no")),
      },
      info(_state, message) {
        if (typeof message === "number") handled.push(message);
        return undefined;
      },
      describe: () => handled,
    });
    const ref = await system.start(worker({ behaviour }));
    system.tell(ref, 1);
    assert.deepEqual(handled, []);
    await settle();
    system.deliver(ref, 2);
    assert.deepEqual(handled, [1, 2]);
    const slow = system.call(ref, "pushSlowly", 0);
    system.deliver(ref, 3);
    assert.deepEqual(await slow, [1, 2]);
    assert.deepEqual(await system.call(ref, "push", 0), [1, 2, 3]);
  }));

test("a call at once is handled on return where the actor is idle, and else in its turn", () =>
  withActors(async ({ system }) => {
    const handled: number[] = [];
    const behaviour = (): Behaviour<undefined, Register> => ({
      init: () => undefined,
      handlers: {
        push: (_state, value) => {
          handled.push(value);
          return [undefined, [...handled]];
        },
        pushSlowly: async (_state, value) => {
          await settle();
          handled.push(value);
          return [undefined, [...handled]];
        },
        refuse: () => refuse(undefined, new Conflict("no")),
      },
    });
    const ref = await system.start(worker({ behaviour }));
    const push = (value: number) => system.call(ref, "push", value, { atOnce: true });
    const first = push(1);
    assert.deepEqual(handled, [1]);
    const slow = system.call(ref, "pushSlowly", 2, { atOnce: true });
    const behind = push(3);
    assert.deepEqual(handled, [1]);
    assert.deepEqual(await Promise.all([first, slow, behind]), [[1], [1, 2], [1, 2, 3]]);
    system.inspect.suspend(ref);
    const held = push(4);
    assert.deepEqual(handled, [1, 2, 3]);
    system.inspect.resume(ref);
    assert.deepEqual(await held, [1, 2, 3, 4]);
  }));
