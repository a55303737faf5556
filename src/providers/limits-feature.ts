/** How a provider tells whether it can hold its tasks to limits. */
import type { Capabilities } from "./provider.ts";

type Able = Extract<Capabilities, { readonly available: true }>;

/** @param whyNot undefined: it can */
export function limitsFeature(whyNot: string | undefined): Pick<Able, "features" | "lacks"> {
  if (whyNot === undefined) return { features: ["limits"] };
  return { features: [], lacks: { limits: whyNot } };
}
