/**
 * `~/.mob/run/PORT`: where the node on that port is to be found by its user. A node writes it when it
 * is up; commands read it, and so never ask whoever else has the port.
 */

export interface RunFile {
  /** Path of the node's Unix socket. */
  readonly socket: string;
  readonly pid: number;
}

export function formatRunFile({ socket, pid }: RunFile): string {
  return `${JSON.stringify({ socket, pid })}\n`;
}

/** Undefined when `text` is no such file's. */
export function parseRunFile(text: string): RunFile | undefined {
  const parsed = parseJson(text);
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { socket, pid }: Partial<Record<keyof RunFile, unknown>> = parsed;
  if (typeof socket !== "string" || !socket.startsWith("/") || socket.includes("\0")) {
    return undefined;
  }
  return typeof pid === "number" && Number.isSafeInteger(pid) ? { socket, pid } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
