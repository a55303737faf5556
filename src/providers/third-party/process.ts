/**
 * The program that a provider of a third party runs in: one process a provider, started by the node and
 * ended with it. What goes wrong in here goes wrong for this provider alone.
 */
import { errorShape, messageOf } from "../../core/errors.ts";
import type { Asked, Told } from "./messages.ts";
import { ServedProvider } from "./served-provider.ts";

/** Something that cannot be sent, such as a function in a handle, is an error of whoever made it. */
function tell(told: Told): void {
  try {
    if (process.connected) process.send?.(told);
  } catch (error) {
    if (told.told === "answer") refuse(told.call, error);
    else throw error;
  }
}

function refuse(call: number, cause: unknown): void {
  const message = `its answer is not plain data: ${messageOf(cause)}`;
  tell({ told: "error", call, error: { code: "internal", message, details: [] } });
}

const served = new ServedProvider(tell);

async function answer(asked: Asked): Promise<void> {
  const { call } = asked;
  try {
    tell({ told: "answer", call, reply: await served.answer(asked) });
  } catch (error) {
    tell({ told: "error", call, error: toldError(error) });
  }
}

/** Of a provider that has errors of its own, what they say in Mob's words counts. */
function toldError(error: unknown) {
  const { code, message, details } = errorShape(error);
  if (code !== "internal" || !(error instanceof Error)) return { code, message, details };
  const own: unknown = Reflect.get(error, "code");
  const told: unknown = Reflect.get(error, "details");
  const isOurs = typeof own === "string" && /^[a-z_]{1,64}$/.test(own);
  return { code: isOurs ? own : code, message, details: Array.isArray(told) ? told : details };
}

process.on("message", (message) => void answer(message as Asked));
// Of a node that is gone. Nothing that a provider leaves open keeps this process.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
