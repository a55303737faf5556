/**
 * What is said to rkt, and what it answers. Pure. Flags and answers are those of rkt 1.30, of whose manual pages and
 * sources this is read: `rkt help prepare`, `rkt/cli_apps.go`, `api/v1/json.go`.
 */
import { Unavailable } from "../../core/errors.ts";
import { asInstanceId, type InstanceId } from "../../core/ids.ts";
import { asObject } from "../../core/reading.ts";
import type { TaskVolume } from "../provider.ts";
import type { RktParams } from "./params.ts";

/** Which task a pod is of. */
export interface PodTask {
  readonly instance: InstanceId;
  readonly attempt: number;
}

export interface Pod {
  readonly uuid: string;
  /** As rkt has it: `prepared`, `running`, `exited`… */
  readonly state: string;
  /** Undefined: it has no manifest yet, and will never have one where its preparation was aborted. */
  readonly task: PodTask | undefined;
}

/** Where rkt keeps what, and what pods run on. */
export interface RktPlaces {
  /** All that rkt writes: images and pods. */
  readonly data: string;
  /** An empty folder: what the host's own rkt is configured to is not meant for Mob's. */
  readonly config: string;
}

/** The name of a pod's only app, which is how the pod is found again. */
export function podName({ instance, attempt }: PodTask): string {
  return `mob-${instance}-${attempt}`;
}

function parsePodName(name: unknown): PodTask | undefined {
  if (typeof name !== "string") return undefined;
  const [, instance, attempt = ""] = /^mob-([0-9a-f]{16})-(\d{1,15})$/.exec(name) ?? [];
  if (instance === undefined) return undefined;
  return { instance: asInstanceId(instance), attempt: Number(attempt) };
}

/** What every command begins with. Nothing tells whose key an image by file or URL is signed with. */
export function globalArgs({ data, config }: RktPlaces, image?: string): readonly string[] {
  const insecure = image?.startsWith("http:") === true ? "image,http" : "image";
  const folders = [`--dir=${data}`, `--local-config=${config}`, `--system-config=${config}`];
  return [...folders, `--insecure-options=${insecure}`];
}

export function fetchArgs({ image, pull }: Pick<RktParams, "image" | "pull">): readonly string[] {
  return ["fetch", "--full", `--pull-policy=${pull === "always" ? "update" : "new"}`, image];
}

/** The image's hash, of what `rkt fetch --full` writes. @throws Unavailable */
export function parseHash(stdout: string): string {
  return lastMatch(stdout, /^sha512-[0-9a-f]{32,128}$/, "rkt fetch tells no hash");
}

/** The pod's UUID, of what `rkt prepare --quiet` writes. @throws Unavailable */
export function parseUuid(stdout: string): string {
  return lastMatch(stdout, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "rkt tells no UUID");
}

function lastMatch(text: string, pattern: RegExp, otherwise: string): string {
  const line = text.trim().split("\n").at(-1) ?? "";
  if (pattern.test(line)) return line;
  throw new Unavailable(`${otherwise}: ${line.slice(0, 200)}`);
}

export interface Preparation {
  readonly name: string;
  /** A hash. */
  readonly image: string;
  /** The file of the stage1 image. */
  readonly stage1: string;
  /** The file that has what `splitEnv` puts in one. */
  readonly envFile: string;
  /** The rest of it. */
  readonly env: readonly string[];
  readonly volumes: readonly TaskVolume[];
}

/** A flag of an app stands behind its image; what is of the pod stands before. */
export function prepareArgs(
  { name, image, stage1, envFile, env, volumes }: Preparation,
  { command, args, user, cwd, volumes: bound }: Omit<RktParams, "image" | "pull" | "network">,
): readonly string[] {
  const folders = [
    ...volumes.map(({ folder, at }) => ({ from: folder, at, readOnly: false })),
    ...bound,
  ].map((one, index) => ({ ...one, name: `mob-${index}` }));
  const [program, ...ofProgram] = command ?? [];
  const words = [...ofProgram, ...args];
  return [
    ...["prepare", "--quiet", `--stage1-path=${stage1}`, `--set-env-file=${envFile}`],
    ...env.map((variable) => `--set-env=${variable}`),
    ...folders.map(
      ({ name, from, readOnly }) =>
        `--volume=${name},kind=host,source=${quoted(from)},readOnly=${readOnly}`,
    ),
    image,
    `--name=${name}`,
    ...(program === undefined ? [] : [`--exec=${program}`]),
    ...(user === undefined ? [] : [`--user=${user.uid}`]),
    ...(user?.gid === undefined ? [] : [`--group=${user.gid}`]),
    ...(cwd === undefined ? [] : [`--working-dir=${cwd}`]),
    ...folders.map(({ name, at }) => `--mount=volume=${name},target=${quoted(at)}`),
    ...(words.length === 0 ? [] : ["--", ...words]),
  ];
}

/** rkt reads the value of such a flag as the query of a URL, with commas for its `&`. */
function quoted(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Of a line, in bytes: rkt stops reading a file at a longer one, without a word. */
const envLineMax = 60_000;

/**
 * An environment in what can be a line of a file, which no list of processes shows, and what cannot: a file has no
 * word for a line's end in a value.
 */
export function splitEnv(env: Readonly<Record<string, string>>): {
  readonly file: string;
  readonly rest: readonly string[];
} {
  const all = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const isLine = (one: string) => !/[\n\r]/.test(one) && Buffer.byteLength(one) <= envLineMax;
  const file = all.filter(isLine).map((line) => `${line}\n`);
  return { file: file.join(""), rest: all.filter((one) => !isLine(one)) };
}

/** The pods in what `rkt list --format=json` writes. @throws Unavailable for anything else */
export function parsePods(stdout: string): readonly Pod[] {
  let told: unknown;
  try {
    told = JSON.parse(stdout) ?? []; // No pods are `null`.
  } catch (cause) {
    throw new Unavailable(`rkt list tells no JSON: ${stdout.slice(0, 200)}`, { cause });
  }
  if (!Array.isArray(told)) throw new Unavailable("rkt list tells no list");
  return told.flatMap((one: unknown) => {
    const { name: uuid, state, app_names: names } = asObject(one) ?? {};
    if (typeof uuid !== "string" || typeof state !== "string") return [];
    const task = parsePodName(Array.isArray(names) ? names[0] : undefined);
    return [{ uuid, state, task }];
  });
}

/** The version, of what `rkt version` writes; undefined: it tells none. */
export function parseVersion(stdout: string): string | undefined {
  return /^rkt Version:\s*(\S+)/m.exec(stdout)?.[1];
}
