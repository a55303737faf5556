/**
 * A process whose files may not grow past a limit that its parent set: fills its storage until a flush
 * fails, then goes on. Prints what it saw as JSON. Its argument is the folder.
 */
import { MobError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import { realEnv } from "../../../src/node/real-env.ts";
import { openDisk } from "../../../src/storage/disk.ts";

const storage = openDisk(process.argv[2] ?? "", realEnv(silentLog));
storage.put("first", Buffer.from("1"));
await storage.flush();

const refusals: string[] = [];
let written = 0;
while (refusals.length === 0) {
  for (let i = 0; i < 50; i++) storage.put(`filler/${written++}`, Buffer.alloc(10_000));
  await storage.flush().catch((error: unknown) => refusals.push(codeOf(error)));
}
const [again] = await Promise.allSettled([storage.flush()]);
if (again.status === "rejected") refusals.push(codeOf(again.reason));

const readable = Buffer.from(storage.get("first") ?? []).toString();
for (let i = 0; i < written; i++) storage.remove(`filler/${i}`);
storage.put("after", Buffer.from("2"));
await storage.flush();
await storage.close();
console.log(JSON.stringify({ refusals, readable }));

function codeOf(error: unknown): string {
  return error instanceof MobError ? error.code : String(error);
}
