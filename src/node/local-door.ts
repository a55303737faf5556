/**
 * Where a node's user finds it on this host: its Unix socket, `DATA/api.sock`, and the file in
 * `~/.mob/run` that names it. A path of more than a Unix socket can have leads over a link to a short
 * folder of the user's alone.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { formatRunFile, parseRunFile } from "../api/run-file.ts";
import { messageOf, Unavailable } from "../core/errors.ts";

/** What `sun_path` holds, less its final zero: unix(7); macOS has 104 of them. */
export const socketPathBytesMax = process.platform === "darwin" ? 103 : 107;

const shortFolderPrefix = "mob-";
const shortFolderPattern = /^mob-[A-Za-z0-9]{6}$/;

export interface LocalDoor {
  readonly socketPath: string;
  /** Tells the user's commands that the node is there. @throws Unavailable */
  announce(): void;
  /** Takes back what was announced, and what was made for a short path. */
  remove(): void;
}

/**
 * Clears away what a node that was killed left in this data folder, which the caller has locked.
 * @throws Unavailable
 */
export function localDoor(dataFolder: string, runFolder: string, port: number): LocalDoor {
  const name = join(dataFolder, "api.sock");
  const runFile = join(runFolder, String(port));
  removeShortFolder(name);
  const isShort = Buffer.byteLength(name) <= socketPathBytesMax;
  const shortFolder = isShort ? undefined : makeShortFolder(name);
  const socketPath = shortFolder === undefined ? name : join(shortFolder, "api.sock");
  return {
    socketPath,
    announce() {
      try {
        mkdirSync(runFolder, { recursive: true, mode: 0o700 });
        // By rename, so that no one reads half of it.
        const draft = join(runFolder, `.${port}.${process.pid}`);
        writeFileSync(draft, formatRunFile({ socket: socketPath, pid: process.pid }), {
          mode: 0o600,
        });
        renameSync(draft, runFile);
      } catch (cause) {
        throw new Unavailable(`${runFile} cannot be written: ${messageOf(cause)}`, { cause });
      }
    },
    remove() {
      if (announcedBy(runFile) === process.pid) rmSync(runFile, { force: true });
      removeShortFolder(name);
      // Its link may be gone by now, with the whole data folder.
      if (shortFolder !== undefined) rmSync(shortFolder, { recursive: true, force: true });
    },
  };
}

/** The process that a run file tells of, if there is one. */
function announcedBy(runFile: string): number | undefined {
  try {
    return parseRunFile(readFileSync(runFile, "utf8"))?.pid;
  } catch {
    return undefined; // It is gone, or was not ours to read.
  }
}

function makeShortFolder(link: string): string {
  const folder = mkdtempSync(join(shortTmp(), shortFolderPrefix)); // Mode 0700, a name no one foresees.
  symlinkSync(folder, link);
  return folder;
}

function shortTmp(): string {
  const longest = `${shortFolderPrefix}XXXXXX/api.sock`.length + 1;
  const folder = tmpdir();
  return Buffer.byteLength(folder) + longest <= socketPathBytesMax ? folder : "/tmp";
}

/** Removes the link and the folder that it leads to, where it is one that `makeShortFolder` made. */
function removeShortFolder(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  const folder = readlinkSync(link);
  const found = statSync(folder, { throwIfNoEntry: false });
  const isOurs = found?.isDirectory() === true && found.uid === process.getuid?.();
  if (isOurs && shortFolderPattern.test(basename(folder)) && dirname(folder) !== ".") {
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(link);
}
