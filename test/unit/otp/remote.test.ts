import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest, Conflict, OutcomeUnknown, Unreachable } from "../../../src/core/errors.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { type Behaviour, refuse, replyLater } from "../../../src/otp/gen-server.ts";
import { type ActorRef, named } from "../../../src/otp/ref.ts";
import type { Down } from "../../../src/otp/signals.ts";
import type { ActorSystem } from "../../../src/otp/system.ts";
import { worker } from "../../../src/otp/worker.ts";
import { withTwoNodes } from "../../support/actor-network.ts";
import { settle } from "../../support/manual-env.ts";

type Echo = {
  readonly say: { readonly request: string; readonly reply: string };
  readonly secret: { readonly request: string; readonly reply: string };
  readonly whoAsks: { readonly request: undefined; readonly reply: string };
  readonly never: { readonly request: undefined; readonly reply: never };
  readonly refuse: { readonly request: undefined; readonly reply: never };
  readonly crash: { readonly request: undefined; readonly reply: never };
};

function parseText(payload: unknown): string {
  if (typeof payload !== "string") throw new BadRequest("say wants a text");
  return payload;
}

const nothing = () => undefined;

function echo(heard: string[] = []) {
  return worker({
    name: "echo",
    behaviour: (): Behaviour<null, Echo> => ({
      init: () => null,
      handlers: {
        say(_state, text) {
          heard.push(text);
          return [null, text];
        },
        secret: (_state, text) => [null, text],
        whoAsks: (_state, _request, caller) => [null, caller.node],
        never: () => [null, replyLater],
        refuse: () => refuse(null, new Conflict("not twice")),
        crash() {
          throw new RangeError("bang");
        },
      },
      remote: {
        say: parseText,
        whoAsks: nothing,
        never: nothing,
        refuse: nothing,
        crash: nothing,
      },
    }),
  });
}

/** Watches what it is told to, and keeps each DOWN. */
type Watcher = { readonly watch: { readonly request: ActorRef<unknown>; readonly reply: "done" } };

function watcher(downs: Down[] = []) {
  return worker({
    behaviour: (): Behaviour<(target: ActorRef<unknown>) => void, Watcher> => ({
      init: (self) => (target) => void self.monitor(target),
      handlers: {
        watch(watch, target) {
          watch(target);
          return [watch, "done"];
        },
      },
      info(watch, message) {
        if (message.type === "DOWN") downs.push(message);
        return watch;
      },
    }),
  });
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === code;

function kindsOf(downs: readonly Down[]): string[] {
  return downs.map(({ reason }) => reason.kind);
}

async function noteDowns(system: ActorSystem, target: ActorRef<unknown>): Promise<Down[]> {
  const downs: Down[] = [];
  system.monitor(target, (down) => downs.push(down));
  await settle();
  return downs;
}

test("a call works by reference and by name, and tells the actor where it comes from", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    assert.equal(await near.call(ref, "say", "hello"), "hello");
    const byName = named<Echo>(asNodeId("far"), "echo");
    assert.equal(await near.call(byName, "say", "hello"), "hello");
    assert.equal(await near.call(byName, "whoAsks", undefined), "near");
  }));

test("a cast arrives", () =>
  withTwoNodes(async (near, far) => {
    const heard: string[] = [];
    const ref = await far.start(echo(heard));
    near.cast(ref, "say", "psst");
    await settle();
    assert.deepEqual(heard, ["psst"]);
  }));

test("a method without a check does not exist for other nodes", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    await assert.rejects(near.call(ref, "secret", "x"), withCode("no_such_method"));
    const anything = named(asNodeId("far"), "echo");
    await assert.rejects(near.call(anything, "constructor", "x"), withCode("no_such_method"));
    assert.equal(await far.call(ref, "secret", "x"), "x");
  }));

test("a payload that the actor does not accept never reaches it", () =>
  withTwoNodes(async (near, far) => {
    const heard: string[] = [];
    await far.start(echo(heard));
    const anything = named(asNodeId("far"), "echo");
    await assert.rejects(near.call(anything, "say", 7), withCode("bad_request"));
    near.cast(anything, "say", 7);
    await settle();
    assert.deepEqual(heard, []);
  }));

test("errors keep their code: a refusal, a crash, a missing actor", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    await assert.rejects(near.call(ref, "refuse", undefined), withCode("conflict"));
    await assert.rejects(near.call(ref, "crash", undefined), withCode("actor_crashed"));
    await assert.rejects(near.call(ref, "say", "x"), withCode("no_such_actor"));
  }));

test("a reference from before the node's reboot is dead", () =>
  withTwoNodes(async (near, far, network) => {
    const before = await far.start(echo());
    await far.shutdown();
    const again = network.addNode("far");
    const after = await again.start(echo());
    assert.equal(after.serial, before.serial, "else this test shows nothing");
    await assert.rejects(near.call(before, "say", "x"), withCode("no_such_actor"));
    assert.equal(await near.call(after, "say", "x"), "x");
  }));

