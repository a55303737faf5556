/** Logs numbered lines to standard error, which is the file it is given, until that was rotated twice; then it crashes. */
import { statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { openNodeLog } from "../../../src/node/node-log.ts";

const [, , file = ""] = process.argv;
const bounds = { fileBytesMax: 20_000, filesKept: 50 };
const { log } = openNodeLog({ level: "info", to: "stderr", stderrFile: file, bounds });

for (let number = 0; ; number++) {
  log.info(`line ${number}`);
  await setImmediate();
  if (statSync(`${file}.2`, { throwIfNoEntry: false }) !== undefined) break;
}
void Promise.reject(new Error("a bug"));
