/** What Mob lends to the providers of third parties: see provider-module.ts. */
import { Keeper } from "../../keeper/keeper.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import type { ProviderTools } from "./provider-module.ts";

export const providerTools: ProviderTools = {
  openKeeper: (options) => new Keeper(options),
  keptLeftovers,
};
