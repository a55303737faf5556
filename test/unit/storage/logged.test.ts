import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Unavailable } from "../../../src/core/errors.ts";
import { BatchedStorage, type Committing, type Writes } from "../../../src/storage/batched.ts";
import { LogFile } from "../../../src/storage/log-file.ts";
import { Logged } from "../../../src/storage/logged.ts";
import { storageSuite } from "../../conformance/storage-suite.ts";
import { ManualEnv, settle } from "../../support/manual-env.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const idleMs = 5_000;

/** What becomes of a commit: done; refused; refused, and there all the same; never an answer, and not there, or there. */
type Outcome = "done" | "refused" | "kept" | "lost" | "unanswered";

/** A database of one life of a node; its entries outlive it. */
class Below implements Committing {
  outcome: Outcome = "done";
  commits = 0;
  readonly disk: Map<string, Uint8Array>;

  constructor(disk: Map<string, Uint8Array>) {
    this.disk = disk;
  }

  get(key: string) {
    return this.disk.get(key);
  }

  entries(prefix: string) {
    return [...this.disk].filter(([key]) => key.startsWith(prefix));
  }

  async commit(writes: Writes) {
    this.commits += 1;
    if (this.outcome === "lost") return new Promise<void>(() => {});
    if (this.outcome !== "refused") apply(this.disk, writes);
    if (this.outcome === "unanswered") return new Promise<void>(() => {});
    if (this.outcome !== "done") throw new Unavailable("No space left on device");
  }

  async close() {}
}

/** How much of a write is in the file when it fails, and whether the file can be cut off there. */
interface Failure {
  readonly share: number;
  readonly isCut: boolean;
}

class FailingFile extends LogFile {
  failure: Failure | undefined;

  override async write(bytes: Buffer, at: number): Promise<void> {
    if (this.failure === undefined) return super.write(bytes, at);
    await super.write(bytes.subarray(0, Math.floor(bytes.length * this.failure.share)), at);
    throw new Error("i/o error");
  }

  override spoil(at: number): void {
    const content = this.read();
    super.spoil(at);
    if (this.failure?.isCut === false) writeFileSync(this.path, content);
  }
}

/** A disk, and the node's lives on it. */
class Machine {
  readonly env = new ManualEnv();
  readonly path: string;
  disk = new Map<string, Uint8Array>();
  below = new Below(this.disk);
  file: FailingFile;
  logged: Logged;
  readonly #logBytesMax: number | undefined;

  constructor(path: string, logBytesMax?: number) {
    this.path = path;
    this.#logBytesMax = logBytesMax;
    this.file = new FailingFile(path);
    this.logged = this.#open();
  }

  static async on(t: TestContext, logBytesMax?: number): Promise<Machine> {
    const machine = new Machine(join(await tempFolder(t), "log"), logBytesMax);
    t.after(() => machine.file.close());
    await machine.commit({ begun: "1" }); // What is first goes below, with what is noted of the log.
    return machine;
  }

  commit(entries: Readonly<Record<string, string | undefined>>): Promise<void> {
    const bytes = (value: string | undefined) => (value === undefined ? value : Buffer.from(value));
    return this.logged.commit(
      new Map(Object.entries(entries).map(([key, value]) => [key, bytes(value)])),
    );
  }

  /** The value that the database has. */
  onDisk(key: string): string | undefined {
    const value = this.disk.get(key);
    return value && Buffer.from(value).toString();
  }

  /** What is read now, by both ways. */
  read(): Record<string, string> {
    const entries = [...this.logged.entries("")].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of entries) assert.deepEqual(this.logged.get(key), value);
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value).toString()]));
  }

  /** Ends this life, whatever it waits for, and begins another on what is on the disk. */
  crash(): void {
    this.file.close();
    this.disk = new Map(this.disk); // What the last life still does, it does to the old one.
    this.file = new FailingFile(this.path);
    this.below = new Below(this.disk);
    this.logged = this.#open();
  }

  async restart(): Promise<void> {
    await this.logged.close();
    this.crash();
  }

  #open(): Logged {
    const { below, file, env } = this;
    const logBytesMax = this.#logBytesMax;
    const bounded = logBytesMax === undefined ? {} : { logBytesMax };
    return new Logged(below, { file, env, idleMs, ...bounded });
  }
}

function apply(to: Map<string, Uint8Array>, writes: Writes): void {
  for (const [key, value] of writes) {
    if (value === undefined) to.delete(key);
    else to.set(key, value);
  }
}

