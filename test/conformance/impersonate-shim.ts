/** How a provider whose tasks a keeper has impersonates: by the record of the claim. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProviderUnderTest } from "./under-test.ts";

export const impersonateShim: NonNullable<ProviderUnderTest["impersonate"]> = (
  folder,
  instance,
  attempt,
  strangerPid,
) => {
  const file = join(folder, "records", `${instance}.${attempt}.run`);
  const [shim = ""] = readFileSync(file, "latin1").split("\n");
  process.kill(Number(shim.split(" ")[0]), "SIGKILL"); // Its pid may be had by others now.
  const stranger = shim.replace(/^\d+/, String(strangerPid));
  writeFileSync(file, `${stranger}\n${strangerPid}\n`);
};
