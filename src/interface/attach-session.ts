/**
 * One attached session, as an actor: answers the requests that come over its WebSocket, and passes on its
 * traces and what its commands write. What it has begun elsewhere, traces, suspensions and commands, ends when
 * this actor does, however that comes about: the inspectors and executors of all nodes concerned watch it.
 */
import { type ClientFrame, closeCodes, pingMs } from "../api/attach-frames.ts";
import { logContentType } from "../api/paths.ts";
import { errorShape, MobError, Unavailable } from "../core/errors.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { OpenTrace, TraceRequest } from "./actor-tracing.ts";
import type { AttachSocket } from "./attach-socket.ts";
import {
  AttachedCommand,
  type AttachedCommandOptions,
  type CommandFrame,
  type ExecFrame,
} from "./attached-command.ts";
import type { Tunnel, TunnelAnswer } from "./tunnel.ts";

/** Requests, traces and commands of one session that are not over. */
const openMax = 64;

export interface SessionOptions {
  readonly name: string;
  readonly socket: AttachSocket;
  /** Who is attached, and what they may do: told them, and shown to who looks at this actor. */
  readonly access: { readonly role: string; readonly who: string };
  readonly node: string;
  readonly version: string;
  readonly protocol: number;
  readonly tunnel: Tunnel;
  /** Begins a trace that belongs to this session. */
  readonly trace: (request: TraceRequest, self: Self<Protocol, Info>) => Promise<OpenTrace>;
  /** Begins a command that belongs to this session. */
  readonly exec: (
    wish: Parameters<AttachedCommandOptions["open"]>[0],
    self: Self<Protocol, Info>,
  ) => ReturnType<AttachedCommandOptions["open"]>;
  readonly nameOf: AttachedCommandOptions["nameOf"];
  /** Calls `end` once who is attached may no longer be; returns the undoing. */
  readonly watch: (end: () => void) => () => void;
  /** Aborted when the API closes. */
  readonly closing: AbortSignal;
}

type Info =
  | { readonly type: "frame"; readonly frame: ClientFrame }
  | { readonly type: "closed" }
  | { readonly type: "closing" }
  | { readonly type: "expired" }
  | { readonly type: "ping" };

interface State {
  readonly self: Self<Protocol, Info>;
  readonly options: SessionOptions;
  /** What is open, by the client's id: how it is broken off, and what it is. */
  readonly open: Map<number, Open>;
}

interface Open {
  readonly what: string;
  readonly wanted: AbortController;
  /** Where it is one. */
  readonly command?: AttachedCommand;
}

export function attachSession(options: SessionOptions): Behaviour<State, Protocol, Info> {
  return {
    init(self) {
      const state: State = { self, options, open: new Map() };
      const closing = () => self.tell({ type: "closing" });
      const unwatch = options.watch(() => self.tell({ type: "expired" }));
      // Not `terminate`, which a kill passes over.
      self.system.monitor(self.ref, () => {
        options.closing.removeEventListener("abort", closing);
        unwatch();
        for (const { wanted } of state.open.values()) wanted.abort();
        options.socket.close(closeCodes.restart, "the session was ended by its node");
      });
      if (options.closing.aborted) closing();
      else options.closing.addEventListener("abort", closing);
      begin(state);
      return state;
    },
    handlers: {},
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") react(state, message);
      return state;
    },
    describe: ({ options: { access }, open }) => ({
      who: access.who,
      role: access.role,
      open: [...open.values()].map(({ what }) => what),
    }),
  };
}

function begin({ self, options }: State): void {
  const { socket, access, node, version, protocol } = options;
  socket.start({
    frame: (frame) => self.tell({ type: "frame", frame }),
    closed: () => self.tell({ type: "closed" }),
  });
  const { role, who } = access;
  void socket.send({ type: "hello", protocol, node, version, role, who });
  self.sendAfter(pingMs, { type: "ping" });
  self.log.info("attached", { who, role });
}

function react(state: State, message: Info): void {
  const { self, options } = state;
  switch (message.type) {
    case "frame":
      receive(state, message.frame);
      return;
    case "ping":
      if (options.socket.ping()) self.sendAfter(pingMs, { type: "ping" });
      return;
    case "closing":
      options.socket.close(closeCodes.restart, "the node stops, or its API is restarted");
      self.stop();
      return;
    case "expired":
      options.socket.close(closeCodes.refused, "the token was revoked, or has expired");
      self.stop();
      return;
    case "closed":
      self.log.info("detached", { who: options.access.who });
      self.stop();
      return;
  }
}

