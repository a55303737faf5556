/** A node reduced to one provider of a third party, to be killed: prints what that prints. */
import { silentLog } from "../../../../src/core/log.ts";
import { createProviders } from "../../../../src/providers/registry.ts";

const [file = "", folder = ""] = process.argv.slice(2);
const { PATH = "/usr/bin:/bin" } = process.env;
const log = {
  ...silentLog,
  child: () => log,
  info(_message: string, { line }: Readonly<Record<string, unknown>> = {}) {
    if (line !== undefined) process.stdout.write(`${line}\n`);
  },
};
await createProviders({ wanted: [file], folder, node: "owner", env: { PATH }, log });
