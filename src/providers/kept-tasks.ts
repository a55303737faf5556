/** What is the same for every provider whose tasks are processes: a keeper has them. */
import type { Keeper } from "../keeper/keeper.ts";
import type { Provider } from "./provider.ts";

type KeptTasks = Pick<Provider, "list" | "adopt" | "output" | "forget" | "remove" | "close">;

/** All that a provider does with tasks once they are started. */
export function keptTasks(keeper: Keeper): KeptTasks {
  return {
    list: (instance) => keeper.list(instance),
    adopt: ({ instance, attempt }) => keeper.adopt(instance, attempt),
    output: (instance, limits) => keeper.output(instance, limits),
    forget: (instance, attempt) => keeper.forget(instance, attempt),
    remove: (instance) => keeper.remove(instance),
    close: () => keeper.close(),
  };
}
