import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkFolder, findProgram } from "../../../src/keeper/program.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A folder with a program, a text, and a folder by those names. */
async function startFolder(t: TestContext, name = "."): Promise<string> {
  const folder = join(await tempFolder(t), name);
  await mkdir(join(folder, "folder"), { recursive: true });
  await writeFile(join(folder, "program"), "#!/bin/sh\n");
  await chmod(join(folder, "program"), 0o755);
  await writeFile(join(folder, "text"), "");
  return folder;
}

test("a program by its path is that", async (t) => {
  const folder = await startFolder(t);
  assert.equal(await findProgram(join(folder, "program")), join(folder, "program"));
});

test("a program by its name is the first on the PATH that can be run", async (t) => {
  const [a, b] = [await startFolder(t), await startFolder(t)];
  await chmod(join(a, "program"), 0o644);
  const path = ["/no/such", "relative", "", a, b].join(":");
  assert.equal(await findProgram("program", path), join(b, "program"));
});

test("what cannot be run is told with the reason", async (t) => {
  const folder = await startFolder(t);
  const cases: readonly [program: string, message: string][] = [
    [`${folder}/none`, `${folder}/none does not exist on this node`],
    [`${folder}/program/x`, `${folder}/program/x does not exist on this node`],
    [`${folder}/text`, `${folder}/text is not executable`],
    [`${folder}/folder`, `${folder}/folder is no file`],
    ["none", "none is in no folder of its PATH on this node"],
    ["text", `${folder}/text is not executable`],
  ];
  for (const [program, message] of cases) {
    await assert.rejects(findProgram(program, folder), { code: "unavailable", message });
  }
});

test("a folder of the PATH that is not absolute finds nothing", async () => {
  await assert.rejects(findProgram("node", "bin:."), { code: "unavailable" });
});

test("a folder to run in must be there, and a folder", async (t) => {
  const folder = await startFolder(t);
  await checkFolder(folder);
  await assert.rejects(checkFolder(`${folder}/none`), {
    message: `${folder}/none does not exist on this node`,
  });
  await assert.rejects(checkFolder(`${folder}/text`), { message: `${folder}/text is no folder` });
});
