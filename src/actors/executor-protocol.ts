/**
 * What can be asked of a node's executor, from any node. Peers trust each other: who may run commands is
 * decided at the node that a user has attached to.
 */
import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { CommandNews } from "./running-command.ts";
import { sessionOwner } from "./sessions.ts";

/** Longest that a read waits for something to tell. */
export const newsWaitMsMax = 30_000;
/** Of a piece of input. */
export const inputBytesMax = 64 * 1024;
/** Of a command, with its arguments. */
const wordsMax = 4_096;
const wordCharsMax = 32_768;

const count = Type.Integer({ minimum: 0 });
const length = Type.Integer({ minimum: 1, maximum: 10_000 });
const command = count;
const size = { columns: length, rows: length };

const Begin = Type.Object({
  instance: Type.Unsafe<InstanceId>(Type.String({ maxLength: 64 })),
  /** None: the console of the task. */
  words: Type.Array(Type.String({ maxLength: wordCharsMax }), { maxItems: wordsMax }),
  /** Whether it reads anything. */
  hasInput: Type.Boolean(),
  terminal: Type.Optional(Type.Object(size)),
  /** The actor that the command belongs to: it is killed when that one ends. */
  owner: sessionOwner,
});
const Command = Type.Object({ command });
const Read = Type.Object({
  command,
  waitMs: Type.Integer({ minimum: 0, maximum: newsWaitMsMax }),
});
const Write = Type.Object({
  command,
  bytes: Type.Refine(
    Type.Unsafe<Uint8Array>({}),
    (bytes) => bytes instanceof Uint8Array && bytes.length <= inputBytesMax,
  ),
});
const Resize = Type.Object({ command, ...size });

export type ExecutorProtocol = {
  /**
   * Resolves before it is known whether it can be started: that is told by the first read.
   * @throws Conflict where the instance does not run, or its provider runs no commands, gives them no
   * terminal, or has no console; Unavailable where too many run
   */
  begin: { request: Static<typeof Begin>; reply: { readonly command: number } };
  /** Waits until there is something; after `waitMs` it tells of nothing. @throws NotFound; what the provider throws */
  read: { request: Static<typeof Read>; reply: CommandNews };
  /** @throws Conflict where what was given before has not been taken */
  write: { request: Static<typeof Write>; reply: "given" };
  endInput: { request: Static<typeof Command>; reply: "ended" };
  resize: { request: Static<typeof Resize>; reply: "resized" };
  /** Kills it. Idempotent. */
  stop: { request: Static<typeof Command>; reply: "stopped" };
};

export const executorParsers: {
  readonly [M in keyof ExecutorProtocol]: (payload: unknown) => ExecutorProtocol[M]["request"];
} = {
  begin: parser(Begin),
  read: parser(Read),
  write: parser(Write),
  endInput: parser(Command),
  resize: parser(Resize),
  stop: parser(Command),
};

function parser<Schema extends TSchema>(schema: Schema): (payload: unknown) => Static<Schema> {
  const compiled = Compile(schema);
  return (payload) => {
    if (compiled.Check(payload)) return payload;
    throw new BadRequest("not a question about a command");
  };
}
