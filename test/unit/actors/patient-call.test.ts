/** What a user asks of a node whose connection is being made again is asked once it is there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/actors/catalog.ts";
import { patientCall } from "../../../src/actors/patient-call.ts";
import { Unreachable } from "../../../src/core/errors.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { MemberState } from "../../../src/membership/view.ts";
import type { Behaviour } from "../../../src/otp/gen-server.ts";
import { named } from "../../../src/otp/ref.ts";
import { worker } from "../../../src/otp/worker.ts";
import { type ActorNetwork, withTwoNodes } from "../../support/actor-network.ts";

type EchoProtocol = { readonly echo: { readonly request: string; readonly reply: string } };

const echo = (): Behaviour<null, EchoProtocol> => ({
  init: () => null,
  handlers: { echo: (state, text) => [state, text] },
  remote: { echo: String },
});

/** Asks `far`, which `near` knows in that state and is not connected with. */
function withFar(
  state: MemberState,
  body: (ask: () => Promise<string>, network: ActorNetwork) => Promise<void>,
): Promise<void> {
  return withTwoNodes(async (near, far, network) => {
    await far.start(worker({ name: "echo", behaviour: echo }));
    const catalog = new Catalog(near.node, silentLog);
    const facts = { providers: [], labels: {}, version: "1" };
    const id = asNodeId("far");
    const member = { id, name: "far@test", address: "far:1", incarnation: 1, state, facts };
    catalog.publishView({ version: 1, members: [member] });
    const call = patientCall({ system: near, catalog, env: network.env });
    network.cutOff("far");
    await body(() => call(named<EchoProtocol>(id, "echo"), "echo", "hello"), network);
  });
}

test("a live node is asked once its connection is there again, and asked once", () =>
  withFar("alive", async (ask, network) => {
    const answer = ask();
    await network.env.advance(1_000);
    assert.deepEqual(network.carried, []);
    network.connect("far");
    await network.env.advance(200);
    assert.equal(await answer, "hello");
    assert.deepEqual(network.carried, ["call", "reply"]);
  }));

test("it is not waited for longer than the bound", () =>
  withFar("alive", async (ask, network) => {
    const refused = assert.rejects(ask(), Unreachable);
    await network.env.advance(3_200);
    await refused;
  }));

for (const state of ["away", "dead", "left"] as const) {
  test(`a node that is ${state} is not waited for`, () =>
    withFar(state, async (ask) => {
      const told = { name: "Unreachable", message: /^the node far@test (is|has) \w+, and cannot/ };
      await assert.rejects(ask(), told); // Time stands still: a wait would have no end.
    }));
}
