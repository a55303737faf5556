/** Runs a program in this process: its exit code is set, and the process ends when nothing is left to do. */
import { type Io, processIo } from "./io.ts";

export async function main(
  runProgram: (args: readonly string[], io: Io) => Promise<number>,
): Promise<void> {
  process.exitCode = await runProgram(process.argv.slice(2), processIo());
}
