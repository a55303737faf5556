/**
 * A rotation of the network's key with real processes: what is asked through one node of another goes on
 * without a failure through install, use and remove, and who missed all of it is let in no more.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { NodeView } from "../../src/api/shapes.ts";
import { type Client, createClient } from "../../src/client/client.ts";
import { messageOf } from "../../src/core/errors.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

/** Calls that are made all the while, one after the other of each kind, until one fails. */
class Load {
  done = 0;
  readonly failures: string[] = [];
  readonly #works: readonly Promise<void>[];
  #isOn = true;

  constructor(kinds: readonly (() => Promise<unknown>)[]) {
    this.#works = kinds.map((ask) => this.#repeat(ask));
  }

  /** Resolves when `count` more calls have been answered. */
  async goOn(count: number): Promise<void> {
    const wanted = this.done + count;
    await eventually(() => this.done >= wanted || !this.#isOn, `${count} more calls`);
    assert.deepEqual(this.failures, []);
  }

  async end(): Promise<void> {
    this.#isOn = false;
    await Promise.all(this.#works);
  }

  async #repeat(ask: () => Promise<unknown>): Promise<void> {
    while (this.#isOn) {
      try {
        await ask();
        this.done += 1;
      } catch (error) {
        this.failures.push(messageOf(error));
        this.#isOn = false;
      }
    }
  }
}

/** A user's node on a machine of its own, in the network of `member`. */
async function joined(t: TestContext, member: MobNode): Promise<MobNode> {
  const token = (await member.mob("token", "join")).trim();
  return (await Lab.open(t)).start({ args: ["--token", token] });
}

function clientOf(t: TestContext, node: MobNode): Client {
  const client = createClient(node.endpoint);
  t.after(() => client.close());
  return client;
}

async function sees(client: Client, live: number): Promise<readonly NodeView[]> {
  return eventually(async () => {
    const nodes = await client.nodes();
    return nodes.filter(({ state }) => state === "alive").length === live && nodes;
  }, `${live} live nodes`);
}

function keyFileOf(node: MobNode): string {
  return readFileSync(join(node.lab.home, "network.key"), "utf8");
}

/** A node of a slow machine may not answer in time: then the step says so, and is taken again. */
function patiently(step: () => Promise<unknown>): Promise<unknown> {
  const isSlow = (error: unknown) => error instanceof Error && /not be asked/.test(error.message);
  return eventually(
    () =>
      step().then(
        () => true,
        (error: unknown) => {
          if (isSlow(error)) return false;
          throw error;
        },
      ),
    "the step to be taken",
  );
}

test("no call fails while the key rotates, and who has the old one alone is refused from then on", async (t) => {
  const a = await (await Lab.open(t)).start();
  const b = await joined(t, a);
  const late = await joined(t, a);
  const [here, there] = [clientOf(t, a), clientOf(t, b)];
  await Promise.all([sees(here, 3), sees(there, 3)]);
  await late.stop();
  const nodes = await sees(here, 2);
  const nameOf = (node: MobNode) => {
    return nodes.find(({ address }) => address.endsWith(`:${node.port}`))?.name ?? "";
  };
  await here.deploy([bash("web", "exec sleep 1000")]);

  let turn = 0;
  const load = new Load([
    () => here.actors(nameOf(b)),
    () => there.actors(nameOf(a)),
    () => here.act("restart", ["web"]),
    () => there.deploy([bash("job", "true", { restart: "none", env: { TURN: `${++turn}` } })]),
  ]);
  t.after(() => load.end());
  await load.goOn(20);
  const [old] = (await here.keys()).keys;
  const { keys } = await here.rotateKeys("install");
  await load.goOn(20);
  const fresh = keys.find(({ id }) => id !== old?.id)?.id ?? "";
  await patiently(() => there.rotateKeys("use", fresh));
  await load.goOn(20);
  await patiently(() => here.rotateKeys("remove", old?.id));
  await load.goOn(20);
  await load.end();
  assert.deepEqual(load.failures, []);
  assert.deepEqual(
    (await there.keys()).keys.map(({ id, state, missing }) => ({ id, state, missing })),
    [{ id: fresh, state: "in use", missing: [] }],
  );
  assert.equal(keyFileOf(a), keyFileOf(b));
  assert.ok(!keyFileOf(late).includes(fresh) && keyFileOf(late) !== keyFileOf(a));

  await late.start();
  const refused = await late.try("join", `127.0.0.1:${a.port}`);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /of this one with another key by now.*mob token join/s);
  await eventually(() => /was refused.*code=not_proven/.test(a.printed), "the refusal in the log");
  await sees(here, 2);
  await sees(clientOf(t, late), 1);
});
