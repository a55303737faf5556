/** The functions of Mob's own provider. */
import { describeFunctions } from "./function-cases.ts";
import { underTest } from "./lambda-under-test.ts";

describeFunctions(underTest);
