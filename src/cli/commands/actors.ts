/** Looks into a node: its tree of actors, one of them, its messages; and has one suspended or restarted. */
import { createAttachment } from "../../client/attachment.ts";
import { formatActor, formatActorTree } from "../../shell/actor-tree.ts";
import {
  formatRestarted,
  formatResumed,
  formatSuspended,
  formatTraceEnd,
  formatTraceRecord,
} from "../../shell/actor-views.ts";
import type { Context } from "../context.ts";
import { write } from "../io.ts";
import { withProgress } from "../progress.ts";

export interface ActorOptions {
  /** Name or id of its node. */
  readonly of?: string;
}

/** `target`: a path or a registered name; without one, the whole tree. */
export async function showActors(
  { client, print }: Context,
  target: string | undefined,
  { of }: ActorOptions,
): Promise<void> {
  if (target === undefined) return print(await client.actors(of), formatActorTree);
  await print(await client.actor(target, of), (actor) => formatActor(actor, Date.now()));
}

export interface SuspendOptions extends ActorOptions {
  /** In ms. */
  readonly for?: number;
}

const suspendMsUsual = 60_000;

export async function suspendActor(
  { client, print }: Context,
  target: string,
  { of, for: forMs = suspendMsUsual }: SuspendOptions,
): Promise<void> {
  const options = { forMs, ...(of !== undefined && { node: of }) };
  await print(await client.suspend(target, options), (it) => formatSuspended(it, Date.now()));
}

export async function resumeActor(
  { client, print }: Context,
  target: string,
  { of }: ActorOptions,
): Promise<void> {
  await print(await client.resume(target, of), formatResumed);
}

export async function restartActor(
  { io, client, print }: Context,
  target: string,
  { of }: ActorOptions,
): Promise<void> {
  const work = client.restartActor(target, of);
  await print(await withProgress(io, `restarting ${target}`, work), formatRestarted);
}

export interface TraceOptions extends ActorOptions {
  readonly messages: number;
  readonly rate: number;
  readonly json?: boolean;
}

/** Until its bound, or until whoever reads it has gone; with `json` an object a message. */
export async function traceActor(
  { io, endpoint, paint }: Context,
  target: string,
  { of, messages, rate, json = false }: TraceOptions,
): Promise<void> {
  const attachment = createAttachment(endpoint);
  try {
    const node = of === undefined ? {} : { node: of };
    const bounds = { messagesMax: messages, perSecondMax: rate };
    const trace = await attachment.trace({ target, ...node, ...bounds });
    const stop = () => trace.stop();
    io.gone.addEventListener("abort", stop);
    const unheard = io.onSignal(stop);
    for await (const records of trace.records) {
      for (const record of records) {
        const { node: on, path } = trace;
        const line = { node: on, path, ...record };
        await write(
          io,
          json ? `${JSON.stringify(line)}\n` : formatTraceRecord(record, target, paint),
        );
      }
    }
    unheard();
    const why = trace.ended();
    if (why !== undefined) io.stderr.write(formatTraceEnd(target, why));
  } finally {
    attachment.close();
  }
}
