/**
 * A node reduced to its provider, in a process of its own that can be killed with SIGKILL. Given the
 * module of the provider under test, a folder, a number of tasks and their script, it starts them all at
 * once and prints a line `PID INSTANCE` for each that runs, after a line `ready` before the first.
 */
import { asInstanceId } from "../../src/core/ids.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const [module = "", folder = "", count = "1", script = "", mark = ""] = process.argv.slice(2);
const { underTest } = (await import(module)) as { underTest: ProviderUnderTest };
const provider = await underTest.create(folder);
await provider.probe();
const params = provider.parseParams(underTest.params(script, folder));
const logs = { fileBytesMax: 1e7, filesMax: 5 };
setInterval(() => {}, 1_000); // Lives until it is killed.
process.stdout.write("ready\n");
for (let i = 0; i < Number(count); i++) {
  const instance = asInstanceId(`${i}`.padStart(16, "0"));
  const context = { service: "owned", attempt: 1, env: { TEST_MARK: mark }, logs };
  void provider.start(instance, params, context).then(({ pid }) => {
    process.stdout.write(`${pid} ${instance}\n`);
  });
}
