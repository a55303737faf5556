/**
 * The program that a provider of a third party runs in: one process a provider, started by the node and
 * ended with it. What goes wrong in here goes wrong for this provider alone.
 */
import { serialize } from "node:v8";
import { errorShape, messageOf } from "../../core/errors.ts";
import { type Asked, messageCharsMax, type Told } from "./messages.ts";
import { ServedProvider } from "./served-provider.ts";

/** The node stands still while it reads one. Above all that is asked for: a piece of an output has 1 MiB. */
const answerBytesMax = 16 * 1024 * 1024;

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

/** Something that cannot be sent, such as a function in a handle, is an error of whoever made it. */
function tellAnswer(call: number, reply: unknown): void {
  try {
    const { byteLength } = serialize(reply);
    if (byteLength <= answerBytesMax) tell({ told: "answer", call, reply });
    else refuse(call, `its answer has ${byteLength} bytes, of at most ${answerBytesMax}`);
  } catch (error) {
    refuse(call, `its answer is not plain data: ${messageOf(error)}`);
  }
}

function refuse(call: number, message: string): void {
  tell({ told: "error", call, error: { code: "internal", message, details: [] } });
}

const served = new ServedProvider(tell);

async function answer(asked: Asked): Promise<void> {
  const { call } = asked;
  try {
    tellAnswer(call, await served.answer(asked));
  } catch (error) {
    tell({ told: "error", call, error: toldError(error) });
  }
}

/** Of a provider that has errors of its own, what they say in Mob's words counts. */
function toldError(error: unknown) {
  const { code, message: whole, details } = errorShape(error);
  const message = whole.slice(0, messageCharsMax);
  if (code !== "internal" || !(error instanceof Error)) return { code, message, details };
  const own: unknown = Reflect.get(error, "code");
  const told: unknown = Reflect.get(error, "details");
  const isOurs = typeof own === "string" && /^[a-z_]{1,64}$/.test(own);
  return { code: isOurs ? own : code, message, details: Array.isArray(told) ? told : details };
}

process.on("uncaughtExceptionMonitor", (error: unknown) =>
  tell({
    told: "failed",
    why: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  }),
);
process.on("message", (message) => void answer(message as Asked));
// Of a node that is gone. Nothing that a provider leaves open keeps this process.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
