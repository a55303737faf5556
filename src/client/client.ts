/**
 * The API as typed calls: the same `Commands` that the node implements, from anywhere. A failed write
 * is told apart: refused (RemoteError, with the node's own code), never sent (Unreachable), or sent
 * and not answered (OutcomeUnknown). Answers are trusted in shape, once the header says a node wrote
 * them: it checked them by type, and a newer one may add fields.
 */
import type { Commands, LogChunk, LogOptions, WatchOptions } from "../api/commands.ts";
import { decodeLog } from "../api/log-frames.ts";
import { actionPath, keyPath, paths, watchBodyBytesMax, withName } from "../api/paths.ts";
import type { VersionView } from "../api/shapes.ts";
import type { ServiceChange } from "../api/watch-shapes.ts";
import { decodeChanges } from "./change-lines.ts";
import { addressText, type Endpoint } from "./endpoint.ts";
import { createExchange, type Exchange, type Request } from "./exchange.ts";

export interface Client extends Commands {
  /** `host:port` of the node it talks to. */
  readonly address: string;
  /** Who answers there. The cheapest call there is. */
  version(): Promise<VersionView>;
  /** Closes idle connections. They keep no process alive, so a command may forget this. */
  close(): void;
}

export interface ClientOptions {
  /** Wait for the answer of a call that changes nothing; default 15,000 ms. */
  readonly readTimeoutMs?: number;
  /** The same for one that does: the node waits for the outcome too; default 90,000 ms. */
  readonly writeTimeoutMs?: number;
}

/** Longer than a function may take, and wait for its turn. */
const invokeTimeoutMs = 1_000_000;
/** Engines are looked through, container by container. */
const leftoversTimeoutMs = 70_000;
/** Longer than a node waits for engines and other nodes. */
const statsTimeoutMs = 30_000;

/** Connects when first called. `exchange`: the way to the node; default: HTTP, a connection of its own. */
export function createClient(
  endpoint: Endpoint,
  { readTimeoutMs = 15_000, writeTimeoutMs = 90_000 }: ClientOptions = {},
  exchange: Exchange = createExchange(endpoint),
): Client {
  const get = <T>(path: string, timeoutMs = readTimeoutMs): Promise<T> =>
    exchange.json<T>({ method: "GET", path, timeoutMs });
  const post = <T>(path: string, body: object): Promise<T> =>
    exchange.json<T>({ method: "POST", path, body, timeoutMs: writeTimeoutMs });

  const ask = <T>(path: string, body: object): Promise<T> =>
    exchange.json<T>({ method: "POST", reads: true, path, body, timeoutMs: readTimeoutMs });

  return {
    address: addressText(endpoint),
    version: () => get(paths.version),
    nodes: () => get(paths.nodes),
    leave: (options = {}) => post(paths.leave, options),
    forget: (node) => post(paths.forget, { node }),
    drain: (node) => post(paths.drain, { node }),
    undrain: (node) => post(paths.undrain, { node }),
    join: (other) => post(paths.join, { address: other }),
    joinByToken: (token, address) =>
      post(paths.joinByToken, { token, ...(address !== undefined && { address }) }),
    issueJoinToken: (wantedFor) =>
      post(paths.joinTokens, wantedFor === undefined ? {} : { for: wantedFor }),
    keys: () => get(paths.keys),
    rotateKeys: (step, key) => post(keyPath(step), key === undefined ? {} : { key }),
    services: (names = []) => get(withQuery(paths.services, { service: names })),
    stats: (names = []) => get(withQuery(paths.stats, { service: names }), statsTimeoutMs),
    show: (name) => get(withName(paths.service, name)),
    deploy: (documents) => post(paths.deploy, { documents }),
    scale: (name, instances) => post(withName(paths.scale, name), { instances }),
    rollback: (name) => post(withName(paths.rollback, name), {}),
    plan: (documents) => ask(paths.plan, { documents }),
    act: (action, names) => post(actionPath(action), { names }),
    pause: (names) => post(paths.pause, { names }),
    unpause: (names) => post(paths.unpause, { names }),
    logs: (name, options, signal) => readLogs(exchange, name, options, signal, readTimeoutMs),
    watch: (options, signal) => readChanges(exchange, options, signal, readTimeoutMs),
    endpoints: (name) =>
      get(
        name === undefined
          ? paths.endpoints
          : `${paths.endpoints}?service=${encodeURIComponent(name)}`,
      ),
    history: (name) => get(withName(paths.history, name)),
    invoke: (name, event) =>
      exchange.json({
        method: "POST",
        path: withName(paths.invoke, name),
        body: event,
        timeoutMs: invokeTimeoutMs,
      }),
    volumes: () => get(paths.volumes),
    removeVolume: (name) => post(paths.removeVolume, { name }),
    providers: () => get(paths.providers),
    leftovers: (node) => get(withQuery(paths.leftovers, { node }), leftoversTimeoutMs),
    removeLeftovers: (which = {}) => post(paths.removeLeftovers, which),
    actors: (node) => get(withQuery(paths.actors, { node })),
    actor: (target, node) => get(withQuery(paths.actor, { target, node })),
    suspend: (target, { node, forMs } = {}) => post(paths.suspendActor, { target, node, forMs }),
    resume: (target, node) => post(paths.resumeActor, { target, node }),
    restartActor: (target, node) => post(paths.restartActor, { target, node }),
    tokens: () => get(paths.tokens),
    createToken: (wanted) => post(paths.tokens, wanted),
    revokeToken: (token) => post(paths.revokeTokens, { token }),
    shutdown: () => post(paths.shutdown, {}),
    close: () => exchange.close(),
  };
}

async function readLogs(
  exchange: Exchange,
  name: string,
  { tail, follow, slot }: LogOptions,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<AsyncIterable<LogChunk>> {
  const query = { tail: String(tail), follow: String(follow), slot: slot?.toString() };
  const path = withQuery(withName(paths.logs, name), query);
  const body = await streamOf(exchange, { method: "GET", path, timeoutMs, signal });
  return untilAborted(decodeLog(body), signal);
}

async function readChanges(
  exchange: Exchange,
  { services, told }: WatchOptions,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<AsyncIterable<readonly ServiceChange[]>> {
  const silence = new AbortController();
  const ended = AbortSignal.any([signal, silence.signal]);
  const body = await streamOf(exchange, {
    method: "POST",
    reads: true,
    path: paths.watch,
    body: { services, told },
    bodyBytesMax: watchBodyBytesMax,
    timeoutMs,
    signal: ended,
  });
  return untilAborted(
    decodeChanges(body, () => silence.abort()),
    signal,
  );
}

/** The body of an answer; of one that its reader has aborted there is none. */
async function streamOf(
  exchange: Exchange,
  request: Request & { readonly signal: AbortSignal },
): Promise<AsyncIterable<Buffer> | Iterable<Buffer>> {
  return exchange.stream(request).catch((error: unknown) => {
    if (request.signal.aborted) return [];
    throw error;
  });
}

/** Who has aborted does not want to hear that the stream broke off. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function withQuery(
  path: string,
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
): string {
  const parameters = new URLSearchParams();
  for (const [key, value = []] of Object.entries(query)) {
    for (const one of [value].flat()) parameters.append(key, one);
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
