/** The program that a keeper runs for a function: its host, as the file says that it is given. */
import { readFileSync } from "node:fs";
import { FunctionHost } from "./host.ts";
import type { HostConfig } from "./host-config.ts";

const config: HostConfig = JSON.parse(readFileSync(process.argv.at(-1) ?? "", "utf8"));
new FunctionHost(config).begin();
