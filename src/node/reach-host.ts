/**
 * Health checks that connect, on the real network of this host. Each has a connection of its own, as a
 * new client would: one that is kept open says nothing of whether others are taken.
 */
import { get } from "node:http";
import { connect } from "node:net";
import type { ConnectingCheck } from "../actors/reach.ts";
import { messageOf } from "../core/errors.ts";

const host = "127.0.0.1";
/**
 * How long a connection must stay open to count. The proxy of a container engine takes any, and closes it
 * at once where nobody listens in the container.
 */
const lastingMs = 100;

export function reachHost(
  check: ConnectingCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  return check.kind === "http" ? ask(check.port, check.path, signal) : dial(check.port, signal);
}

function ask(port: number, path: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { "user-agent": "mob-health-check", connection: "close" };
    const request = get({ host, port, path, headers, agent: false, signal }, (response) => {
      const { statusCode = 0 } = response;
      request.destroy(); // What else it says is not of interest.
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `answered ${statusCode}`);
    });
    request.on("error", (error) => resolve(whyNot(error)));
  });
}

function dial(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.on("error", (error) => end(whyNot(error)));
    socket.once("data", () => end());
    socket.once("end", () => end("the connection was closed at once"));
    socket.setTimeout(lastingMs, () => socket.connecting || end());
  });
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ECONNRESET") return "the connection was reset";
  return messageOf(error);
}
