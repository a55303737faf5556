/** Parameters of a container: an image, what runs in it, and what it is given of the machine. */
import { described } from "../../core/reading.ts";
import {
  choice,
  flag,
  integer,
  listOf,
  mapOf,
  processText,
  text,
} from "../../core/value-readers.ts";
import { type DeclaredParams, declareParams } from "../params.ts";
import { type PublishedPort, parsePublishedPort, publishedPortSchema } from "../published-ports.ts";
import { readWords } from "./words.ts";

export interface ContainerParams {
  /** As people write it: `alpine`, `registry.lan:5000/team/web:1.2`. */
  readonly image: string;
  /** In place of the image's own; undefined: that. */
  readonly entrypoint: readonly string[] | undefined;
  /** What runs, after the entrypoint; both undefined: the image's own. */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly pull: "missing" | "always" | "never";
  /** As the engine takes it; undefined: the image's. */
  readonly user: string | undefined;
  readonly cwd: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the engine's networks; none: its default. */
  readonly networks: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly volumes: readonly BoundFolder[];
  /** Processes and threads; undefined: no limit. */
  readonly pids: number | undefined;
  /** Whether the engine puts an init process before what runs. */
  readonly init: boolean;
  /** Whether the HEALTHCHECK of the image is made. */
  readonly healthcheck: boolean;
}

export interface BoundFolder {
  /** Absolute, on the host. */
  readonly from: string;
  /** Absolute, in the container. */
  readonly at: string;
  readonly readOnly: boolean;
}

const itemsMax = 256;

const component = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
const registry = "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::\\d{1,5})?/)?";
/** A reference as Docker has it, of at most 512 characters. */
const imagePattern = new RegExp(
  `^(?=.{1,512}$)${registry}${component}(?:/${component})*(?::[A-Za-z0-9_][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

const readImage = text(
  imagePattern,
  "the name of an image, like alpine:3.20 or registry.lan:5000/web",
);
const readUser = text(
  /^[^\s\0:]{1,256}(?::[^\s\0:]{1,256})?$/,
  "a user of the image's, or user:group",
);
const readFolder = text(/^\/[^\0]{0,4094}$/, "an absolute path");
const readNetwork = text(/^[A-Za-z0-9][\w.-]{0,127}$/, "the name of a network of the engine's");

const readPort = described(publishedPortSchema, (value, at): PublishedPort => {
  const port = parsePublishedPort(value);
  if (port !== undefined) return port;
  at.wrong(
    "must be a port of the container's, like 80, 8080:80, http:80, 127.0.0.1:8080:80 or 53:53/udp",
  );
  return { address: "", host: "", inside: 0, protocol: "tcp" };
});

const volumePattern = /^(\/[^:\0]{0,4094}):(\/[^:\0]{1,4094})(?::(ro|rw))?$/;

/** Two absolute paths, and `ro` where it is only read. */
export const readVolume = described(
  () => ({ type: "string", pattern: volumePattern.source }),
  (value, at): BoundFolder => {
    const match = typeof value === "string" ? volumePattern.exec(value) : null;
    if (match === null)
      at.wrong("must be two absolute paths, like /srv/data:/data or /etc/web:/etc/web:ro");
    const [, from = "", target = "", mode] = match ?? [];
    return { from, at: target, readOnly: mode === "ro" };
  },
);

const readLabels = mapOf(/^(?!mob\.)[A-Za-z0-9][\w./-]{0,255}$/, processText(4_096), itemsMax);
/** @param type the provider's */
export function declareContainerParams(type: string): DeclaredParams<ContainerParams> {
  return declareParams(
    type,
    "an object with an image",
    (fields): ContainerParams => ({
      image: fields.required("image", readImage, "What the container is made from."),
      entrypoint: fields.optional(
        "entrypoint",
        readWords,
        undefined,
        "In place of the image's own.",
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
        undefined,
        "The same; with `command`, that command's arguments.",
      ),
      pull: fields.optional(
        "pull",
        choice(["missing", "always", "never"]),
        "missing",
        "When the image is asked of its registry.",
      ),
      user: fields.optional("user", readUser, undefined, "Whom it runs as, in the container."),
      cwd: fields.optional(
        "cwd",
        readFolder,
        undefined,
        "The folder it runs in, in the container.",
      ),
      labels: fields.optional("labels", readLabels, {}, "Labels of the container."),
      networks: fields.optional(
        "networks",
        listOf(readNetwork, 16),
        [],
        "Networks of the engine's.",
      ),
      ports: fields.optional(
        "ports",
        listOf(readPort, itemsMax),
        [],
        "Ports that the host publishes.",
      ),
      volumes: fields.optional(
        "volumes",
        listOf(readVolume, itemsMax),
        [],
        "Folders of the host's.",
      ),
      pids: fields.optional("pids", integer({ min: 1, max: 4_194_304 }), undefined, "Limit."),
      init: fields.optional(
        "init",
        flag,
        false,
        "Has the engine's init process reap and pass on signals.",
      ),
      healthcheck: fields.optional(
        "healthcheck",
        flag,
        true,
        "The HEALTHCHECK of the image, if it has one, is its health; false: it is not made.",
      ),
    }),
  );
}

export const dockerParams = declareContainerParams("docker");
