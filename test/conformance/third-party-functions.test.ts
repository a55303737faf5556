/** The functions of a third party's provider: all goes over the channel. */
import { describeFunctions } from "./function-cases.ts";
import { underTest } from "./third-party-functions-under-test.ts";

describeFunctions(underTest);
