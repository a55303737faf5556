/**
 * The actor layer alone: a counter under a supervisor, that counts, refuses, crashes and is there
 * again. Run it with `node --import tsx docs/examples/counter.ts`; docs/actors.md walks through it.
 */
import { BadRequest, errorShape } from "../../src/core/errors.ts";
import { asNodeId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { realEnv } from "../../src/node/real-env.ts";
import { type Behaviour, refuse } from "../../src/otp/gen-server.ts";
import { supervisor } from "../../src/otp/supervisor.ts";
import { createSystem } from "../../src/otp/system.ts";
import { worker } from "../../src/otp/worker.ts";

/** Every message the counter takes, with its reply. */
type CounterProtocol = {
  readonly add: { readonly request: number; readonly reply: number };
  readonly explode: { readonly request: undefined; readonly reply: never };
};

function counter(): Behaviour<number, CounterProtocol> {
  return {
    init: () => 0,
    handlers: {
      add(sum, n) {
        if (n < 0) return refuse(sum, new BadRequest("it only counts up"));
        return [sum + n, sum + n];
      },
      explode() {
        throw new RangeError("a bug");
      },
    },
    describe: (sum) => ({ sum }),
  };
}

const system = createSystem({ node: asNodeId("example"), boot: 1, env: realEnv(silentLog) });
const add = (n: number) => system.call<CounterProtocol, "add">("counter", "add", n);
const start = worker({ name: "counter", behaviour: counter });
const children = [{ id: "counter", start }];
await system.start(supervisor({ name: "top", strategy: "one_for_one", children }));

await add(2);
console.log("2 + 3 =", await add(3));
console.log("refused:", await add(-1).catch(errorShape));

// Whoever looks from outside hears of the end of this life …
const ended = new Promise((resolve) => system.monitor("counter", resolve));
const crash = system.call<CounterProtocol, "explode">("counter", "explode", undefined);
console.log("crashed:", (await crash.catch(errorShape)).code);
await ended;

// … and what the supervisor has started since is a new one, under the old name.
while (system.whereis("counter") === undefined) await new Promise(setImmediate);
console.log("afterwards:", await add(1), system.inspect.state("counter"));
console.log("restarts:", system.inspect.status("top/counter").restarts);

await system.shutdown();
