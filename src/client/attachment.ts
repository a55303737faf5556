/**
 * A client's end of an attached session: the API's requests and any number of traces and commands over one
 * WebSocket. It connects when first needed, and again when it is needed after the connection was lost:
 * a node whose API is restarted is no reason to leave the shell.
 */
import type { TraceRecordView } from "../api/actor-shapes.ts";
import { errorIn } from "../api/error-envelope.ts";
import { type ErrorShape, OutcomeUnknown, RemoteError, Unreachable } from "../core/errors.ts";
import { type AttachLink, type Hello, openLink, type Said } from "./attach-link.ts";
import { reachOf } from "./attach-reach.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Exchange, Request } from "./exchange.ts";
import { type Executing, type ExecWish, startExec } from "./executing.ts";
import { FrameQueue } from "./frame-queue.ts";

export interface TraceWish {
  /** A path or a registered name. */
  readonly target: string;
  /** Name or id of its node; default: the one attached to. */
  readonly node?: string;
  /** The trace ends after so many messages; default 1,000. */
  readonly messagesMax?: number;
  /** More in one second are left out and counted; default 100. */
  readonly perSecondMax?: number;
}

export interface Trace {
  /** The name of the actor's node. */
  readonly node: string;
  readonly path: string;
  /** Ends when the trace does. @throws Unreachable when the connection or the node is lost */
  readonly records: AsyncIterable<readonly TraceRecordView[]>;
  /** Why it ended: `done`, `replaced`, `failed`; undefined before, and when it was stopped here. */
  ended(): string | undefined;
  stop(): void;
}

export interface Attachment extends Exchange {
  /** Who answers, and what they let this client do. @throws Unreachable, RemoteError */
  hello(): Promise<Hello>;
  /** Resolves once the trace is on. @throws RemoteError, Unreachable */
  trace(wish: TraceWish): Promise<Trace>;
  /** Runs a command beside a task; resolves when it is about to run. @throws RemoteError, Unreachable */
  exec(wish: ExecWish): Promise<Executing>;
  /** Has `listener` told, in words, when a connection that was there is lost. One alone. */
  onLost(listener: (why: string) => void): void;
}

export function createAttachment(endpoint: Endpoint): Attachment {
  let tellLost: (why: string) => void = () => {};
  let link: Promise<AttachLink> | undefined;
  const connect = (): Promise<AttachLink> => {
    if (link !== undefined) return link;
    const opened = openLink(reachOf(endpoint), (why, wasWanted) => {
      if (link === opened) link = undefined;
      if (!wasWanted) tellLost(why);
    });
    link = opened;
    opened.catch(() => {
      if (link === opened) link = undefined;
    });
    return opened;
  };
  return {
    hello: async () => (await connect()).hello,
    async json<T>(asked: Request): Promise<T> {
      const { status, body } = await ask(await connect(), asked);
      if (status === 200) return body as T;
      throw new RemoteError(errorIn(body) ?? unnamed(status));
    },
    stream: async (asked) => stream(await connect(), asked),
    trace: async (wish) => startTrace(await connect(), wish),
    exec: async (wish) => startExec(await connect(), wish),
    onLost(listener) {
      tellLost = listener;
    },
    close() {
      link?.then(
        (open) => open.close(),
        () => {},
      );
      link = undefined;
    },
  };
}

function unnamed(status: number): ErrorShape {
  return { code: "internal", message: `HTTP status ${status}`, details: [] };
}

function frameOf({ method, path, body }: Request) {
  return { type: "request", method, path, ...(body !== undefined && { body }) } as const;
}

type Answer = Extract<Said, { readonly type: "answer" }>;

function ask(link: AttachLink, asked: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      cancel();
      reject(unanswered(asked, `nothing came within ${asked.timeoutMs / 1_000} s`));
    }, asked.timeoutMs);
    const { cancel } = link.say(frameOf(asked), {
      hear(frame) {
        clearTimeout(timer);
        if (frame.type === "answer") resolve(frame);
        else if (frame.type === "failed") reject(new RemoteError(frame.error));
        else reject(unanswered(asked, "the answer is of another kind"));
        return true;
      },
      lost({ message }) {
        clearTimeout(timer);
        reject(unanswered(asked, message));
      },
    });
  });
}

/** What changes something may have been done. */
function unanswered({ method, reads }: Request, why: string): Unreachable | OutcomeUnknown {
  if (method === "GET" || reads === true) return new Unreachable(why);
  return new OutcomeUnknown(`whether it was done is unknown: ${why}`);
}

/** Resolves when the answer has begun, as its first piece shows. */
async function stream(link: AttachLink, asked: Request): Promise<AsyncIterable<Buffer>> {
  const queue = new FrameQueue<Buffer>({ full: () => link.pause(), room: () => link.resume() });
  let cancel = () => {};
  await new Promise<void>((begun, reject) => {
    const conversation = link.say(frameOf(asked), {
      hear(frame) {
        begun();
        if (frame.type === "data") {
          queue.push(Buffer.from(frame.base64, "base64"));
          return false;
        }
        const error = streamError(frame);
        if (error !== undefined) reject(error);
        queue.end(error);
        return true;
      },
      lost(error) {
        reject(error);
        queue.end(error);
      },
    });
    cancel = () => conversation.cancel();
    asked.signal?.addEventListener("abort", () => {
      cancel();
      begun();
      queue.end();
    });
  });
  return queue.read(() => cancel());
}

/** Undefined for a stream's orderly end. */
function streamError(frame: Said): RemoteError | undefined {
  if (frame.type === "failed") return new RemoteError(frame.error);
  if (frame.type !== "answer") return undefined;
  return new RemoteError(errorIn(frame.body) ?? unnamed(frame.status));
}

function startTrace(
  link: AttachLink,
  { target, node, messagesMax = 1_000, perSecondMax = 100 }: TraceWish,
): Promise<Trace> {
  const queue = new FrameQueue<readonly TraceRecordView[]>({
    full: () => link.pause(),
    room: () => link.resume(),
  });
  const asked = { target, messagesMax, perSecondMax, ...(node !== undefined && { node }) };
  let ended: string | undefined;
  return new Promise((resolve, reject) => {
    const { cancel } = link.say(
      { type: "trace", ...asked },
      {
        hear(frame) {
          switch (frame.type) {
            case "tracing":
              resolve({
                node: frame.node,
                path: frame.path,
                records: queue.read(() => cancel()),
                ended: () => ended,
                stop() {
                  cancel();
                  queue.end();
                },
              });
              return false;
            case "traced":
              queue.push(frame.records);
              return false;
            case "failed":
              reject(new RemoteError(frame.error));
              queue.end(new RemoteError(frame.error));
              return true;
            case "trace-ended":
              ended = frame.why;
              queue.end();
              return true;
            default:
              return false;
          }
        },
        lost(error) {
          reject(error);
          queue.end(error);
        },
      },
    );
  });
}
