/** The programs that pods take on a node, and the stage1 that they run on. */
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, Unavailable } from "../../core/errors.ts";
import { checkFile, findProgram } from "../../keeper/program.ts";

/** The variable of the node's environment that names the file of the stage1 image. */
export const stage1Variable = "MOB_RKT_STAGE1";
/** The one flavour whose pod is the process that it was started as. */
const stage1Name = "stage1-fly.aci";
/** Where rkt's own packages have it. */
const packaged = "/usr/lib/rkt/stage1-images";

type Environment = Readonly<Record<string, string>>;

export interface RktTools {
  readonly rkt: string;
  readonly stage1: string;
  /** Of util-linux. */
  readonly unshare: string;
}

/** @throws Unavailable naming what is missing */
export async function findTools(env: Environment): Promise<RktTools> {
  const find = (program: string) => findProgram(program, env["PATH"]);
  const rkt = await find("rkt");
  const uid = process.getuid?.();
  if (uid !== 0) throw new Unavailable(`rkt takes root, and this node runs as uid ${uid}`);
  const unshare = await find("unshare");
  await find("nsenter"); // For whoever enters a pod.
  return { rkt, unshare, stage1: await findStage1(rkt, env) };
}

async function findStage1(rkt: string, env: Environment): Promise<string> {
  const named = env[stage1Variable];
  if (named !== undefined && named !== "") {
    try {
      await checkFile(named);
      return named;
    } catch (error) {
      throw new Unavailable(`${stage1Variable}: ${messageOf(error)}`, { cause: error });
    }
  }
  const beside = dirname(await realpath(rkt));
  const folders = [beside, join(beside, "../lib"), packaged];
  for (const folder of folders) {
    const file = join(folder, stage1Name);
    const isThere = await checkFile(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  throw new Unavailable(
    `there is no ${stage1Name} in ${folders.join(", ")}, and ${stage1Variable} names none`,
  );
}
