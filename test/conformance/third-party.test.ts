/** The conformance suite, run for a provider of a third party. */
import { describeProvider } from "./provider-suite.ts";
import { underTest } from "./third-party-under-test.ts";

describeProvider(underTest);
