/**
 * Health checks that connect, on the real network of this host. Each has a connection of its own, as a
 * new client would: one that is kept open says nothing of whether others are taken.
 */
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

/**
 * Of the answer the status line alone is read, and the connection closed: a client that reads all of it
 * takes twice the time, and a node may have a thousand services to ask.
 */
function ask(port: number, path: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    let said = "";
    socket.setEncoding("latin1");
    socket.on("error", (error) => end(whyNot(error)));
    socket.on("data", (text) => {
      said = withoutInterim(said + text);
      const [, status] = statusLine.exec(said) ?? [];
      if (status !== undefined) end(/[23]../.test(status) ? undefined : `answered ${status}`);
      else if (said.length > statusLineMax || !mayBecomeHttp(said)) end("the answer is not HTTP");
    });
    socket.once("end", () => end("the connection was closed without an answer"));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: mob-health-check\r\nConnection: close\r\n\r\n`,
    );
  });
}

const statusLine = /^HTTP\/1\.[01] ([2-5][0-9]{2})(?: [^\r\n]*)?\r?\n/;
const statusLineMax = 4_096;

/** What comes before the answer proper, such as early hints, says nothing. */
function withoutInterim(said: string): string {
  const interim = /^(?:HTTP\/1\.[01] 1[0-9]{2}.*?\r?\n\r?\n)+/s.exec(said)?.[0] ?? "";
  return said.slice(interim.length);
}

function mayBecomeHttp(said: string): boolean {
  const start = "HTTP/1.";
  return said.startsWith(start.slice(0, said.length));
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
