/**
 * Finds the program of a task before it is started, as execvp(3) would, and says what is wrong with
 * one that cannot be run: in the task itself it would be an exit code 127 that tells nobody why. By
 * hand and not by a library: those say that there is none, not why.
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { messageOf, Unavailable } from "../core/errors.ts";

const isNotThere = "does not exist on this node";

/**
 * The absolute path of `program`: itself, or the first of that name in the folders of `path`, of
 * which those that are not absolute do not count.
 * @throws Unavailable when it is not there, no file, or not executable
 */
export async function findProgram(program: string, path = ""): Promise<string> {
  if (isAbsolute(program)) {
    const wrong = await whatIsWrong(program, "program");
    if (wrong === undefined) return program;
    throw new Unavailable(`${program} ${wrong}`);
  }
  let why: string | undefined;
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(folder, program);
    const wrong = await whatIsWrong(candidate, "program");
    if (wrong === undefined) return candidate;
    if (wrong !== isNotThere) why ??= `${candidate} ${wrong}`;
  }
  throw new Unavailable(why ?? `${program} is in no folder of its PATH on this node`);
}

/** @throws Unavailable when there is nothing at `path` */
export async function checkPath(path: string): Promise<void> {
  const wrong = await whatIsWrong(path, "path");
  if (wrong !== undefined) throw new Unavailable(`${path} ${wrong}`);
}

/** @throws Unavailable when `folder` is no folder, or may not be entered */
export async function checkFolder(folder: string): Promise<void> {
  const wrong = await whatIsWrong(folder, "folder");
  if (wrong !== undefined) throw new Unavailable(`${folder} ${wrong}`);
}

/** @throws Unavailable when `file` is no file, or may not be read */
export async function checkFile(file: string): Promise<void> {
  const wrong = await whatIsWrong(file, "file");
  if (wrong !== undefined) throw new Unavailable(`${file} ${wrong}`);
}

type Wanted = "program" | "folder" | "file" | "path";

const forbidden: Readonly<Record<Wanted, string>> = {
  program: "is not executable",
  folder: "may not be entered",
  file: "may not be read",
  path: "may not be looked at",
};

async function whatIsWrong(path: string, wanted: Wanted): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (wanted === "path") return undefined;
    if (wanted === "folder" ? !found.isDirectory() : !found.isFile()) {
      return `is no ${wanted === "folder" ? "folder" : "file"}`;
    }
    await access(path, wanted === "file" ? constants.R_OK : constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return isNotThere;
    return code === "EACCES" ? forbidden[wanted] : `cannot be used: ${messageOf(error)}`;
  }
}
