/**
 * Gives out the output of one instance to whoever asks, on this node or another. Readers keep the
 * cursor and ask for more, so a slow one holds up no one and a lost connection loses nothing; at the
 * end of what is written, the answer waits for more.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, MobError, Unavailable } from "../core/errors.ts";
import type { Behaviour, Caller, Cancel, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import type { Output, OutputChunk } from "../providers/provider.ts";

/** Most bytes in one answer; well below a frame. */
export const readBytesMax = 1024 * 1024;
/** Longest that an answer waits for output to come; below the deadline of a call. */
export const readWaitMsMax = 2_000;
/** Readers that may wait at once. */
const waitingMax = 256;

const ReadRequest = Type.Object({
  /** Where to begin; cursors count bytes since the instance's first start. */
  cursor: Type.Integer({ minimum: 0 }),
  bytesMax: Type.Integer({ minimum: 1, maximum: readBytesMax }),
  /** At the end of the output: how long to wait for more. 0: not at all. */
  waitMs: Type.Integer({ minimum: 0, maximum: readWaitMsMax }),
});
type ReadRequest = Type.Static<typeof ReadRequest>;
const TailRequest = Type.Object({ lines: Type.Integer({ minimum: 0, maximum: 1_000_000 }) });
const isRead = Compile(ReadRequest);
const isTail = Compile(TailRequest);

export type LogFollowerProtocol = {
  read: { request: ReadRequest; reply: OutputChunk };
  /** The cursor at which the last so many lines begin. */
  tail: { request: Type.Static<typeof TailRequest>; reply: number };
};

interface Waiting {
  readonly request: ReadRequest;
  readonly caller: Caller<OutputChunk>;
  readonly cancel: Cancel;
}

interface State {
  readonly self: Self<LogFollowerProtocol, Info>;
  readonly open: () => Promise<Output>;
  /** Undefined until the engine gives it. */
  output: Output | undefined;
  readonly waiting: Map<number, Waiting>;
  readers: number;
  /** Set while someone waits: an output that no one follows is not watched. */
  unwatch: (() => void) | undefined;
}

type Info =
  | { readonly type: "open" }
  | { readonly type: "written" }
  | { readonly type: "enough"; readonly reader: number };

/** Time between two attempts to open an output. */
const openAgainMs = 5_000;

/**
 * `open` gives the instance's output, which is kept open, since that is what bounds it on disk, and
 * closed when the actor ends. An engine that does not answer is asked again.
 */
export function logFollower(
  open: () => Promise<Output>,
): Behaviour<State, LogFollowerProtocol, Info> {
  return {
    init(self) {
      self.tell({ type: "open" });
      return { self, open, output: undefined, waiting: new Map(), readers: 0, unwatch: undefined };
    },
    handlers: {
      async read(state, request, caller) {
        const { output } = state;
        if (output === undefined) return refuse(state, notOpen());
        const chunk = await unlessRefused(output.read(request.cursor, request.bytesMax));
        if (chunk instanceof MobError) return refuse(state, chunk);
        const isFull = state.waiting.size >= waitingMax;
        if (chunk.bytes.length > 0 || request.waitMs === 0 || isFull) return [state, chunk];
        wait(state, output, request, caller);
        return [state, replyLater];
      },
      async tail(state, { lines }) {
        if (state.output === undefined) return refuse(state, notOpen());
        const cursor = await unlessRefused(state.output.tail(lines));
        return cursor instanceof MobError ? refuse(state, cursor) : [state, cursor];
      },
    },
    async info(state, message) {
      if (message.type === "open") await openOutput(state);
      else if (message.type === "written") await answerAll(state);
      else if (message.type === "enough") await answer(state, message.reader);
      return state;
    },
    async terminate(state) {
      state.unwatch?.();
      await state.output?.close();
    },
    describe: ({ waiting }) => ({ readersWaiting: waiting.size }),
    remote: {
      read: (payload) => checked(isRead, payload),
      tail: (payload) => checked(isTail, payload),
    },
  };
}

async function openOutput(state: State): Promise<void> {
  try {
    state.output = await state.open();
  } catch (error) {
    state.self.log.warn("an output cannot be opened yet", { error });
    state.self.sendAfter(openAgainMs, { type: "open" });
  }
}

function notOpen(): Unavailable {
  return new Unavailable("the output cannot be read yet: its engine does not answer");
}

function wait(
  state: State,
  output: Output,
  request: ReadRequest,
  caller: Caller<OutputChunk>,
): void {
  const reader = ++state.readers;
  const cancel = state.self.sendAfter(request.waitMs, { type: "enough", reader });
  state.waiting.set(reader, { request, caller, cancel });
  state.unwatch ??= output.watch(() => state.self.tell({ type: "written" }));
  // Once more, for what was written before the watch was there.
  state.self.tell({ type: "written" });
}

async function answerAll(state: State): Promise<void> {
  for (const [reader, { request }] of state.waiting) {
    const chunk = await read(state, request);
    if (chunk instanceof MobError || chunk.bytes.length > 0) settle(state, reader, chunk);
  }
}

async function answer(state: State, reader: number): Promise<void> {
  const waiting = state.waiting.get(reader);
  if (waiting === undefined) return;
  settle(state, reader, await read(state, waiting.request));
}

/** Whoever waits has read before: the output is open. */
async function read(
  { output }: State,
  { cursor, bytesMax }: ReadRequest,
): Promise<OutputChunk | MobError> {
  return output === undefined ? notOpen() : unlessRefused(output.read(cursor, bytesMax));
}

/** What whoever has the output refuses for now is no fault of this actor's. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | MobError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MobError) return error;
    throw error;
  }
}

function settle(state: State, reader: number, read: OutputChunk | MobError): void {
  const waiting = state.waiting.get(reader);
  waiting?.cancel();
  if (read instanceof MobError) waiting?.caller.fail(read);
  else waiting?.caller.reply(read);
  state.waiting.delete(reader);
  if (state.waiting.size > 0) return;
  state.unwatch?.();
  state.unwatch = undefined;
}

function checked<T>(schema: { Check(value: unknown): value is T }, payload: unknown): T {
  if (schema.Check(payload)) return payload;
  throw new BadRequest("not a request for output");
}
