/** The bash provider where there are no cgroups: processes are found by their mark. */
import { bashUnderTest } from "./bash-under-test.ts";

export const underTest = bashUnderTest(false, import.meta.url);
