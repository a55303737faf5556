/** Asks nodes for what users wish in a plan, and tells who listens of each wish and its answer. */
import type { Operations } from "../actors/operations.ts";
import type { Receipt } from "../store/replication.ts";
import type { ItemOf } from "./schedule.ts";
import type { Stage } from "./stage.ts";
import type { Answer, Wish } from "./wish.ts";

/** Asks the node of a machine, if it runs. */
export function ask(stage: Stage, item: Wish["item"]): void {
  const { simulation, audience } = stage;
  if (!simulation.isUp(item.machine)) return;
  const wish: Wish = { item, askedAtMs: simulation.now };
  audience.asked(wish);
  const answered = (answer: Omit<Answer, "atMs">) => {
    wish.answer = { atMs: simulation.now, ...answer };
    simulation.note(`${item.machine} answers: ${item.name} ${answerText(answer)}`);
    audience.answered(wish);
  };
  simulation.begin(item.machine, async (operations) => {
    try {
      answered(await asked(operations, item));
    } catch (error) {
      answered({ error });
    }
  });
}

async function asked(
  operations: Operations,
  item: Wish["item"],
): Promise<Pick<Answer, "acks" | "replicas">> {
  if (item.kind === "act") {
    const [outcome] = await operations.act(item.action, [item.name]);
    return outcome?.changed ? worthOf(outcome.receipt) : {};
  }
  const [outcome] = await operations.deploy([specOf(item)]);
  const isNew = outcome !== undefined && outcome.deployed.result !== "unchanged";
  return isNew ? worthOf(outcome.receipt) : {};
}

function worthOf({ acks, replicas }: Receipt): Pick<Answer, "acks" | "replicas"> {
  return { acks, replicas };
}

/** The group that users deploy. */
export const groupName = "shop";

/** One that restarts what comes after, with one in it that is restarted as a whole. */
function groupOf(version: number): unknown {
  const service = (name: string) => versioned(name, version);
  const inner = ["api", "web"].map(service);
  return {
    name: groupName,
    strategy: "rest_for_one",
    services: [
      service("db"),
      { name: "front", strategy: "one_for_all", services: inner },
      service("mail"),
    ],
  };
}

/** The version is in two fields, so that a mix of two writers' specs is seen. */
function versioned(name: string, version: number): object {
  const env = { V: String(version) };
  return { name, provider: "virtual", params: { v: version }, env };
}

function specOf({ name, version }: ItemOf<"deploy">): unknown {
  if (name === groupName) return groupOf(version);
  const params = name === "job" ? { v: version, runMs: 2_000 } : { v: version };
  const requires = name === "api" ? ["db"] : [];
  return { ...versioned(name, version), params, requires };
}

function answerText({ acks, error }: Omit<Answer, "atMs">): string {
  if (error !== undefined) return String(error);
  return acks === undefined ? "nothing to do" : `done, on ${acks.length}`;
}