test("a call to a node that cannot be reached fails at once, and nothing was sent", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.cutOff("far");
    await assert.rejects(near.call(ref, "say", "x"), (error: unknown) => {
      assert.ok(error instanceof Unreachable);
      assert.match(error.message, /^node far@test cannot be reached for/, "by its name");
      return true;
    });
    assert.deepEqual(network.carried, []);
  }));

test("a call that was sent when the node is lost has an unknown outcome", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.hold();
    const lost = assert.rejects(near.call(ref, "say", "x"), OutcomeUnknown);
    near.nodeDown(asNodeId("far"), "silent for 5 s");
    await lost;
    await network.deliver();
  }));

test("a call whose frames are lost fails at its deadline, on both sides", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.hold();
    const lost = near.call(ref, "say", "x", { timeoutMs: 200 });
    const failed = assert.rejects(lost, withCode("call_timeout"));
    network.lose();
    await network.env.advance(220);
    await failed;
  }));

test("an answer from a node that was not asked does not count", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.hold();
    const answer = near.call(ref, "say", "genuine");
    const [asked] = network.frames;
    assert.ok(asked?.kind === "call");
    const { id } = asked;
    near.receive(asNodeId("stranger"), { kind: "reply", id, ok: true, payload: "forged" });
    await network.deliver();
    assert.equal(await answer, "genuine");
  }));

test("an answer to the node's last life settles nothing in this one", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.hold();
    const old = assert.rejects(near.call(ref, "say", "old"), OutcomeUnknown);
    await near.shutdown();
    await old;
    const again = network.addNode("near");
    const answer = again.call(ref, "say", "new");
    await network.deliver(); // Both calls arrive; both are answered, to the new life.
    assert.equal(await answer, "new");
  }));

test("a remote monitor fires once, with the reason", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    const downs = await noteDowns(near, ref);
    await assert.rejects(far.call(ref, "crash", undefined));
    await settle();
    assert.deepEqual(kindsOf(downs), ["crashed"]);
    near.nodeDown(asNodeId("far"), "later");
    await settle();
    assert.equal(downs.length, 1);
  }));

test("a remote monitor on what is dead fires with noproc", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    await far.stop(ref);
    assert.deepEqual(kindsOf(await noteDowns(near, ref)), ["noproc"]);
  }));

test("a remote monitor fires once with noconnection when the node is lost, whatever comes later", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    const downs = await noteDowns(near, ref);
    network.hold();
    await far.stop(ref); // Its DOWN is on the way.
    near.nodeDown(asNodeId("far"), "silent for 5 s");
    await network.deliver();
    assert.deepEqual(kindsOf(downs), ["noconnection"]);
  }));

test("a monitor on an actor of a node that cannot be reached fires at once", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    network.cutOff("far");
    assert.deepEqual(kindsOf(await noteDowns(near, ref)), ["noconnection"]);
  }));

test("an actor hears of the end of one on another node by its info", () =>
  withTwoNodes(async (near, far) => {
    const downs: Down[] = [];
    const ref = await far.start(echo());
    await near.call(await near.start(watcher(downs)), "watch", ref);
    await settle();
    far.exit(ref, "kill");
    await settle();
    assert.deepEqual(kindsOf(downs), ["killed"]);
    assert.deepEqual(downs[0]?.target, ref);
  }));

test("a monitor that has fired is not taken back any more", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    const watching = await near.start(watcher());
    await near.call(watching, "watch", ref);
    await settle();
    await far.stop(ref);
    await settle();
    await near.stop(watching);
    assert.deepEqual(network.carried, ["monitor", "down"]);
  }));

test("the end of the one who monitors takes the monitor back at the other side", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    const watching = await near.start(watcher());
    await near.call(watching, "watch", ref);
    await settle();
    near.exit(watching, "kill");
    await settle();
    assert.deepEqual(network.carried, ["monitor", "demonitor"]);
    await far.stop(ref);
    await settle();
    assert.deepEqual(network.carried, ["monitor", "demonitor"], "no down is sent any more");
  }));

test("nodeDown drops what the lost node monitored here", () =>
  withTwoNodes(async (near, far, network) => {
    const ref = await far.start(echo());
    await noteDowns(near, ref);
    far.nodeDown(asNodeId("near"), "gone");
    await far.stop(ref);
    await settle();
    assert.deepEqual(network.carried, ["monitor"]);
  }));

test("a reply that no codec takes fails the call, and harms no one", () =>
  withTwoNodes(async (near, far) => {
    type Odd = { readonly get: { readonly request: undefined; readonly reply: symbol } };
    const ref = await far.start(
      worker({
        behaviour: (): Behaviour<null, Odd> => ({
          init: () => null,
          handlers: { get: () => [null, Symbol("no data")] },
          remote: { get: nothing },
        }),
      }),
    );
    await assert.rejects(near.call(ref, "get", undefined), withCode("outcome_unknown"));
  }));

test("tell is for this node's actors", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    assert.throws(() => near.tell(ref, "hello"), BadRequest);
  }));

test("a call without a deadline crosses a codec that knows no infinity", () =>
  withTwoNodes(async (near, far) => {
    const ref = await far.start(echo());
    const said = near.call(ref, "say", "x", { timeoutMs: Number.POSITIVE_INFINITY });
    assert.equal(await said, "x");
  }));
