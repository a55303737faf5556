/** Users of real nodes, who ask what users of the simulator ask, and what they are told. */
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "../../../src/client/client.ts";
import { MobError } from "../../../src/core/errors.ts";
import type { ItemOf } from "../../../src/simulator/schedule.ts";
import type { Answer, Wish } from "../../../src/simulator/wish.ts";
import type { RealStage } from "./real-stage.ts";
import { serviceVariable } from "./tasks.ts";

/** What a node has acknowledged it shows within this, where nothing is wrong. */
const shownMsMax = 5_000;
const lookEveryMs = 20;

/** Asks the node of a machine, if it runs. */
export function ask(stage: RealStage, item: Wish["item"]): void {
  const node = stage.node(item.machine);
  if (node === undefined) return;
  const wish: Wish = { item, askedAtMs: stage.now };
  stage.audience.asked(wish);
  stage.work(answer(stage, node.client, wish));
}

async function answer(stage: RealStage, client: Client, wish: Wish): Promise<void> {
  const { item } = wish;
  const told = await asked(stage, client, item).catch((error: unknown) => {
    if (!(error instanceof MobError)) throw error;
    return { error };
  });
  const answered: Answer = { atMs: stage.now, ...told };
  stage.audience.note(`${item.machine} answers: ${item.name} ${textOf(answered)}`);
  if (item.kind === "deploy" && answered.acks !== undefined) await shown(stage, item);
  wish.answer = answered;
  stage.audience.answered(wish);
}

async function asked(
  stage: RealStage,
  client: Client,
  item: Wish["item"],
): Promise<Pick<Answer, "acks" | "replicas">> {
  const [told] =
    item.kind === "act"
      ? await client.act(item.action, [item.name])
      : await client.deploy([specOf(item)]);
  if (told === undefined || told.result === "unchanged") return {};
  return { acks: told.acks.map((name) => stage.idOf(name) ?? name), replicas: told.replicas };
}

/** Until anyone shows that version: then its stamp is known. It may have been replaced already. */
async function shown(stage: RealStage, { name, version }: ItemOf<"deploy">): Promise<void> {
  const giveUpAt = stage.now + shownMsMax;
  const isShown = () =>
    stage.machines.some((machine) => {
      const held = stage.node(machine)?.catalog.group(name);
      return held !== undefined && stage.versionsIn(held.record.spec)[0] === String(version);
    });
  while (!isShown() && stage.now < giveUpAt) await delay(lookEveryMs);
}

/** The version is in two places, so that a mix of two writers' specs is seen. */
function specOf({ name, version }: ItemOf<"deploy">): unknown {
  const run = name === "job" ? "sleep 2" : "exec sleep 1000000";
  return {
    name,
    provider: "bash",
    params: { command: `: v=${version}; ${run}` },
    requires: name === "api" ? ["db"] : [],
    env: { V: String(version), [serviceVariable]: name },
  };
}

function textOf({ acks, error }: Answer): string {
  if (error !== undefined) return String(error);
  return acks === undefined ? "nothing to do" : `done, on ${acks.length}`;
}
