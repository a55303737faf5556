/** Makes one health check of a task, whatever its kind. */
import { messageOf } from "../core/errors.ts";
import { OutputHead } from "../core/output-head.ts";
import type { FoundTask, Provider } from "../providers/provider.ts";
import { commandWords, type HealthCheck } from "../services/health-policy.ts";
import { endingText } from "../services/restart-policy.ts";
import type { ServiceSpec } from "../services/spec.ts";
import type { Reach } from "./reach.ts";

export interface ProbeOptions {
  readonly provider: Provider;
  readonly reach: Reach;
}

/** Of what a command writes, kept for the reason. */
const outputBytesMax = 400;

/**
 * Why the check failed, for people; undefined: it passed. Never rejects. Once `signal` is aborted,
 * nothing of it goes on.
 */
export async function probe(
  check: HealthCheck,
  task: FoundTask,
  spec: Pick<ServiceSpec, "params" | "env">,
  { provider, reach }: ProbeOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (check.kind !== "exec") {
    const { port } = check;
    if (typeof port === "string") return `the task was given no port ${port}`;
    return await reach({ ...check, port }, signal);
  }
  if (provider.exec === undefined) return `${provider.type} cannot run a command in a task`;
  try {
    const command = commandWords(check.command);
    const params = provider.parseParams(spec.params);
    const head = new OutputHead(outputBytesMax);
    const output = (bytes: Uint8Array) => head.add(bytes);
    const exit = await provider.exec(task, { command, params, env: spec.env, signal, output });
    if (exit.kind === "exited" && exit.code === 0) return undefined;
    const said = head.text.trim().replaceAll(/\s+/g, " ");
    const ending = endingText({ kind: "exit", exit, by: "task" });
    return said === "" ? ending : `${ending}: ${said}`;
  } catch (error) {
    return messageOf(error);
  }
}
