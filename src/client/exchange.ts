/**
 * One request and its answer over HTTP, with every way it can fail turned into the error that tells
 * the user what it means. Knows nothing of what is asked.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { errorIn } from "../api/error-envelope.ts";
import { apiHeader, apiVersion } from "../api/paths.ts";
import { type Address, formatAddress } from "../core/address.ts";
import {
  type ErrorShape,
  type MobError,
  messageOf,
  OutcomeUnknown,
  RemoteError,
  Unreachable,
} from "../core/errors.ts";

export interface Request {
  /** A POST changes something: unanswered, its outcome is unknown. */
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
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

export function createExchange(address: Address): Exchange {
  // With a `timeout` of its own, longer than any server's, an agent heeds the time after which a node
  // closes an idle connection, and drops it before: no request is sent into one that is being closed.
  const agent = new Agent({ keepAlive: true, timeout: idleMsMax });
  return {
    async json<T>(asked: Request): Promise<T> {
      const answer = await send(agent, address, asked);
      try {
        return JSON.parse(await textOf(answer)) as T;
      } catch (error) {
        throw unanswered(address, asked, messageOf(error));
      }
    },
    async stream(asked) {
      return bodyOf(await send(agent, address, asked), address, asked);
    },
    close: () => agent.destroy(),
  };
}

/** Resolves with an answer that is a node's and is not an error. */
async function send(agent: Agent, address: Address, asked: Request): Promise<IncomingMessage> {
  const answer = await begin(agent, address, asked);
  if (answer.headers[apiHeader] !== String(apiVersion)) {
    answer.destroy();
    throw new Unreachable(
      `what answers at ${formatAddress(address)} is no node that this version can talk to`,
    );
  }
  if (answer.statusCode === 200) return answer;
  throw new RemoteError(await readError(answer));
}

/** Resolves when the head of the answer is there. */
function begin(agent: Agent, address: Address, asked: Request): Promise<IncomingMessage> {
  const { timeoutMs, signal } = asked;
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  return new Promise((resolve, reject) => {
    const sent = request({
      ...address,
      agent,
      method: asked.method,
      path: asked.path,
      ...(body !== undefined && { headers: { "content-type": "application/json" } }),
      ...(signal !== undefined && { signal }),
    });
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
      reject(connected ? unanswered(address, asked, why) : noNode(address, why));
    });
    const settled = () => clearTimeout(timer);
    sent.once("response", settled).once("close", settled);
    sent.end(body);
  });
}

async function* bodyOf(
  answer: IncomingMessage,
  address: Address,
  asked: Request,
): AsyncGenerator<Buffer> {
  try {
    for await (const part of answer) yield part;
  } catch (error) {
    throw unanswered(address, asked, messageOf(error));
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

function noNode(address: Address, why: string): MobError {
  const at = formatAddress(address);
  const isHere = ["127.0.0.1", "localhost", "::1"].includes(address.host);
  const hint = isHere ? `start one with \`mob -p ${address.port}\` ` : "";
  return new Unreachable(`no node answers at ${at}: is it running? ${hint}(${why})`);
}

function unanswered(address: Address, { method }: Request, why: string): MobError {
  const at = formatAddress(address);
  return method === "GET"
    ? new Unreachable(`the node at ${at} did not answer: ${why}`)
    : new OutcomeUnknown(`the node at ${at} did not answer, and may have done it or not: ${why}`);
}
