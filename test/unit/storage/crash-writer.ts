/**
 * A process to be killed: writes pairs of entries, each pair with one flush, and prints the number of
 * every flush that resolved. Its argument is the folder.
 */
import { writeSync } from "node:fs";
import { silentLog } from "../../../src/core/log.ts";
import { realEnv } from "../../../src/node/real-env.ts";
import { openDisk } from "../../../src/storage/disk.ts";

const storage = openDisk(process.argv[2] ?? "", realEnv(silentLog));
for (let n = 1; ; n++) {
  storage.put("left", Buffer.from(String(n)));
  storage.put("right", Buffer.from(String(n)));
  storage.put(`n/${n}`, Buffer.alloc(1_000));
  await storage.flush();
  writeSync(1, `${n}\n`);
}
