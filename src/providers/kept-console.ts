/** The console of a machine that a keeper has: its log is the output that the keeper keeps. */
import type { Keeper } from "../keeper/keeper.ts";
import type { KeptTask } from "../keeper/kept-task.ts";
import { attachConsole } from "./console.ts";
import type { ConsoleRequest, FoundTask } from "./provider.ts";

/** As `Provider.console` has it. @param type hands what is typed to the task's console */
export async function keptConsole(
  keeper: Keeper,
  { instance, attempt }: FoundTask,
  request: ConsoleRequest,
  type: (task: KeptTask, input: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const task = keeper.held(instance, attempt);
  const output = await keeper.output(instance, request.logs);
  try {
    const { exited: ended } = task;
    await attachConsole(
      { output, ended, type: (input, signal) => type(task, input, signal) },
      request,
    );
  } finally {
    await output.close();
  }
}