const told = ({ env }: Machine) => env.lines.map(({ message }) => message);

storageSuite("logged", async (t) => {
  const { logged } = await Machine.on(t, 200);
  for (const [key] of logged.entries("")) await logged.commit(new Map([[key, undefined]]));
  return new BatchedStorage(logged);
});

test("what was committed is in the log alone, and there after a crash", async (t) => {
  const machine = await Machine.on(t);
  const { commits } = machine.below;
  await machine.commit({ a: "1", b: "2" });
  await machine.commit({ a: undefined, c: "3" });
  assert.equal(machine.below.commits, commits);
  assert.deepEqual(machine.read(), { b: "2", begun: "1", c: "3" });
  machine.crash();
  assert.deepEqual(machine.read(), { b: "2", begun: "1", c: "3" });
});

test("what was logged goes below once nothing was committed for a while, and then no timer is left", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1" });
  await machine.env.advance(idleMs - 1);
  await machine.commit({ a: "2" });
  await machine.env.advance(idleMs - 1);
  assert.equal(machine.disk.get("a"), undefined);
  await machine.env.advance(1);
  assert.equal(machine.onDisk("a"), "2");
  assert.equal(machine.env.timerCount, 0);
  assert.deepEqual(machine.read(), { a: "2", begun: "1" });
});

test("what does not fit into the log any more goes below with all that is there", async (t) => {
  const machine = await Machine.on(t, 1_000);
  await machine.commit({ a: "x".repeat(600) });
  assert.equal(machine.disk.get("a"), undefined);
  await machine.commit({ b: "x".repeat(600) });
  assert.equal(machine.disk.get("a")?.length, 600);
  assert.equal(machine.disk.get("b")?.length, 600);
  await machine.commit({ c: "1" });
  assert.equal(machine.disk.get("c"), undefined);
});

test("closing leaves all below, also where another version then writes there", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1" });
  await machine.logged.close();
  assert.equal(machine.onDisk("a"), "1");
  machine.disk.set("a", Buffer.from("2"));
  machine.crash();
  assert.deepEqual(machine.read(), { a: "2", begun: "1" });
});

test("what cannot be moved below stays in the log, is told once, and is tried again", async (t) => {
  const machine = await Machine.on(t);
  machine.below.outcome = "refused";
  await machine.commit({ a: "1" });
  await machine.env.advance(3 * idleMs);
  await machine.commit({ b: "2" });
  await machine.env.advance(idleMs);
  const once = ["what was logged cannot be moved to the database: the log keeps it"];
  assert.deepEqual(told(machine), once);
  machine.crash();
  assert.deepEqual(machine.read(), { a: "1", b: "2", begun: "1" });
  await machine.env.advance(idleMs);
  assert.equal(machine.onDisk("b"), "2");
});

test("what the database took without saying so costs nothing of what is logged afterwards", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1", b: "1" });
  machine.below.outcome = "kept";
  await machine.env.advance(idleMs);
  assert.equal(machine.onDisk("a"), "1");
  await machine.commit({ a: "2" });
  machine.crash();
  assert.deepEqual(machine.read(), { a: "2", b: "1", begun: "1" });
});

test("a log that fails is told once, and the database takes what is written", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1" });
  machine.file.failure = { share: 0.5, isCut: true };
  for (const b of ["1", "2"]) await machine.commit({ b });
  assert.equal(machine.onDisk("b"), "2");
  assert.deepEqual(told(machine), ["the log of writes cannot be written: the database takes them"]);
  machine.file.failure = undefined;
  await machine.commit({ b: "3" });
  assert.equal(machine.onDisk("b"), "2");
  machine.crash();
  assert.deepEqual(machine.read(), { a: "1", b: "3", begun: "1" });
});

test("a write that neither log nor database takes is refused, and no later life has it", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1" });
  machine.file.failure = { share: 1, isCut: true };
  machine.below.outcome = "refused";
  await assert.rejects(machine.commit({ a: "2" }), Unavailable);
  assert.deepEqual(machine.read(), { a: "1", begun: "1" });
  machine.crash();
  assert.deepEqual(machine.read(), { a: "1", begun: "1" });
});

test("what is left of a write that failed stands against nothing that was taken later", async (t) => {
  const machine = await Machine.on(t);
  await machine.commit({ a: "1" });
  machine.file.failure = { share: 1, isCut: false };
  machine.below.outcome = "refused";
  await assert.rejects(machine.commit({ a: "2" }), Unavailable);
  machine.below.outcome = "done";
  await machine.commit({ a: "3" });
  machine.crash();
  assert.deepEqual(machine.read(), { a: "3", begun: "1" });
});

