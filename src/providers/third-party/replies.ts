/**
 * What a provider's process answers, looked at: it is the word of a third party. Anything but what the
 * contract says is an error of that call, by name.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { Unavailable } from "../../core/errors.ts";
import { asInstanceId } from "../../core/ids.ts";
import type { Leftover, TaskHealth } from "../provider.ts";
import { type CallName, type ProviderCalls, pieceBytesMax, type WrittenPiece } from "./messages.ts";

type Parsers = { readonly [M in CallName]: (reply: unknown) => ProviderCalls[M]["reply"] };

const Handle = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]));
const Exit = Type.Union([
  Type.Object({ kind: Type.Literal("exited"), code: Type.Integer() }),
  Type.Object({
    kind: Type.Literal("signaled"),
    signal: Type.String(),
    reason: Type.Optional(Type.String()),
  }),
  Type.Object({ kind: Type.Literal("unknown"), reason: Type.String() }),
]);
const End = Type.Object({ exit: Exit, atMs: Type.Number() });
const task = {
  instance: Type.String({ pattern: "^[0-9a-f]{16}$" }),
  attempt: Type.Integer({ minimum: 1 }),
};
const Found = Type.Object({ ...task, handle: Handle });
const Chunk = Type.Object({
  bytes: Type.Unknown(),
  from: Type.Integer({ minimum: 0 }),
  next: Type.Integer({ minimum: 0 }),
});

/** Of a function's answer, in characters. */
const answerCharsMax = 1024 * 1024;
const Invoked = Type.Object({
  id: Type.String({ maxLength: 256 }),
  answer: Type.String({ maxLength: answerCharsMax }),
  cold: Type.Boolean(),
  ms: Type.Number({ minimum: 0 }),
});
const Amount = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Stats = Type.Object({
  cpuMs: Amount,
  memoryBytes: Amount,
  processes: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
});
const leftoversMax = 10_000;
const Name = Type.String({ maxLength: 256 });
const Leftovers = Type.Array(
  Type.Object({
    ...task,
    id: Type.String({ minLength: 1, maxLength: 256 }),
    folder: Type.Optional(Type.String({ pattern: "^/", maxLength: 4_096 })),
    node: Type.Optional(Name),
    network: Type.Optional(Name),
    service: Type.Optional(Name),
    startedAt: Type.Optional(Type.Number()),
    isOrphan: Type.Boolean(),
  }),
  { maxItems: leftoversMax },
);

/** Of what is told to people why a task is not as it should be. */
const whyCharsMax = 4_096;
const Why = Type.Optional(Type.String({ maxLength: whyCharsMax }));
const Health = Type.Object({ healthy: Type.Union([Type.Boolean(), Type.Null()]), why: Why });

