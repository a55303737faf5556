/** The conformance suite, run for bash with and without cgroups. */
import { underTest } from "./bash-under-test.ts";
import { underTest as withoutCgroups } from "./bash-without-cgroups-under-test.ts";
import { describeProvider } from "./provider-suite.ts";

describeProvider(underTest);
describeProvider(withoutCgroups);
