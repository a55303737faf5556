/** `mob.exec`: runs a command beside a task to its end, and gives what came of it as plain data. */
import type { Attachment } from "../client/attachment.ts";
import type { ExecExit } from "../client/executing.ts";
import { OutputHead } from "../core/output-head.ts";
import type { Paint } from "./style.ts";

/** Kept of what a command writes, of each stream: the beginning. */
const outputBytesMax = 1024 * 1024;

export interface Ran {
  readonly node: string;
  readonly exit: ExecExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws what the node refuses */
export async function runToEnd(
  { exec }: Pick<Attachment, "exec">,
  service: string,
  command: readonly string[],
): Promise<Ran> {
  const executing = await exec({ service, command });
  const heads = { stdout: new OutputHead(outputBytesMax), stderr: new OutputHead(outputBytesMax) };
  for await (const { stream, bytes } of executing.output) heads[stream].add(bytes);
  return {
    node: executing.node,
    exit: executing.exit() ?? {},
    stdout: heads.stdout.text,
    stderr: heads.stderr.text,
  };
}

export function formatRan({ exit, stdout, stderr }: Ran, paint: Paint): string {
  const { code, signal, reason } = exit;
  const how = signal === undefined ? `exit code ${code ?? "unknown"}` : `killed by ${signal}`;
  const ending = reason === undefined ? how : `${how}: ${reason}`;
  const told = code === 0 ? "" : paint("yellow", `${ending}\n`);
  return [stdout, stderr].map(wholeLines).join("") + told;
}

function wholeLines(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
