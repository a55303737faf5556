import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../../src/core/errors.ts";
import { LiveProviders, offersOf, type Source } from "../../../src/providers/live-providers.ts";
import type { Provider } from "../../../src/providers/provider.ts";

/** An engine that can be switched off, and what is made on it, without tasks. */
class Switch {
  isOn = true;
  isMakeable = true;
  made = 0;
  closed = 0;
  discarded: string[] = [];
  loseTouch = () => {};
  /** What a load waits for. */
  gate: Promise<void> = Promise.resolve();

  source(asked: string, type = asked): Source {
    return {
      asked,
      load: async () => {
        await this.gate;
        if (!this.isMakeable) throw new Unavailable("there is no such module");
        const discard = async (why: string) => void this.discarded.push(why);
        return { type, create: () => ({ provider: this.#provider(type) }), discard };
      },
    };
  }

  #provider(type: string): Provider {
    this.made++;
    const none = async () => {
      throw new Unavailable("it has no tasks");
    };
    return {
      ...{ type, parseParams: (params) => params, start: none, adopt: none, output: none },
      ...{ list: async () => [], forget: none, remove: none },
      probe: async () => {
        if (!this.isOn) throw new Unavailable("nobody listens");
        return { available: true, version: "1", features: [] };
      },
      watch: (doubted) => {
        this.loseTouch = doubted;
      },
      close: async () => void this.closed++,
    };
  }
}

test("one whose engine comes and goes is made once, and closed once, with its node", async () => {
  const engine = new Switch();
  engine.isOn = false;
  const live = await LiveProviders.open([engine.source("docker")]);
  assert.deepEqual(offersOf(live), {
    offered: [],
    refused: [{ type: "docker", reason: "nobody listens" }],
  });
  assert.deepEqual([[...live.made.keys()], [...live.met.keys()]], [["docker"], []]);
  const provider = live.made.get("docker");
  for (const isOn of [true, false, true, false]) {
    engine.isOn = isOn;
    assert.equal((await live.look("docker")).capabilities.available, isOn);
    assert.deepEqual(offersOf(live).offered, isOn ? ["docker"] : []);
    assert.equal(live.met.get("docker"), provider, "once met, it may have tasks");
  }
  await live.close();
  assert.deepEqual([engine.made, engine.closed], [1, 1]);
});

test("one that cannot be loaded yet is made by the look that finds it can", async () => {
  const engine = new Switch();
  engine.isMakeable = false;
  const live = await LiveProviders.open([engine.source("/acme.js", "acme")]);
  const [look] = live.looks();
  assert.deepEqual([look?.type, [...live.made.keys()]], ["/acme.js", []]);
  engine.isMakeable = true;
  const found = await live.look("/acme.js");
  assert.deepEqual([found.asked, found.type], ["/acme.js", "acme"]);
  assert.deepEqual([...live.met.keys()], ["acme"]);
});

test("the first that was asked for has the type, also where it can be made later only", async () => {
  const [slow, quick, late] = [new Switch(), new Switch(), new Switch()];
  let open = () => {};
  slow.gate = new Promise((resolve) => {
    open = resolve;
  });
  late.isMakeable = false;
  const sources = [slow.source("/slow.js", "acme"), quick.source("/quick.js", "acme")];
  const opening = LiveProviders.open([...sources, late.source("/late.js", "acme")]);
  open();
  const live = await opening;
  assert.deepEqual([slow.made, quick.made], [1, 0]);
  late.isMakeable = true;
  const reason = "another has its type, acme";
  for (const asked of ["/quick.js", "/late.js"]) {
    const { capabilities, isFinal } = await live.look(asked);
    assert.deepEqual([capabilities, isFinal], [{ available: false, reason }, true]);
  }
  assert.deepEqual([quick.discarded, late.discarded], [[reason], [reason]]);
});

test("two that look at once are told of one look; what is made after the close is closed", async () => {
  const engine = new Switch();
  engine.isMakeable = false;
  const live = await LiveProviders.open([engine.source("docker")]);
  let open = () => {};
  engine.gate = new Promise((resolve) => {
    open = resolve;
  });
  engine.isMakeable = true;
  const looks = [live.look("docker"), live.look("docker")];
  await live.close();
  open();
  const [one, other] = await Promise.all(looks);
  assert.equal(one, other);
  assert.deepEqual([engine.made, engine.closed], [1, 1]);
  await live.look("docker");
  assert.equal(engine.made, 1);
});

test("who watches is told which provider has lost touch with its engine, by its type, until they watch no more", async () => {
  const engine = new Switch();
  engine.isMakeable = false;
  const live = await LiveProviders.open([engine.source("/acme.js", "acme")]);
  const told: string[] = [];
  const unwatch = live.watch((type) => told.push(type));
  engine.isMakeable = true;
  await live.look("/acme.js");
  engine.loseTouch();
  assert.deepEqual(told, ["acme"]);
  unwatch();
  engine.loseTouch();
  assert.deepEqual(told, ["acme"]);
});
