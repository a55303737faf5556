/**
 * One open WebSocket to a node, and the conversations on it: each has an id, and hears what the node
 * says under that id until it is over. `ws` is loaded here alone, with the first connection.
 */
import type { IncomingMessage } from "node:http";
import type { ClientOptions, WebSocket } from "ws";
import {
  attachProtocol,
  attachSubprotocol,
  type ClientFrame,
  type NodeFrame,
  nodeFrameBytesMax,
  parseNodeFrame,
  pingMs,
} from "../api/attach-frames.ts";
import { errorIn } from "../api/error-envelope.ts";
import { apiHeader, apiVersion, paths } from "../api/paths.ts";
import { MobError, messageOf, RemoteError, Unreachable } from "../core/errors.ts";

/** Until the node has said hello. */
const connectMsMax = 15_000;

/** Where the node is, and how it is reached. */
export interface Reach {
  /** For messages to people. */
  readonly at: string;
  /** `ws://host:port`, or what else `ws` takes; without a path. */
  readonly origin: string;
  readonly options: ClientOptions;
}

export type Hello = Extract<NodeFrame, { readonly type: "hello" }>;
/** What is said under an id. */
export type Said = Exclude<NodeFrame, Hello>;
type WithoutId<F extends ClientFrame> = F extends ClientFrame ? Omit<F, "id"> : never;
/** What is said in a conversation that has begun. */
type Further = Extract<ClientFrame, { readonly type: "input" | "input-end" | "resize" | "cancel" }>;

/** One that has begun, from this side. What comes after its end goes nowhere. */
export interface Conversation {
  add(frame: WithoutId<Exclude<Further, { readonly type: "cancel" }>>): void;
  /** Breaks it off. */
  cancel(): void;
}

export interface Listener {
  /** True: that was the last word. */
  hear(frame: Said): boolean;
  /** The connection was lost before. Comes at most once, and nothing after it. */
  lost(error: Unreachable): void;
}

export interface AttachLink {
  readonly hello: Hello;
  say(frame: WithoutId<Exclude<ClientFrame, Further>>, listener: Listener): Conversation;
  /** Stops reading for as long as someone cannot keep up; undone as often as it was done. */
  pause(): void;
  resume(): void;
  close(): void;
}

/**
 * Connects; resolves with the node's hello. `onEnd` is called once, when an open link has ended.
 * @throws Unreachable, RemoteError with what the node refuses
 */
export async function openLink(
  reach: Reach,
  onEnd: (why: string, wasWanted: boolean) => void,
): Promise<AttachLink> {
  const { WebSocket: Socket } = await import("ws");
  const socket = new Socket(`${reach.origin}${paths.attach}`, attachSubprotocol, {
    ...reach.options,
    perMessageDeflate: false,
    handshakeTimeout: connectMsMax,
    maxPayload: nodeFrameBytesMax,
  });
  const hello = await firstFrame(reach, socket);
  return new Link(socket, hello, reach, onEnd);
}

/** Leaves the socket paused, so that no frame is missed before someone listens. */
function firstFrame({ at }: Reach, socket: WebSocket): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const fail = (error: MobError) => {
      clearTimeout(timer);
      reject(error);
      socket.terminate();
    };
    const timer = setTimeout(() => {
      fail(new Unreachable(`the node at ${at} did not say hello in ${connectMsMax / 1_000} s`));
    }, connectMsMax);
    socket.on("error", (error) => {
      fail(error instanceof MobError ? error : noNode(at, messageOf(error)));
    });
    socket.once("close", () => fail(noNode(at, "the connection was closed")));
    socket.once("unexpected-response", (_request, response: IncomingMessage) => {
      refusal(at, response).then(fail, (error: unknown) => fail(noNode(at, messageOf(error))));
    });
    socket.once("message", (data) => {
      const frame = readFrame(String(data));
      if (frame?.type !== "hello" || frame.protocol !== attachProtocol) {
        fail(new Unreachable(`what answers at ${at} speaks no version of attach known here`));
        return;
      }
      clearTimeout(timer);
      socket.pause();
      socket.removeAllListeners("close").removeAllListeners("error");
      resolve(frame);
    });
  });
}

