/** What must be true of machines, of whatever makes them: their consoles, which their scripts find at `device`, and more. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { asInstanceId } from "../../src/core/ids.ts";
import type { ConsoleRequest, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { type Bench, exitOf, logs, printed, type Ran, running } from "./provider-bench.ts";

const instance = asInstanceId("0".repeat(16));
/** Emulated machines take their time. */
const answerMsMax = 300_000;

type Wish = Partial<Pick<ConsoleRequest, "input" | "signal" | "output">>;

/** Attaches; `said` is what the console has printed since. */
function attach(provider: Provider, { handle }: Ran, wish: Wish = {}) {
  assert.ok(provider.console !== undefined, "it has no console");
  const seen = { said: "" };
  const left = provider.console(
    { instance, attempt: 1, handle },
    {
      logs,
      signal: new AbortController().signal,
      output(bytes, stream) {
        assert.equal(stream, "stdout");
        seen.said += Buffer.from(bytes).toString();
      },
      ...wish,
    },
  );
  return { seen, left, sees: (text: string) => saw(seen, text) };
}

function saw(seen: { readonly said: string }, text: string) {
  return eventually(() => seen.said.includes(text), `${text} on the console`, answerMsMax);
}

/** A keyboard: what is typed, until it is let go. */
function keyboard() {
  const typed: string[] = [];
  let isHeld = true;
  let wake = () => {};
  const input = async function* () {
    while (isHeld || typed.length > 0) {
      const text = typed.shift();
      if (text !== undefined) yield Buffer.from(text);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return {
    input: input(),
    type(text: string) {
      typed.push(text);
      wake();
    },
    letGo() {
      isHeld = false;
      wake();
    },
  };
}

export function machineCases(
  device: string,
): Readonly<Record<string, (bench: Bench) => Promise<void>>> {
  const repeating = `echo up; while read line; do echo "heard <$line>"; done <${device}`;
  const typed = (text: string) => Readable.from([Buffer.from(text)]);
  return {
    "prints on its console for all who are there, hears what each types, and has all of it in its log":
      async (bench) => {
        const ran = await bench.run(repeating, instance);
        await printed(bench, instance, "up\n");
        const keys = keyboard();
        const first = attach(bench.provider, ran, { input: keys.input });
        const watching = attach(bench.provider, ran);
        keys.type("who are\n");
        await first.sees("heard <who are>\n");
        const second = attach(bench.provider, ran, { input: typed("you?\n") });
        await second.left; // The input has ended.
        await Promise.all([first.sees("heard <you?>\n"), watching.sees("heard <you?>\n")]);
        keys.type("still here\n");
        await first.sees("heard <still here>\n");
        keys.letGo();
        await first.left;
        assert.doesNotMatch(watching.seen.said, /up/); // From then on.
        const log = await printed(bench, instance, "still here>");
        for (const line of ["up", "heard <who are>", "heard <you?>"]) {
          assert.ok(log.includes(`${line}\n`), log);
        }
        await running(ran.task).stop({ signal: "SIGKILL", graceMs: 0 });
        await watching.left; // It has ended.
      },

    "takes all that is typed, however long it does not look, and ends for who leaves": async (
      bench,
    ) => {
      const script = `stty raw -echo <${device}; echo up; sleep 3; head -c 20000 <${device} | md5sum; sleep 1000`;
      const ran = await bench.run(script, instance);
      await printed(bench, instance, "up\n");
      const much = "0123456789".repeat(2_000);
      await attach(bench.provider, ran, { input: typed(much) }).left;
      await printed(bench, instance, createHash("md5").update(much).digest("hex"));
      const controller = new AbortController();
      const { left } = attach(bench.provider, ran, {
        signal: controller.signal,
        input: typed("y".repeat(100_000)), // Nobody reads it.
      });
      controller.abort();
      await left;
    },

    "is as large as its parameters say, and neither limited nor given volumes by its spec": async ({
      provider,
    }) => {
      const found = await provider.probe();
      assert.ok(found.available);
      for (const feature of ["limits", "volumes"]) {
        // By these a deploy refuses it on all nodes, and does not wait for one that could.
        assert.ok(!found.features.includes(feature) && found.lacks?.[feature] === undefined);
      }
    },

    "has its console for the next owner when the first is killed, and for none once it has ended":
      async (bench) => {
        const owner = await bench.startOwner(1, repeating);
        await eventually(() => owner.lines[0], "a machine that runs", answerMsMax);
        await owner.kill();
        const provider = await bench.comeBack();
        const [found] = await provider.list();
        assert.ok(found !== undefined);
        const task = running(await provider.adopt(found));
        await printed({ provider }, instance, "up\n");
        const ran = { instance, handle: found.handle, task };
        const keys = keyboard();
        const { left, sees } = attach(provider, ran, { input: keys.input });
        keys.type("hello\n");
        await sees("heard <hello>\n");
        await task.stop({ signal: "SIGKILL", graceMs: 0 });
        await exitOf(task);
        await left;
        await assert.rejects(attach(provider, ran).left, { code: "unavailable" });
      },
  };
}
