/** Invokes a function, and prints what it answers. */
import { text } from "node:stream/consumers";
import { BadRequest, messageOf } from "../../core/errors.ts";
import { formatAnswer } from "../../shell/views.ts";
import type { Context } from "../context.ts";
import type { Io } from "../io.ts";
import { withProgress } from "../progress.ts";

export interface InvokeOptions {
  /** JSON, or `-` for standard input; default `{}`. */
  readonly data?: string;
}

export async function invokeFunction(
  { io, client, print }: Context,
  name: string,
  { data = "{}" }: InvokeOptions,
): Promise<void> {
  const event = await readEvent(io, data);
  const invoked = await withProgress(io, `invoking ${name}`, client.invoke(name, event));
  await print(invoked, ({ answer }) => formatAnswer(answer));
}

async function readEvent(io: Io, data: string): Promise<unknown> {
  const given = data === "-" ? await text(io.stdin) : data;
  try {
    return JSON.parse(given);
  } catch (error) {
    const where = data === "-" ? "standard input" : "--data";
    throw new BadRequest(`${where} is no JSON: ${messageOf(error)}`, { cause: error });
  }
}
