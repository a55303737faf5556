/** PM2 through its own module, as its command line uses it. AGPL: not a dependency, but what is found on the PATH. */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { type Contender, processesMarked } from "./contender.ts";

type Callback = (error: Error | null) => void;

/** What is used of its module. */
interface Pm2 {
  connect(done: Callback): void;
  start(apps: { readonly apps: readonly object[] }, done: Callback): void;
  delete(name: "all", done: Callback): void;
  killDaemon(done: Callback): void;
}

/** @param folder for its files. Undefined where there is no PM2. */
export async function startPm2(folder: string): Promise<Contender | undefined> {
  const home = moduleFolder();
  if (home === undefined) return undefined;
  Object.assign(process.env, { PM2_HOME: join(folder, "pm2"), MOB_BENCH: folder });
  const require = createRequire(join(home, "package.json"));
  const pm2: Pm2 = require(home);
  const { version }: { version: string } = require("./package.json");
  await asked((done) => pm2.connect(done));
  return {
    name: `PM2 ${version}`,
    async start(services) {
      const apps = services.map(({ name, command }) => ({
        name,
        script: "bash",
        // Its standard input is a socket here: without this bash takes itself for a remote shell, and reads ~/.bashrc.
        args: ["--norc", "-c", command],
        interpreter: "none",
      }));
      await asked((done) => pm2.start({ apps }, done));
    },
    removeAll: () => asked((done) => pm2.delete("all", done)),
    processes: () => processesMarked(folder).filter((pid) => pid !== process.pid),
    close: () => asked((done) => pm2.killDaemon(done)),
  };
}

function asked(ask: (done: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    ask((error) => (error ? reject(error) : resolve()));
  });
}

/** Two folders above the program `pm2`. */
function moduleFolder(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      return dirname(dirname(realpathSync(join(folder, "pm2"))));
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
