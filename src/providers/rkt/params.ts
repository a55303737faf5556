/** Parameters of a pod: its image, what runs in it, as whom, and what of the host it finds there. */
import { described, type Place } from "../../core/reading.ts";
import { choice, listOf, text } from "../../core/value-readers.ts";
import { type BoundFolder, readVolume } from "../docker/params.ts";
import { readWords } from "../docker/words.ts";
import { declareParams } from "../params.ts";

export interface RktParams {
  /** An ACI: an absolute path on the node, or a URL of http or https. */
  readonly image: string;
  /** When the image of a URL is asked for; a file is read at each start. */
  readonly pull: "missing" | "always";
  /** In place of the image's own; the first is an absolute path in the image. */
  readonly command: readonly string[] | undefined;
  /** After the command, or after the image's own. */
  readonly args: readonly string[];
  /** Undefined: the image's. */
  readonly user: PodUser | undefined;
  /** In the image; undefined: the image's. */
  readonly cwd: string | undefined;
  readonly network: "host" | "none";
  readonly volumes: readonly BoundFolder[];
}

/** In decimal. */
export interface PodUser {
  readonly uid: string;
  /** Undefined: the image's. */
  readonly gid: string | undefined;
}

const volumesMax = 256;
/** Ends the arguments of an image on rkt's command line, wherever it stands: it cannot be one. */
const argsEnd = "---";

const readImage = text(
  /^(?:\/[^\0]{1,4094}|https?:\/\/[^\s\0]{1,4000})$/,
  "an image by the absolute path of its file, or by a URL of http or https",
);
const readFolder = text(/^\/[^\0]{0,4094}$/, "an absolute path");

/** One less than (uid_t)-1, which to the kernel means nobody at all. */
const idMax = 0xfffffffe;
const userPattern = /^(\d{1,10})(?::(\d{1,10}))?$/;
const readUser = described(
  () => ({
    anyOf: [
      { type: "integer", minimum: 0, maximum: idMax },
      { type: "string", pattern: userPattern.source },
    ],
  }),
  (value, at): PodUser => {
    // YAML reads a lone uid as a number.
    const given = Number.isSafeInteger(value) ? String(value) : value;
    const match = typeof given === "string" ? userPattern.exec(given) : null;
    if (match === null || match.slice(1).some((id) => Number(id ?? 0) > idMax))
      at.wrong("must be a uid, like 1000, or uid:gid: a pod looks up no names");
    const [, uid = "", gid] = match ?? [];
    return { uid, gid };
  },
);

export const rktParams = declareParams(
  "rkt",
  "an object with an image",
  (fields): RktParams => ({
    image: fields.required("image", readImage, "What the pod is made from: an ACI."),
    pull: fields.optional(
      "pull",
      choice(["missing", "always"]),
      "missing",
      "When the image of a URL is asked for; a file is read at each start.",
    ),
    command: fields.optional(
      "command",
      readWords,
      undefined,
      "What runs in it, in place of the image's own: a line, split as a shell splits it, or a list.",
    ),
    args: fields.optional(
      "args",
      readWords,
      [],
      "Arguments of the command, or of the image's own.",
    ),
    user: fields.optional("user", readUser, undefined, "Whom it runs as: a uid, or uid:gid."),
    cwd: fields.optional("cwd", readFolder, undefined, "The folder it runs in, in the image."),
    network: fields.optional(
      "network",
      choice(["host", "none"]),
      "host",
      "The host's, or none at all.",
    ),
    volumes: fields.optional(
      "volumes",
      listOf(readVolume, volumesMax),
      [],
      "Folders of the host's.",
    ),
  }),
  wrongTogether,
);

/** Why a pod cannot have its folders there; undefined: it can. fly mounts them in no order that one could rely on. */
export function whyNotThere(folders: readonly Pick<BoundFolder, "at">[]): string | undefined {
  const paths = folders.map(({ at }) => at.replace(/\/+$/, ""));
  for (const [index, path] of paths.entries()) {
    const outer = paths.find((one, other) => other !== index && `${path}/`.startsWith(`${one}/`));
    if (outer !== undefined) return `${path} is in ${outer}, and a pod has no order of mounts`;
  }
  return undefined;
}

function wrongTogether({ command, args, volumes }: RktParams, at: Place): void {
  if (command !== undefined && !command[0]?.startsWith("/")) {
    at.member("command").wrong("must begin with an absolute path: a pod looks on no PATH");
  }
  for (const [key, words] of Object.entries({ command: command ?? [], args })) {
    if (words.includes(argsEnd)) {
      at.member(key).wrong(`must not contain ${argsEnd}, which rkt takes for its end`);
    }
  }
  const why = whyNotThere(volumes);
  if (why !== undefined) at.member("volumes").wrong(`cannot be had: ${why}`);
}
