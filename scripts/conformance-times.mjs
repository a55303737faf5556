/**
 * A reporter for Node's test runner, which loads it before it could load TypeScript: how long the conformance tests of
 * each provider took, and all together. Files run side by side, so the run itself took less.
 */
import { relative, resolve, sep } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** @param {AsyncIterable<import("node:test/reporters").TestEvent>} events */
// biome-ignore lint/style/noDefaultExport: which is what a reporter is.
export default async function* conformanceTimes(events) {
  const msByProvider = new Map();
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.nesting > 0) continue;
    const provider = providerOf(data);
    if (provider === undefined) continue;
    msByProvider.set(provider, (msByProvider.get(provider) ?? 0) + data.details.duration_ms);
  }
  if (msByProvider.size === 0) return;
  const slowestFirst = [...msByProvider].sort(([, a], [, b]) => b - a);
  const allMs = slowestFirst.reduce((sum, [, ms]) => sum + ms, 0);
  const lines = [...slowestFirst, ["all", allMs]].map(
    ([name, ms]) => `${(ms / 1_000).toFixed(1).padStart(8)} s  ${name}\n`,
  );
  yield `Conformance tests, one after the other:\n${lines.join("")}`;
}

/** By the name of the suite's run, or by the folder or the first word of a file of their own. */
function providerOf({ file, name }) {
  const [test, folder, place = ""] = file === undefined ? [] : relative(root, file).split(sep);
  if (test !== "test" || folder !== "conformance") return undefined;
  return /^\w+/.exec(place === "provider-suite.ts" ? name : place)?.[0];
}