function receive(state: State, frame: ClientFrame): void {
  const { open, options } = state;
  if (frame.type === "cancel") {
    open.get(frame.id)?.wanted.abort();
    open.delete(frame.id);
    return;
  }
  if (frame.type === "input" || frame.type === "input-end" || frame.type === "resize") {
    tellCommand(state, frame);
    return;
  }
  if (open.has(frame.id)) {
    options.socket.close(closeCodes.refused, "two open requests have one id");
    return;
  }
  if (open.size >= openMax) {
    tellFailure(
      state,
      frame.id,
      new Unavailable(`${openMax} requests are open at once: wait for one`),
    );
    return;
  }
  const wanted = new AbortController();
  beginWork(state, frame, wanted)
    .catch((error: unknown) => {
      if (!wanted.signal.aborted) tellFailure(state, frame.id, error);
    })
    .finally(() => {
      if (open.get(frame.id)?.wanted === wanted) open.delete(frame.id);
    });
}

type Beginning = Exclude<ClientFrame, CommandFrame | { readonly type: "cancel" }>;

function beginWork(state: State, frame: Beginning, wanted: AbortController): Promise<void> {
  const { open } = state;
  switch (frame.type) {
    case "request":
      open.set(frame.id, { what: `${frame.method} ${frame.path}`, wanted });
      return ask(state, frame, wanted.signal);
    case "trace":
      open.set(frame.id, { what: `trace of ${frame.target}`, wanted });
      return trace(state, frame, wanted.signal);
    case "exec": {
      const command = attachedCommand(state, frame);
      const kind = frame.command.length > 0 ? "a command beside" : "the console of";
      open.set(frame.id, { what: `${kind} ${frame.service}`, wanted, command });
      return command.run(wanted.signal);
    }
  }
}

function attachedCommand({ self, options }: State, frame: ExecFrame): AttachedCommand {
  const { socket, exec, nameOf } = options;
  return new AttachedCommand({ socket, nameOf, open: (wish) => exec(wish, self) }, frame);
}

/** What comes for one that has just ended is late, and no fault. */
function tellCommand(state: State, frame: CommandFrame): void {
  const command = state.open.get(frame.id)?.command;
  command?.hear(frame).then(
    (isHeard) => {
      if (isHeard) return;
      state.options.socket.close(closeCodes.refused, "that command does not read this");
    },
    (error: unknown) => {
      state.open.get(frame.id)?.wanted.abort();
      if (state.open.delete(frame.id)) tellFailure(state, frame.id, error);
    },
  );
}

async function ask(
  { options }: State,
  request: Extract<ClientFrame, { type: "request" }>,
  wanted: AbortSignal,
): Promise<void> {
  const { tunnel, name, socket } = options;
  const { id } = request;
  const answer = await tunnel(name, request);
  wanted.addEventListener("abort", () => answer.destroy());
  if (wanted.aborted) {
    answer.destroy();
    return;
  }
  if (answer.contentType.startsWith(logContentType)) {
    for await (const piece of answer.body) {
      await socket.send({ type: "data", id, base64: piece.toString("base64") });
    }
    await socket.send({ type: "end", id });
    return;
  }
  // It is JSON already: put into the frame as it is.
  const head = JSON.stringify({ type: "answer", id, status: answer.status });
  await socket.sendText(`${head.slice(0, -1)},"body":${await textOf(answer)}}`);
}

async function textOf({ body }: TunnelAnswer): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function trace(
  { self, options }: State,
  request: Extract<ClientFrame, { type: "trace" }>,
  wanted: AbortSignal,
): Promise<void> {
  const { socket } = options;
  const { id } = request;
  const opened = await options.trace(request, self);
  wanted.addEventListener("abort", () => opened.stop()); // The read that waits comes back by it.
  try {
    await socket.send({ type: "tracing", id, node: opened.node, path: opened.path });
    while (!wanted.aborted) {
      const { records, ended } = await opened.read();
      if (wanted.aborted) return;
      // Waited for: what a slow reader leaves unread stays in the ring at the traced node, bounded.
      if (records.length > 0) await socket.send({ type: "traced", id, records: [...records] });
      if (ended === undefined) continue;
      await socket.send({ type: "trace-ended", id, why: ended });
      return;
    }
  } finally {
    opened.stop();
  }
}

function tellFailure({ self, options }: State, id: number, error: unknown): void {
  if (!(error instanceof MobError)) self.log.error("a request of a session failed", { error });
  const { code, message, details } = errorShape(error);
  void options.socket.send({ type: "failed", id, error: { code, message, details: [...details] } });
}
