/** Deploys specs, or plans to, from files, standard input or the command line itself. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Source } from "../../api/documents.ts";
import type { DeployResult } from "../../api/results.ts";
import { deployAndLook } from "../../client/steady.ts";
import { BadRequest, messageOf } from "../../core/errors.ts";
import { formatPlans } from "../../shell/plan-views.ts";
import { formatDeploys } from "../../shell/views.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { withProgress } from "../progress.ts";
import { exitCodeOfStates, tellUnfinished } from "./services.ts";

/**
 * Each source is a file, `-` for standard input, or a spec itself (JSON, also with single quotes, or
 * YAML). All are read and parsed before anything is sent. Resolves with the exit code.
 */
export async function deploy(context: Context, sources: readonly string[]): Promise<number> {
  const { io, client, print } = context;
  const results = await withDocuments(io, sources, (documents) =>
    withProgress(io, "deploying", deployAndLook(client, documents)),
  );
  await print(results, formatDeploys);
  return over(context, results);
}

/** The output tells nothing of what never ran, nor of what ended by a user's wish before it failed. */
function whereToLook({ name, exit }: DeployResult["instances"][number]): string {
  const hasFailed = exit !== undefined && (exit.byMob !== true || exit.reason !== undefined);
  return hasFailed ? `its output tells more: mob logs ${name}\n` : `to see why: mob show ${name}\n`;
}

export async function scale(
  context: Context,
  name: string,
  instances: number | "everywhere",
): Promise<number> {
  const { io, client } = context;
  return showOne(context, withProgress(io, `scaling ${name}`, client.scale(name, instances)));
}

/** Deploys the version before the present one. */
export async function rollback(context: Context, name: string): Promise<number> {
  const { io, client } = context;
  return showOne(context, withProgress(io, `rolling back ${name}`, client.rollback(name)));
}

async function showOne(context: Context, deploying: Promise<DeployResult>): Promise<number> {
  const result = await deploying;
  await context.print(result, (one, paint) => formatDeploys([one], paint));
  return over(context, [result]);
}

/** The exit code, and where to look. What was undone meanwhile has failed, though all runs again; what goes on has not. */
function over({ io }: Context, results: readonly DeployResult[]): number {
  for (const { group, instances, unfinished } of results) {
    const ailing = instances.filter(({ state }) => state === "backing-off" || state === "failed");
    for (const instance of ailing) io.stderr.write(whereToLook(instance));
    if (ailing.length === 0) tellUnfinished(io, group, unfinished);
  }
  if (results.some(({ undone }) => undone !== undefined)) return exitCodes.failed;
  return exitCodeOfStates(results.flatMap(({ instances }) => instances.map(({ state }) => state)));
}

/** Tells what `deploy` of the same sources would do. */
export async function plan(context: Context, sources: readonly string[]): Promise<void> {
  const { io, client, print } = context;
  const plans = await withDocuments(io, sources, (documents) => client.plan(documents));
  await print(plans, formatPlans);
}

/** What the node has against a document is told of where that was written. */
async function withDocuments<T>(
  io: Io,
  sources: readonly string[],
  send: (documents: readonly unknown[]) => Promise<T>,
): Promise<T> {
  const read = await Promise.all(sources.map((source) => readSource(io, source)));
  const { inSources, readDocuments } = await import("../../api/documents.ts"); // YAML is slow to load.
  const written = readDocuments(read);
  try {
    return await send(written.map(({ document }) => document));
  } catch (error) {
    throw written.length > 1 ? inSources(error, written) : error;
  }
}

async function readSource(io: Io, source: string): Promise<Source> {
  if (source === "-") return { name: "standard input", text: await text(io.stdin) };
  if (source.trim() === "") throw new BadRequest("the spec on the command line is empty");
  if (isInline(source)) return { name: "the command line", text: source };
  try {
    return { name: source, text: await readFile(source, "utf8") };
  } catch (error) {
    throw new BadRequest(`${source} cannot be read: ${whyUnread(error)}`, { cause: error });
  }
}

function whyUnread(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  return messageOf(error);
}

/** A spec has braces, lines, or at least one `key: value`; a path has none of these. */
function isInline(source: string): boolean {
  return /^\s*[{[]|\n|^\s*\w+:\s/.test(source);
}
