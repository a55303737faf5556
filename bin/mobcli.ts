/** The entry point of `mobcli`. */
import { main } from "../src/cli/main.ts";
import { runMobcli } from "../src/cli/mobcli.ts";

await main(runMobcli);
