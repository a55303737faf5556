/**
 * One request and its answer over HTTP, with every way it can fail turned into the error that tells
 * the user what it means. Knows nothing of what is asked.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { errorIn } from "../api/error-envelope.ts";
import { apiHeader, apiVersion, bodyBytesMax } from "../api/paths.ts";
import {
  BadRequest,
  type ErrorShape,
  MobError,
  messageOf,
  OutcomeUnknown,
  RemoteError,
  Unreachable,
} from "../core/errors.ts";
import { formatApiToken } from "../trust/api-token.ts";
import { addressText, type Endpoint } from "./endpoint.ts";
import { PinnedAgent } from "./pinned-agent.ts";

export interface Request {
  /** A POST changes something, unless it `reads`: unanswered, its outcome is unknown. */
  readonly method: "GET" | "POST";
  /** Asks alone, with a wish that is too long for a path. */
  readonly reads?: true;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Largest that the node takes; default: what it takes of most. */
  readonly bodyBytesMax?: number;
  /** Until the answer begins. */
  readonly timeoutMs: number;
  /** Breaks the exchange off. */
  readonly signal?: AbortSignal;
}

export interface Exchange {
  /**
   * The answer, parsed, as what the caller knows that path to answer.
   * @throws RemoteError, Unreachable, OutcomeUnknown
   */
  json<T>(request: Request): Promise<T>;
  /**
   * The answer's body once it has begun, and as it comes.
   * @throws RemoteError, Unreachable; Unreachable also in mid-stream.
   */
  stream(request: Request): Promise<AsyncIterable<Buffer>>;
  close(): void;
}

/** Longest that an idle connection is kept, whatever the other side says. */
const idleMsMax = 60_000;

export function createExchange(endpoint: Endpoint): Exchange {
  // With a `timeout` of its own, longer than any server's, an agent heeds the time after which a node
  // closes an idle connection, and drops it before: no request is sent into one that is being closed.
  const settings = { keepAlive: true, timeout: idleMsMax };
  const agent =
    endpoint.kind === "local" ? new Agent(settings) : new PinnedAgent(endpoint, settings);
  return {
    async json<T>(asked: Request): Promise<T> {
      const answer = await send(agent, endpoint, asked);
      try {
        return JSON.parse(await textOf(answer)) as T;
      } catch (error) {
        throw unanswered(endpoint, asked, messageOf(error));
      }
    },
    async stream(asked) {
      return bodyOf(await send(agent, endpoint, asked), endpoint, asked);
    },
    close: () => agent.destroy(),
  };
}

/** Resolves with an answer that is a node's and is not an error. */
async function send(agent: Agent, endpoint: Endpoint, asked: Request): Promise<IncomingMessage> {
  const answer = await begin(agent, endpoint, asked);
  if (answer.headers[apiHeader] !== String(apiVersion)) {
    answer.destroy();
    throw new Unreachable(
      `what answers at ${addressText(endpoint)} is no node that this version can talk to`,
    );
  }
  if (answer.statusCode === 200) return answer;
  throw new RemoteError(await readError(answer));
}

/** Resolves when the head of the answer is there. */
async function begin(agent: Agent, endpoint: Endpoint, asked: Request): Promise<IncomingMessage> {
  const { timeoutMs, signal } = asked;
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const bytes = Buffer.byteLength(body ?? "");
  const bytesMax = asked.bodyBytesMax ?? bodyBytesMax;
  if (bytes > bytesMax) {
    throw new BadRequest(`the request has ${bytes} bytes, and a node takes at most ${bytesMax}`);
  }
  return new Promise((resolve, reject) => {
    const sent = request({
      ...(endpoint.kind === "local" && { socketPath: endpoint.socketPath }),
      agent,
      method: asked.method,
      path: asked.path,
      headers: headersOf(endpoint, body),
    });
    // Node's own `signal` fails the socket, for which no one answers once the answer has ended.
    const abort = () => sent.destroy();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    let connected = false;
    const timer = setTimeout(() => {
      sent.destroy(new Error(`nothing came within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    sent.once("socket", (socket) => {
      connected = !socket.connecting; // One that was kept from an earlier request.
      if (connected) return;
      socket.once("connect", () => {
        connected = true;
      });
    });
    sent.once("response", resolve);
    sent.once("error", (error) => {
      const why = messageOf(error);
      if (error instanceof MobError) reject(error);
      else reject(connected ? unanswered(endpoint, asked, why) : noNode(endpoint, why));
    });
    const settled = () => clearTimeout(timer);
    sent.once("response", settled).once("close", settled);
    sent.once("close", () => signal?.removeEventListener("abort", abort));
    sent.end(body);
  });
}

/**
 * Which node it is the socket's path or the pin says; the port, that a local socket is not another
 * node's by now.
 */
function headersOf(endpoint: Endpoint, body: string | undefined): Record<string, string> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  if (endpoint.kind === "local") return { host: `localhost:${endpoint.port}`, ...json };
  return { host: "localhost", authorization: `Bearer ${formatApiToken(endpoint.token)}`, ...json };
}

async function* bodyOf(
  answer: IncomingMessage,
  endpoint: Endpoint,
  asked: Request,
): AsyncGenerator<Buffer> {
  try {
    for await (const part of answer) yield part;
  } catch (error) {
    throw unanswered(endpoint, asked, messageOf(error));
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  answer.setEncoding("utf8");
  let text = "";
  for await (const part of answer) text += part;
  return text;
}

async function readError(answer: IncomingMessage): Promise<ErrorShape> {
  try {
    const error = errorIn(JSON.parse(await textOf(answer)));
    if (error !== undefined) return error;
  } catch {
    // Not what a node answers: its status is all there is to tell.
  }
  return { code: "internal", message: `HTTP status ${answer.statusCode}`, details: [] };
}

function noNode(endpoint: Endpoint, why: string): MobError {
  const at = addressText(endpoint);
  const isHere = endpoint.kind === "local";
  const hint = isHere ? `start one with \`mob -p ${endpoint.port}\` ` : "";
  return new Unreachable(`no node answers at ${at}: is it running? ${hint}(${why})`);
}

function unanswered(endpoint: Endpoint, { method, reads }: Request, why: string): MobError {
  const at = addressText(endpoint);
  return method === "GET" || reads === true
    ? new Unreachable(`the node at ${at} did not answer: ${why}`)
    : new OutcomeUnknown(`the node at ${at} did not answer, and may have done it or not: ${why}`);
}
