/**
 * What each library costs a process that loads it: time and memory over a bare Node, bundled as in
 * dist/. Resident memory rather than PSS, since the latter falls whenever another Node runs on the
 * machine; of a process alone they are the same. The table in docs/dependencies.md comes from here.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../scripts/root.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

export const name = "dependencies";

const runs = 5;

/** What loads each library, to where a node or a command would use it. */
const loads: Readonly<Record<string, string>> = {
  commander: 'const { Command } = await import("commander"); new Command().name("x");',
  execa: 'await import("execa");',
  fastify: 'const { fastify } = await import("fastify"); await fastify().ready();',
  lmdb: 'const { open } = await import("lmdb"); open({ path: process.argv[1] + ".db" });',
  msgpackr: 'const { Packr } = await import("msgpackr"); new Packr().pack({});',
  nact: 'const nact = await import("nact"); nact.start();',
  pino: 'const { pino } = await import("pino"); pino();',
  "pure-rand": 'await import("pure-rand/generator/xoroshiro128plus");',
  typebox: 'await import("typebox"); await import("typebox/compile");',
  yaml: 'const { parse } = await import("yaml"); parse("a: 1");',
};

interface Cost {
  readonly ms: number;
  readonly kib: number;
}

/** The cost of every library alone, of all together, and of Node itself. */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(root, "dist.bench-"));
  try {
    const bare = await measure(folder, "bare", "");
    const results = [figure("Node alone", "MiB", bare.kib / 1024)];
    for (const [library, code] of [
      ...Object.entries(loads),
      ["all together", Object.values(loads).join("\n")] as const,
    ]) {
      const cost = await measure(folder, library, inBlocks(code));
      results.push(figure(library, "MiB", (cost.kib - bare.kib) / 1024));
      results.push(figure(library, "ms", cost.ms - bare.ms));
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each line in a block of its own, so that their names do not clash. */
function inBlocks(code: string): string {
  return code
    .split("\n")
    .map((line) => `{ ${line} }`)
    .join("\n");
}

async function measure(folder: string, library: string, code: string): Promise<Cost> {
  const source = join(folder, `${library.replaceAll(" ", "-")}.source.mjs`);
  const program = source.replace(".source", "");
  writeFileSync(
    source,
    `import { readFileSync } from "node:fs";
const before = performance.now();
${code}
const ms = performance.now() - before;
const [, kib] = /^Rss:\\s+(\\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"));
console.log(JSON.stringify({ ms, kib: Number(kib) }));
process.exit();`,
  );
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["lmdb", "msgpackr"],
    minifySyntax: true,
    logLevel: "error",
    banner: {
      js: 'import { createRequire as make } from "node:module"; const require = make(import.meta.url);',
    },
  });
  const costs = Array.from({ length: runs }, (): Cost => {
    const flags = process.execArgv.filter((flag) => flag.startsWith("--max"));
    return JSON.parse(execFileSync(process.execPath, [...flags, program], { encoding: "utf8" }));
  });
  return { ms: median(costs.map(({ ms }) => ms)), kib: median(costs.map(({ kib }) => kib)) };
}

function figure(metric: string, unit: string, value: number): BenchResult {
  return { metric, unit, ours: Math.round(value * 10) / 10 };
}
