/**
 * Two hundred megabytes of log lines from one task, read with `follow` through another node while they
 * are written: how long until they are written and read, whether what was read is whole, in order, and
 * every gap told; and whether both nodes answered others meanwhile.
 */
import type { Client } from "../src/client/client.ts";
import { answerFigure, answering } from "./answering.ts";
import { bashService, RealNodes } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";

export const name = "follow";

const lineBytes = 9;
const lines = 22_222_222;
const firstLine = 10_000_000;
const lastLine = firstLine + lines - 1;

export async function run(): Promise<readonly BenchResult[]> {
  const nodes = new RealNodes();
  try {
    const runs = await nodes.start("bash");
    const reads = await nodes.start("none"); // Offers nothing, so the service runs on the other.
    await reads.client.join(`127.0.0.1:${runs.port}`);
    const beganAt = performance.now();
    let read: Read = { bytes: 0, skipped: 0, isWhole: false };
    const asked = await answering([runs, reads], async () => {
      read = await deployAndRead(reads.client);
    });
    const tookMs = performance.now() - beganAt;
    return [
      { metric: "200 MB of log lines, from deploy until read", unit: "ms", ours: tookMs },
      { metric: "of those read, the rest told as a gap", unit: "MB", ours: read.bytes / 1e6 },
      {
        metric: "whole, in order, and nothing missing untold",
        unit: "",
        ours: read.isWhole ? 1 : 0,
        goal: "1",
        met: read.isWhole,
      },
      answerFigure("answers of both nodes meanwhile", asked),
    ];
  } finally {
    await nodes.close();
  }
}

interface Read {
  readonly bytes: number;
  readonly skipped: number;
  readonly isWhole: boolean;
}

/** Reads from the first line on until the last has come. */
async function deployAndRead(client: Client): Promise<Read> {
  const command = `seq ${firstLine} ${lastLine}; exec sleep 1000`;
  await client.deploy([bashService("lines", command)]);
  const enough = new AbortController();
  const options = { tail: "all", follow: true } as const;
  const chunks = await client.logs("lines", options, enough.signal);
  let bytes = 0;
  let skipped = 0;
  let isWhole = true;
  let expected: number | undefined;
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (chunk.skipped !== undefined) {
      skipped += chunk.skipped;
      // A gap ends at the begin of a line, but what was read before it may end in one.
      rest = Buffer.alloc(0);
      expected = undefined;
    }
    bytes += chunk.bytes.length;
    const block = Buffer.concat([rest, chunk.bytes]);
    let at = 0;
    for (; at + lineBytes <= block.length; at += lineBytes) {
      const line = Number(block.toString("latin1", at, at + lineBytes));
      isWhole &&= Number.isInteger(line) && line === (expected ?? line);
      expected = line + 1;
    }
    rest = block.subarray(at);
    if (expected === lastLine + 1) break;
  }
  enough.abort();
  return { bytes, skipped, isWhole: isWhole && expected === lastLine + 1 };
}
