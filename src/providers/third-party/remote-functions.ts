/** The functions of a third party's provider, invoked in its process. One that is cut off may have been done. */
import { OutcomeUnknown, Unavailable } from "../../core/errors.ts";
import type { Invocable } from "../provider.ts";
import type { ProviderProcess } from "./provider-process.ts";

/** Of all events that are on their way or being done, in characters: bounds what a channel keeps. */
const openCharsMax = 64 * 1024 * 1024;

/** @param there the provider's process. @throws Unavailable when there is none now */
export function remoteFunctions(there: () => ProviderProcess): Invocable {
  let openChars = 0;
  return {
    async invoke(instance, event) {
      const process = there();
      if (openChars + event.length > openCharsMax) {
        throw new Unavailable(`events of ${openCharsMax} characters are under way: no more may`);
      }
      openChars += event.length;
      try {
        return await process.call("invoke", { instance, event });
      } catch (error) {
        // What the provider says keeps its code. This is the node's word: no answer, or none that is one.
        if (!(error instanceof Unavailable)) throw error;
        throw new OutcomeUnknown(error.message, { cause: error });
      } finally {
        openChars -= event.length;
      }
    },
    load: async (instance) => await there().call("invocations", { instance }),
  };
}
