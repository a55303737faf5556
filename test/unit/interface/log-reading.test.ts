import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeInfo } from "../../../src/actors/node-view.ts";
import type { Output } from "../../../src/actors/outputs.ts";
import type { LogChunk } from "../../../src/api/commands.ts";
import { Unreachable } from "../../../src/core/errors.ts";
import { asInstanceId, asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { type LogSource, readLogs } from "../../../src/interface/log-reading.ts";
import { instanceInfo } from "../../support/instance-info.ts";

const web = asServiceName("web");

/** A service whose instances are where the test says, and write what it says. */
class Written implements LogSource {
  #placed = new Map<number, string>();
  #isThere = true;
  #changed = new AbortController();
  readonly #texts = new Map<string, string>();
  readonly #away = new Set<string>();

  /** The instance of a slot is on that node from now on. */
  place(slot: number, node: string): void {
    this.#placed.set(slot, node);
    this.#tell();
  }

  write(slot: number, node: string, text: string): void {
    const key = `${slot}@${node}`;
    this.#texts.set(key, (this.#texts.get(key) ?? "") + text);
    this.#tell();
  }

  kill(node: string): void {
    this.#away.add(node);
    this.#tell();
  }

  remove(): void {
    this.#isThere = false;
    this.#placed = new Map();
    this.#tell();
  }

  has = () => this.#isThere;
  service = () => ({
    group: "web",
    spec: {},
    wanted: "running" as const,
    generation: 1,
    instances: this.outputs().map(({ slot, instance }) =>
      instanceInfo({ name: web, group: "web", instance, slot, node: null, provider: "bash" }),
    ),
  });
  outputs = () => [...this.#placed].map(([slot, node]) => this.#output(slot, node));
  isPlaced = (id: string) => this.outputs().some(({ instance }) => instance === id);
  async untilChanged(_name: string, signal: AbortSignal): Promise<void> {
    await this.#change(signal);
  }

  #output(slot: number, node: string): Output {
    const text = () => this.#texts.get(`${slot}@${node}`) ?? "";
    return {
      name: web,
      node: { id: asNodeId(node), name: node } as NodeInfo,
      instance: asInstanceId(`${slot}@${node}`),
      slot,
      tail: async () => 0,
      read: async (cursor) => {
        if (text().length === cursor) await this.#change();
        if (this.#away.has(node)) throw new Unreachable(`${node} is dead`);
        const bytes = Buffer.from(text().slice(cursor));
        return { bytes, from: cursor, next: text().length };
      },
    };
  }

  #tell(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      for (const one of [this.#changed.signal, ...(signal ? [signal] : [])]) {
        one.addEventListener("abort", () => resolve(), { once: true });
      }
    });
  }
}

async function follow(source: LogSource, slot?: number) {
  const options = { tail: "all", follow: true, ...(slot !== undefined && { slot }) } as const;
  const chunks = await readLogs(source, "web", options, new AbortController().signal);
  return chunks[Symbol.asyncIterator]();
}

async function next(chunks: AsyncIterator<LogChunk>): Promise<string | undefined> {
  const { done, value } = await chunks.next();
  return done === true
    ? undefined
    : `${value.slot} on ${value.node}: ${Buffer.from(value.bytes).toString()}`;
}

test("an instance that another node has taken over is followed to there", async () => {
  const source = new Written();
  source.place(0, "a");
  source.place(1, "b");
  source.write(0, "a", "one");
  const chunks = await follow(source);
  assert.equal(await next(chunks), "0 on a: one");
  source.kill("a");
  source.place(0, "c");
  source.write(0, "c", "two");
  assert.equal(await next(chunks), "0 on c: two");
  source.write(1, "b", "three");
  assert.equal(await next(chunks), "1 on b: three");
  source.remove();
  assert.equal(await next(chunks), undefined);
});

test("an instance that is given back to its node goes on where it was", async () => {
  const source = new Written();
  source.place(0, "a");
  source.write(0, "a", "one");
  const chunks = await follow(source);
  assert.equal(await next(chunks), "0 on a: one");
  source.place(0, "b");
  source.write(0, "b", "two");
  assert.equal(await next(chunks), "0 on b: two");
  source.place(0, "a");
  source.write(0, "a", "three");
  assert.equal(await next(chunks), "0 on a: three");
});

test("who follows one instance is given no other that comes in addition", async () => {
  const source = new Written();
  source.place(0, "a");
  const chunks = await follow(source, 0);
  source.place(1, "b");
  source.write(1, "b", "other");
  source.write(0, "a", "own");
  assert.equal(await next(chunks), "0 on a: own");
});