const has = Type.Boolean();
const isLoaded = Compile(Type.Object({ type: Type.String() }));
const isCreated = Compile(
  Type.Object({
    has: Type.Object({
      exec: has,
      terminals: has,
      console: has,
      invocable: has,
      stats: has,
      leftovers: has,
    }),
  }),
);
const isCapabilities = Compile(
  Type.Union([
    Type.Object({
      available: Type.Literal(true),
      version: Type.String(),
      features: Type.Array(Type.String()),
      lacks: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
    Type.Object({ available: Type.Literal(false), reason: Type.String() }),
  ]),
);
const isHandle = Compile(Handle);
const isFound = Compile(Type.Array(Found));
const isAdopted = Compile(
  Type.Union([
    Type.Object({
      gone: Type.Literal(false),
      handle: Handle,
      startedAt: Type.Number(),
      health: Type.Optional(Health),
      isPaused: Type.Optional(Type.Boolean()),
    }),
    Type.Object({ gone: Type.Literal(true), exit: Exit, atMs: Type.Number() }),
  ]),
);
const isEnd = Compile(End);
const isExit = Compile(Exit);
const isHealth = Compile(Health);
const isPausing = Compile(Type.Object({ isPaused: Type.Boolean() }));
const isCondition = Compile(Type.Object({ why: Why }));
const isInvoked = Compile(Invoked);
const isStats = Compile(Stats);
const isLeftovers = Compile(Leftovers);
const isChunk = Compile(Chunk);
const isCount = Compile(Type.Integer({ minimum: 0 }));
const isPiece = Compile(
  Type.Object({
    stream: Type.Union([Type.Literal("stdout"), Type.Literal("stderr")]),
    bytes: Type.Unknown(),
  }),
);

const nothing = () => undefined;

const parsers: Parsers = {
  load: checked(isLoaded, "{ type }"),
  create: checked(isCreated, "{ has }"),
  ping: nothing,
  probe: checked(isCapabilities, "{ available: true, version, features } or a reason"),
  check: nothing,
  start: checked(isHandle, "a handle, which has texts and numbers"),
  list: (reply) =>
    checked(
      isFound,
      "a list of { instance, attempt, handle }",
    )(reply).map((found) => ({
      ...found,
      instance: asInstanceId(found.instance),
    })),
  adopt: checked(isAdopted, "a task, or { gone, exit, atMs }"),
  stop: checked(isEnd, "a task whose exited gives { exit, atMs }"),
  release: nothing,
  setPaused: nothing,
  output: nothing,
  read(reply) {
    const { bytes, from, next } = checked(isChunk, "{ bytes, from, next }")(reply);
    if (bytes instanceof Uint8Array) return { bytes, from, next };
    throw new Unavailable("it should give bytes as a Uint8Array");
  },
  tail: checked(isCount, "a cursor"),
  watch: nothing,
  unwatch: nothing,
  closeOutput: nothing,
  forget: nothing,
  remove: nothing,
  exec: checked(isExit, "how the command ended: { kind, … }"),
  console: nothing,
  abort: nothing,
  taken: nothing,
  give: nothing,
  resize: nothing,
  invoke: checked(
    isInvoked,
    `{ id, answer, cold, ms } with an answer of at most ${answerCharsMax} characters`,
  ),
  stats: checked(isStats, "{ cpuMs, memoryBytes }, and processes where they are known"),
  invocations: checked(isCount, "a number of invocations"),
  listLeftovers: (reply) =>
    checked(
      isLeftovers,
      `a list of at most ${leftoversMax} { id, instance, attempt, isOrphan, … }`,
    )(reply).map((one): Leftover => ({ ...one, instance: asInstanceId(one.instance) })),
  removeLeftover: nothing,
  close: nothing,
};

/** @throws Unavailable with what the answer should be */
export function parseReply<M extends CallName>(
  method: M,
  reply: unknown,
): ProviderCalls[M]["reply"] {
  return parsers[method](reply);
}

/** The end of a task, where it is one. */
export function parseEnd(end: unknown): ProviderCalls["stop"]["reply"] {
  return parsers.stop(end);
}

/** What a task tells of its health. @throws Unavailable for what is none */
export function parseHealth(health: unknown): TaskHealth {
  return checked(isHealth, "a health, { healthy, why }")(health);
}

/** Whether a task is paused. @throws Unavailable for what is neither */
export function parsePaused(told: unknown): boolean {
  return checked(isPausing, "true or false for whether it is paused")(told).isPaused;
}

/** Why a task does less than it should. @throws Unavailable for what is no text */
export function parseCondition(told: unknown): string | undefined {
  return checked(isCondition, `a text of at most ${whyCharsMax} characters, or undefined`)(told)
    .why;
}

/** What a command wrote. @throws Unavailable for what is none */
export function parsePiece(told: unknown): WrittenPiece {
  const { bytes, stream } = checked(isPiece, "{ bytes, stream }")(told);
  if (bytes instanceof Uint8Array && bytes.length <= pieceBytesMax) return { bytes, stream };
  throw new Unavailable(`it should tell what is written in pieces of at most ${pieceBytesMax} B`);
}

function checked<T>(
  schema: { Check(value: unknown): value is T },
  wanted: string,
): (reply: unknown) => T {
  return (reply) => {
    if (schema.Check(reply)) return reply;
    throw new Unavailable(`it should give ${wanted}`);
  };
}
