/** Parameters of a volume: the folders that it is made of, how they share its files, and its options. */
import { described, type Place } from "../../core/reading.ts";
import { flag, integer, listOf, mapOf, processText, text } from "../../core/value-readers.ts";
import { declareParams } from "../params.ts";
import { ownOptions } from "./ownership.ts";

export interface GlusterfsParams {
  /** Each as gluster writes them, `HOST:/folder`; its files are in a folder below, of the volume's name. */
  readonly bricks: readonly string[];
  /** How many bricks hold each file; undefined: one. */
  readonly replica: number | undefined;
  /** Of gluster's own, by name: what `gluster volume set` takes. */
  readonly options: Readonly<Record<string, string>>;
  /** Whether gluster is to accept what it warns of. */
  readonly force: boolean;
}

const bricksMax = 1_024;
const optionsMax = 256;
const valueCharsMax = 1_024;

const host = "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?";
/** Parts that are neither empty nor a dot or two, without what a command line or gluster takes apart. */
const path = "(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._@+-]{1,255}){1,64}";
const readBrick = text(
  new RegExp(`^${host}:${path}$`),
  "a host of the pool and a folder, like box1:/srv/bricks",
);

const brickList = listOf(readBrick, bricksMax);
const readBricks = described(
  () => ({ ...brickList.schema(), minItems: 1, uniqueItems: true }),
  (value, at: Place): readonly string[] => {
    const bricks = brickList(value, at);
    if (Array.isArray(value) && value.length === 0) at.wrong("must not be empty");
    bricks.forEach((brick, index) => {
      if (brick !== "" && bricks.indexOf(brick) < index) at.item(index).wrong("is listed twice");
    });
    return bricks;
  },
);

const optionMap = mapOf(
  /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+$/,
  processText(valueCharsMax),
  optionsMax,
);
const readOptions = described(
  () => optionMap.schema(),
  (value, at: Place): Readonly<Record<string, string>> => {
    const options = optionMap(value, at);
    for (const key of Object.keys(options)) {
      if (key.startsWith(ownOptions)) at.member(key).wrong("is where Mob notes whose it is");
      if (options[key] === "") at.member(key).wrong("must not be empty");
    }
    return options;
  },
);

export const glusterfsParams = declareParams(
  "glusterfs",
  "an object with bricks",
  (fields): GlusterfsParams => ({
    bricks: fields.required("bricks", readBricks, "The folders that it is made of."),
    replica: fields.optional(
      "replica",
      integer({ min: 2, max: 16 }),
      undefined,
      "How many bricks hold each file; without it, one.",
    ),
    options: fields.optional("options", readOptions, {}, "What gluster volume set takes, by name."),
    force: fields.optional(
      "force",
      flag,
      false,
      "Whether gluster is to accept bricks that it warns of, as on a root file system.",
    ),
  }),
  ({ bricks, replica = 1 }, at) => {
    if (bricks.length % replica === 0) return;
    at.member("bricks").wrong(
      `are ${bricks.length}, and must be a multiple of replica, ${replica}`,
    );
  },
);
