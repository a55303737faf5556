/**
 * Where a process finds its volumes: symbolic links, each from the place that the spec names to a folder of the
 * host's. They need no privilege and no mount, and are for whatever asks for that path on the host. Those of an
 * instance are listed in its own folder before they are made, and go with it.
 */
import {
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, Unavailable } from "../core/errors.ts";

/** Paths, absolute. */
export interface VolumeLink {
  readonly at: string;
  readonly folder: string;
}

/**
 * Makes the links of an instance in place of those that it had.
 * @param folder the instance's own, which is there
 * @throws Unavailable naming the place where something else is, or that cannot be written
 */
export function makeLinks(folder: string, links: readonly VolumeLink[]): void {
  removeLinks(folder);
  if (links.length === 0) return;
  const list = links.flatMap(({ at, folder: to }) => [at, to]).join("\0");
  writeFileSync(`${listIn(folder)}.new`, list, { mode: 0o600 });
  renameSync(`${listIn(folder)}.new`, listIn(folder)); // Whole at once, and before the first is made.
  for (const link of links) if (!isThere(link)) makeLink(link);
}

/** Removes those that are still what they were made as. */
export function removeLinks(folder: string): void {
  for (const link of listedIn(folder)) if (isThere(link)) rmSync(link.at, { force: true });
  rmSync(listIn(folder), { force: true });
}

function makeLink({ at, folder }: VolumeLink): void {
  try {
    symlinkSync(folder, at);
  } catch (cause) {
    throw new Unavailable(`a volume cannot be had at ${at}: ${whyNot(cause, at)}`, { cause });
  }
}

function whyNot(error: unknown, at: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EEXIST":
      return "there is something else at that place of this node's machine";
    case "ENOENT":
    case "ENOTDIR":
      return `there is no folder ${dirname(at)} on this node's machine`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "this node's user cannot write there";
    default:
      return messageOf(error);
  }
}

function isThere({ at, folder }: VolumeLink): boolean {
  try {
    return readlinkSync(at) === folder;
  } catch {
    return false;
  }
}

function listIn(folder: string): string {
  return join(folder, "links");
}

function listedIn(folder: string): readonly VolumeLink[] {
  const words = textOf(listIn(folder)).split("\0");
  return words.flatMap((at, index) => {
    const to = words[index + 1];
    return index % 2 === 0 && to !== undefined ? [{ at, folder: to }] : [];
  });
}

/** Empty where there is no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
