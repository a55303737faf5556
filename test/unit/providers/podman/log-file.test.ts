import assert from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logFile, textOf } from "../../../../src/providers/podman/log-file.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const at = "2026-11-26T00:21:31.068306635+00:00";
const lines = `${at} stdout F a b\n${at} stderr F \n${at} stdout P par\n${at} stdout F t\n${at} stdout P \n`;

test("an entry is what was written, and parts of a line are one", () => {
  assert.equal(textOf(Buffer.from(lines)).toString(), "a b\n\npart\n");
});

test("what follows a position is read, and no line that is not whole", async (t) => {
  const path = join(await tempFolder(t), "ctr.log");
  await writeFile(path, `${lines}${at} std`);
  const source = logFile(path);
  const { signal } = new AbortController();
  const read = async (from: number | undefined) => {
    let text = "";
    let position = from;
    for await (const piece of source.read(from, false, signal)) {
      text += Buffer.from(piece.bytes).toString();
      position = piece.position;
    }
    return { text, position };
  };
  const first = await read(undefined);
  assert.deepEqual(first, { text: "a b\n\npart\n", position: lines.length });
  await appendFile(path, "out F more\n");
  assert.equal((await read(first.position)).text, "more\n");
});

test("who follows is given what comes, until it is over", async (t) => {
  const path = join(await tempFolder(t), "ctr.log");
  await writeFile(path, "");
  const over = new AbortController();
  const texts: string[] = [];
  const alive = setInterval(() => {}, 1_000); // A watch alone keeps no process running.
  t.after(() => clearInterval(alive));
  setImmediate(() => void appendFile(path, `${at} stdout F came\n`));
  for await (const { bytes } of logFile(path).read(undefined, true, over.signal)) {
    texts.push(Buffer.from(bytes).toString());
    over.abort();
  }
  assert.deepEqual(texts, ["came\n"]);
});
