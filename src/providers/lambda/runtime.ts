/**
 * The runtime of handlers for Node: a client of the AWS Lambda Runtime API that calls a function of a
 * module, `(event, context)` or with a callback, as AWS Lambda's own does. It is given where its host
 * listens, the folder of the code, and the handler.
 */
import { existsSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../core/errors.ts";

const [api = "", root = "", handlerName = "", functionName = ""] = process.argv.slice(2);
const [host, port] = api.split(":");
const agent = new Agent({ keepAlive: true });
/** A handler that waits for what never comes is to be told so by its timeout, not by an end that says nothing. */
setInterval(() => {}, 2 ** 30);

type Handler = (event: unknown, context: object, callback: Callback) => unknown;
type Callback = (error: unknown, answer?: unknown) => void;

/** @throws Error when there is no such file or export */
async function loadHandler(): Promise<Handler> {
  const dot = handlerName.lastIndexOf(".");
  const path = join(root, handlerName.slice(0, dot));
  const file = [".js", ".mjs", ".cjs"]
    .map((ending) => path + ending)
    .find((one) => existsSync(one));
  if (file === undefined) throw new Error(`there is no ${path}.js, .mjs or .cjs`);
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  const name = handlerName.slice(dot + 1);
  const byDefault = exported["default"];
  const handler =
    exported[name] ??
    (typeof byDefault === "object" && byDefault !== null
      ? Reflect.get(byDefault, name)
      : undefined);
  if (typeof handler !== "function") throw new Error(`${file} exports no function ${name}`);
  return handler as Handler;
}

function ask(method: string, path: string, body?: string): Promise<[IncomingMessage, string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}` });
    asked.once("error", reject);
    asked.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answer.once("end", () => resolve([answer, text]));
    });
    asked.end(body);
  });
}

function call(handler: Handler, event: unknown, context: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, answer) => (error ? reject(error) : resolve(answer));
    const returned = handler(event, context, callback);
    // One that takes a callback answers by it, unless it gives a promise.
    if (handler.length < 3 || returned instanceof Promise) resolve(returned);
  });
}

/** As AWS Lambda has it, nothing is null. @throws TypeError for what JSON has no word for */
function asJson(answer: unknown): string {
  const text = JSON.stringify(answer ?? null);
  if (text !== undefined) return text;
  throw new TypeError(`the handler answered with a ${typeof answer}, which is no JSON`);
}

function errorText(error: unknown): string {
  const errorType = error instanceof Error ? error.name : typeof error;
  const stack = error instanceof Error ? (error.stack ?? "").split("\n").slice(1) : [];
  return JSON.stringify({ errorType, errorMessage: messageOf(error), stackTrace: stack });
}

async function serve(handler: Handler): Promise<never> {
  for (;;) {
    const [{ headers }, text] = await ask("GET", "invocation/next");
    const id = String(headers["lambda-runtime-aws-request-id"]);
    const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
    const context = {
      awsRequestId: id,
      functionName,
      functionVersion: "$LATEST",
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    };
    try {
      const answer = await call(handler, JSON.parse(text), context);
      await ask("POST", `invocation/${id}/response`, asJson(answer));
    } catch (error) {
      console.error(error);
      await ask("POST", `invocation/${id}/error`, errorText(error));
    }
  }
}

try {
  await serve(await loadHandler());
} catch (error) {
  console.error(error); // With the line of the code.
  await ask("POST", "init/error", errorText(error)).catch(() => {}); // Its host has gone.
}
