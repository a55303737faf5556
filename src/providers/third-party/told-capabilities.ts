/** What a third party says that it can do, short enough for every node of the network to hear it. Pure. */
import { onOneLine } from "../one-line.ts";
import type { Capabilities } from "../provider.ts";

const featuresMax = 32;
const wordCharsMax = 64;
/** Of why it lacks something: a sentence. */
const reasonCharsMax = 200;

/** On one line each, and no more and no longer than others take. */
export function toldCapabilities(found: Capabilities): Capabilities {
  if (!found.available) return found;
  const { version, features, lacks = {} } = found;
  const reasons = Object.entries(lacks).slice(0, featuresMax);
  return {
    available: true,
    version: onOneLine(version, wordCharsMax),
    features: features.slice(0, featuresMax).map((word) => onOneLine(word, wordCharsMax)),
    ...(reasons.length > 0 && {
      lacks: Object.fromEntries(
        reasons.map(([word, why]) => [
          onOneLine(word, wordCharsMax),
          onOneLine(why, reasonCharsMax),
        ]),
      ),
    }),
  };
}
