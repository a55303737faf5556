/** Shows the output of a service, or of all services of a group, and follows it. */
import { StringDecoder } from "node:string_decoder";
import type { LogChunk } from "../../api/commands.ts";
import type { Context } from "../context.ts";
import { type Io, write } from "../io.ts";
import { LinePrefixer } from "../line-prefixer.ts";

export interface LogsOptions {
  readonly tail: number | "all";
  readonly follow?: boolean;
  readonly slot?: number;
  readonly json?: boolean;
}

/**
 * One instance's output is passed on byte by byte; that of several gets a prefix a line, so that each
 * line tells whose it is. That an instance is another node's now is told on stderr.
 */
export async function showLogs(
  { io, client }: Context,
  name: string,
  { tail, follow = false, slot, json = false }: LogsOptions,
): Promise<void> {
  const { instances } = await client.show(name);
  const wanted = { tail, follow, ...(slot !== undefined && { slot }) };
  const chunks = await client.logs(name, wanted, io.gone);
  if (json) return printJson(io, chunks);
  const read = instances.filter((one) => slot === undefined || one.slot === slot);
  const nodes = new Map(read.map((one) => [`${one.name}.${one.slot}`, one.node]));
  let prefixer: LinePrefixer | undefined;
  for await (const { bytes, skipped, ...from } of chunks) {
    const source = `${from.name}.${from.slot}`;
    const before = nodes.get(source) ?? from.node;
    if (before !== from.node) io.stderr.write(`[${source}: is on ${from.node} now]\n`);
    nodes.set(source, from.node);
    if (nodes.size > 1) prefixer ??= new LinePrefixer();
    if (skipped !== undefined) io.stderr.write(`[${source}: ${skipped} bytes are rotated away]\n`);
    await write(io, prefixer?.push(source, bytes) ?? bytes);
  }
  if (prefixer !== undefined) await write(io, prefixer.end());
}

/** A JSON object a piece of output. */
async function printJson(io: Io, chunks: AsyncIterable<LogChunk>): Promise<void> {
  const decoders = new Map<string, StringDecoder>();
  for await (const { bytes, ...about } of chunks) {
    const source = `${about.name}.${about.slot} ${about.node}`;
    const decoder = decoders.get(source) ?? new StringDecoder();
    decoders.set(source, decoder);
    const text = decoder.write(Buffer.from(bytes)); // A character may come in two pieces.
    await write(io, `${JSON.stringify({ ...about, text })}\n`);
  }
}
