/** How the scripts of this folder and the benchmarks end: a word that one cannot take is told in a line, not as a crash. */
import { BadRequest } from "../src/core/errors.ts";

/**
 * Runs `main`, whose result is the exit code; 2 where it throws what is wrong with its arguments: an error of
 * `parseArgs`, a `BadRequest`, or that of a file which an argument names.
 * @param name what the user called
 */
export async function runMain(name: string, main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!isUsage(error)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 2;
  }
}

function isUsage(error: unknown): error is Error {
  if (error instanceof BadRequest) return true;
  if (!(error instanceof Error) || !("code" in error)) return false;
  const isOfFile = "syscall" in error && error.syscall === "open";
  return isOfFile || String(error.code).startsWith("ERR_PARSE_ARGS_");
}