async function refusal(at: string, response: IncomingMessage): Promise<MobError> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  if (response.headers[apiHeader] !== String(apiVersion)) {
    return new Unreachable(`what answers at ${at} is no node that this version can attach to`);
  }
  const error = errorIn(JSON.parse(text));
  return error === undefined
    ? noNode(at, `HTTP status ${response.statusCode}`)
    : new RemoteError(error);
}

function noNode(at: string, why: string): Unreachable {
  return new Unreachable(`no node can be attached to at ${at}: is it running? (${why})`);
}

function readFrame(text: string): NodeFrame | undefined {
  try {
    return parseNodeFrame(text);
  } catch {
    return undefined;
  }
}

class Link implements AttachLink {
  readonly hello: Hello;
  readonly #socket: WebSocket;
  readonly #at: string;
  readonly #listeners = new Map<number, Listener>();
  readonly #timer: NodeJS.Timeout;
  #lastId = 0;
  #pauses = 0;
  #isAlive = true;
  #isClosedHere = false;

  constructor(
    socket: WebSocket,
    hello: Hello,
    reach: Reach,
    onEnd: (why: string, wasWanted: boolean) => void,
  ) {
    this.hello = hello;
    this.#socket = socket;
    this.#at = reach.at;
    this.#timer = setInterval(() => this.#ping(), pingMs);
    this.#timer.unref();
    const heard = () => {
      this.#isAlive = true;
    };
    socket.on("pong", heard).on("ping", heard);
    socket.on("message", (data) => {
      heard();
      this.#receive(String(data));
    });
    socket.on("error", () => socket.terminate()); // Told by `close`.
    socket.once("close", (code, reason) => {
      clearInterval(this.#timer);
      const why = reason.toString() || (code === 1006 ? "the connection was lost" : `code ${code}`);
      this.#loseAll(why);
      onEnd(why, this.#isClosedHere);
    });
    socket.resume();
  }

  say(frame: WithoutId<Exclude<ClientFrame, Further>>, listener: Listener): Conversation {
    this.#lastId++;
    const id = this.#lastId;
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) {
      queueMicrotask(() => listener.lost(this.#lost("it is closed")));
      return { add() {}, cancel() {} };
    }
    this.#listeners.set(id, listener);
    socket.send(JSON.stringify({ ...frame, id }));
    const go = (further: WithoutId<Further>) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ ...further, id }));
    };
    return {
      add: (further) => {
        if (this.#listeners.has(id)) go(further);
      },
      cancel: () => {
        if (this.#listeners.delete(id)) go({ type: "cancel" });
      },
    };
  }

  pause(): void {
    this.#pauses++;
    this.#socket.pause();
  }

  resume(): void {
    this.#pauses--;
    if (this.#pauses === 0) this.#socket.resume();
  }

  close(): void {
    this.#isClosedHere = true;
    this.#socket.close();
  }

  #receive(text: string): void {
    const frame = readFrame(text);
    if (frame === undefined || frame.type === "hello") {
      this.#socket.close(1008, "this is no frame of the attach protocol");
      return;
    }
    const isOver = this.#listeners.get(frame.id)?.hear(frame);
    if (isOver === true) this.#listeners.delete(frame.id);
  }

  /** A node that has said nothing since the last time, not even to a ping, is lost. */
  #ping(): void {
    if (this.#pauses > 0) return;
    if (!this.#isAlive) this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  #loseAll(why: string): void {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.lost(this.#lost(why));
  }

  #lost(why: string): Unreachable {
    return new Unreachable(`the connection to the node at ${this.#at} has ended: ${why}`);
  }
}
