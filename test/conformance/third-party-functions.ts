/** Mob's own functions, as a third party's module would bring them. */
import { createLambda } from "../../src/providers/lambda/lambda.ts";
import type { ProviderModule } from "../../src/providers/third-party/provider-module.ts";

export const type = "functions";

export const createProvider: ProviderModule["createProvider"] = (options) => ({
  ...createLambda(options),
  type,
});
