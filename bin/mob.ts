/** The entry point of `mob`. */
import { main } from "../src/cli/main.ts";
import { runMob } from "../src/cli/program.ts";

await main((args, io) => runMob(args, io));