test("while the database has not answered, a write waits; after a crash all is there", async (t) => {
  for (const outcome of ["lost", "unanswered"] as const) {
    const machine = await Machine.on(t);
    await machine.commit({ a: "1" });
    machine.below.outcome = outcome;
    await machine.env.advance(idleMs);
    let isTaken = false;
    void machine.commit({ a: "2" }).then(() => {
      isTaken = true;
    });
    await settle();
    assert.ok(!isTaken);
    machine.crash();
    assert.deepEqual(machine.read(), { a: "1", begun: "1" });
  }
});

test("a log that is not of the database, or of one that is older than it, is refused by its path", async (t) => {
  const machine = await Machine.on(t);
  const older = new Map(machine.disk);
  await machine.commit({ a: "1" });
  const ofThis = machine.file.read();
  await machine.restart();
  await machine.commit({ a: "2" });
  machine.disk = older;
  const refused = {
    name: "CorruptRecord",
    message: /^[/].+[/]log is not of the database next to it/,
  };
  assert.throws(() => machine.crash(), refused);
  const other = await Machine.on(t);
  writeFileSync(other.path, ofThis);
  assert.throws(() => other.crash(), refused);
});

const writes = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.option(fc.string({ maxLength: 60 }), { nil: undefined }),
  { minKeys: 1, noNullPrototype: true },
);
const failure = fc.option(
  fc.record({ share: fc.double({ min: 0, max: 0.99, noNaN: true }), isCut: fc.boolean() }),
  { nil: undefined, freq: 4 },
);
const below = fc.constantFrom<Outcome>("done", "done", "refused");
/** Which bytes of what a crash met are on the disk. */
const torn = fc.infiniteStream(fc.boolean());
const step = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant("commit" as const), writes, failure, below }),
    weight: 6,
  },
  fc.record({
    kind: fc.constant("cut short" as const),
    writes,
    failure,
    torn,
    isBelow: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("idle" as const),
    below: fc.constantFrom<Outcome>("done", "refused", "kept"),
  }),
  fc.record({ kind: fc.constant("crash" as const) }),
  fc.record({ kind: fc.constant("restart" as const), below }),
);

test("whatever fails and whenever it crashes, what was acknowledged is there, and what was refused is not", async (t) => {
  const folder = await tempFolder(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (steps) => {
      const machine = new Machine(join(folder, String(++runs)), 400);
      let expected: Readonly<Record<string, string>> = {};
      for (const next of steps) {
        if (next.kind === "commit") {
          machine.file.failure = next.failure;
          machine.below.outcome = next.below;
          const taken = await machine.commit(next.writes).then(
            () => true,
            () => false,
          );
          if (taken) expected = after(expected, next.writes);
        } else if (next.kind === "cut short") {
          machine.file.failure = next.failure;
          machine.below.outcome = next.isBelow ? "done" : "refused";
          const before = machine.file.read();
          await machine.commit(next.writes).catch(() => {});
          const written = machine.file.read();
          writeFileSync(machine.path, mixed(before, written, next.torn));
          machine.crash();
          const whole = after(expected, next.writes);
          const found = machine.read();
          assert.ok(
            [expected, whole].some((one) => isSame(one, found)),
            JSON.stringify(found),
          );
          expected = found;
        } else if (next.kind === "idle") {
          machine.below.outcome = next.below;
          await machine.env.advance(idleMs);
        } else if (next.kind === "crash") {
          machine.crash();
        } else {
          machine.below.outcome = next.below;
          await machine.restart();
        }
        assert.deepEqual(machine.read(), expected);
      }
      machine.file.close();
    }),
    { numRuns: 150 },
  );
});

function after(
  entries: Readonly<Record<string, string>>,
  written: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = Object.entries({ ...entries, ...written });
  return Object.fromEntries(
    all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])).sort(),
  );
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A file of which some bytes are as before, and some as written. */
function mixed(before: Buffer, written: Buffer, isWritten: Iterator<boolean>): Buffer {
  const bytes = Buffer.alloc(Math.max(before.length, written.length));
  before.copy(bytes);
  for (const [at, byte] of written.entries()) {
    if (byte !== bytes[at] && isWritten.next().value === true) bytes[at] = byte;
  }
  return bytes;
}
