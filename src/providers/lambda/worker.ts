/**
 * One process of a function, and the AWS Lambda Runtime API that it speaks to its host, on a port of its
 * own: by that its host knows who asks. What it prints is told line by line.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import { messageOf } from "../../core/errors.ts";
import { type HostConfig, payloadBytesMax } from "./host-config.ts";

/** What a function answered: bytes, or an error as its runtime tells it. */
export type Answer =
  | { readonly kind: "response"; readonly bytes: Buffer }
  | { readonly kind: "error"; readonly type: string; readonly message: string };

export interface WorkerEvents {
  /** It asks for something to do. */
  ready(): void;
  /** Resolves once what it printed until then is told, and it may go on. */
  answered(id: string, answer: Answer): Promise<void>;
  line(text: string): void;
  /** Once; `how`, for people: `ended with exit code 1`. */
  ended(how: string): void;
}

const base = "/2018-06-01/runtime";
const lineCharsMax = 65_536;

export class Worker {
  readonly #server: Server;
  readonly #events: WorkerEvents;
  #child: ChildProcess | undefined;
  /** Asks for something to do. */
  #asking: ServerResponse | undefined;
  #hasEnded = false;

  constructor(config: HostConfig, events: WorkerEvents) {
    this.#events = events;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(400).end(JSON.stringify({ errorMessage: messageOf(error) }));
      });
    });
    this.#server.on("error", (error) => this.#end(`has no port: ${error.message}`));
    this.#server.listen(0, "127.0.0.1", () => this.#spawn(config));
  }

  /** To one that asks. @param deadlineMs wall clock */
  hand(id: string, event: Buffer, deadlineMs: number, name: string): void {
    this.#asking?.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(Math.round(deadlineMs)),
      "lambda-runtime-invoked-function-arn": `arn:mob:lambda:::function:${name}`,
    });
    this.#asking?.end(event);
    this.#asking = undefined;
  }

  /** SIGKILL, to it and to what it started in its process group. */
  kill(): void {
    const pid = this.#child?.pid;
    this.#end("was ended");
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  #spawn({ command, isOwnRuntime, root, handler, env, name }: HostConfig): void {
    if (this.#hasEnded) return;
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const api = `127.0.0.1:${port}`;
    const own = isOwnRuntime ? [api, root, handler, name] : [];
    const [program = "", ...args] = [...command, ...own];
    this.#child = spawn(program, args, {
      cwd: root,
      detached: true, // A group of its own, to be killed as one.
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...env,
        AWS_LAMBDA_RUNTIME_API: api,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        LAMBDA_TASK_ROOT: root,
        _HANDLER: handler,
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      const lines = createInterface({ input: stream });
      lines.on("line", (line) => this.#events.line(line.slice(0, lineCharsMax)));
    }
    this.#child.once("error", (error) => this.#end(`could not be started: ${error.message}`));
    this.#child.once("exit", (code, signal) =>
      this.#end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
  }

  #end(how: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#server.close();
    this.#server.closeAllConnections();
    this.#events.ended(how);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = "" } = request;
    if (method === "GET" && url === `${base}/invocation/next`) {
      this.#asking = response;
      this.#events.ready();
      return;
    }
    const body = await bodyOf(request);
    if (method === "POST" && url === `${base}/init/error`) {
      const { type, message } = errorIn(body);
      response.writeHead(202).end();
      this.#events.line(`${type}: ${message}`);
      this.#end(`could not begin: ${type}: ${message}`);
      this.kill();
      return;
    }
    const [, id = "", what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(\w+)$/.exec(url) ?? [];
    if (method !== "POST" || (what !== "response" && what !== "error")) {
      response.writeHead(404).end();
      return;
    }
    await this.#events.answered(id, what === "error" ? errorIn(body) : responseOf(body));
    response.writeHead(202).end();
  }
}

function responseOf(bytes: Buffer | undefined): Answer {
  if (bytes !== undefined) return { kind: "response", bytes };
  const message = `its answer has more than ${payloadBytesMax} bytes`;
  return { kind: "error", type: "ResponseTooLarge", message };
}

/** As runtimes tell an error: `{ errorType, errorMessage }`. */
function errorIn(body: Buffer | undefined): Answer & { readonly kind: "error" } {
  try {
    const told: unknown = JSON.parse(String(body));
    if (typeof told === "object" && told !== null && "errorMessage" in told) {
      const type = "errorType" in told ? String(told.errorType) : "Error";
      return { kind: "error", type, message: String(told.errorMessage) };
    }
  } catch {
    // Told in its own words, then.
  }
  return { kind: "error", type: "Error", message: String(body).slice(0, lineCharsMax) };
}

/** Undefined when it is too large; then the rest is read and thrown away. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes <= payloadBytesMax) parts.push(part);
  }
  return bytes <= payloadBytesMax ? Buffer.concat(parts) : undefined;
}
