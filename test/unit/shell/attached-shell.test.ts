/** The shell's calls about actors, typed at a node's real actors. */
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { startShell } from "../../../src/shell/shell.ts";
import { type AttachWorld, type EchoProtocol, withAttach } from "../../support/attach-world.ts";
import { eventually } from "../../support/eventually.ts";

interface Typed {
  readonly world: AttachWorld;
  line(text: string): void;
  see(wanted: RegExp): Promise<void>;
}

async function atShell(body: (typed: Typed) => Promise<void>): Promise<void> {
  await withAttach(async (world) => {
    const { client, attachment } = world;
    const input = new PassThrough();
    const output = new PassThrough();
    let screen = "";
    output.on("data", (part) => {
      screen += String(part);
    });
    const options = { name: "n", input, output, terminal: false, color: false };
    const shell = startShell({ client, attachment, ...options });
    await body({
      world,
      line: (text) => input.write(`${text}\n`),
      see: async (wanted) => {
        await eventually(() => wanted.test(screen), `${wanted}`).catch((cause: unknown) => {
          throw new Error(`${wanted} is not in:\n${screen}`, { cause });
        });
      },
    });
    input.end();
    await shell.closed;
  });
}

test("the tree is drawn, and an actor told in detail", () =>
  atShell(async ({ line, see }) => {
    line("mob.tree()");
    await see(/^(n> )*ACTOR.*\nmob +supervisor one_for_one.*\n├─ echo +worker/m);
    line('mob.actor("echo")');
    await see(/^(n> )*node +6666@box\npath +mob\/echo/m);
  }));

test("a trace prints what comes while one types on, until it is ended", () =>
  atShell(async ({ world, line, see }) => {
    line('mob.trace("echo", { messages: 50, perSecond: 50 })');
    await see(/tracing mob\/echo on 6666@box; mob.untrace\(\) ends it/);
    await world.echo({ a: 1 });
    await see(/^(n> )*\d\d:\d\d:\d\d\.\d{3} echo call echo from 6666@box \{ a: 1 \}$/m);
    world.system.cast<EchoProtocol, "crash">("echo", "crash", undefined);
    await see(
      /echo cast crash .*\n(n> )*\S+ echo ended .*kind: 'crashed'.*\n(n> )*\S+ echo started\n/,
    );
    line("mob.untrace()");
    await see(/no longer traced: mob\/echo on 6666@box/);
    line('mob.untrace("echo")');
    await see(/no such trace is on/);
  }));

test("a trace that is over says why", () =>
  atShell(async ({ world, line, see }) => {
    line('mob.trace("echo", { messages: 1 })');
    await see(/tracing mob/);
    await world.echo(1);
    await see(/the trace of echo has shown all it was to show/);
  }));

test("an actor is suspended, shown so, resumed and restarted", () =>
  atShell(async ({ line, see }) => {
    line('mob.suspend("echo", { seconds: 300 })');
    await see(/mob\/echo on 6666@box is suspended, for \d+m?\d*s at most/);
    line("mob.tree()");
    await see(/├─ echo +worker +suspended/);
    line('mob.resumeActor("echo")');
    await see(/mob\/echo on 6666@box goes on/);
    line('mob.restartActor("echo", "6666@box")');
    await see(/restarted on 6666@box, with all below:\n {2}mob\/echo/);
  }));

test("what is refused is told with its reason", () =>
  atShell(async ({ line, see }) => {
    line('mob.suspend("inspector")');
    await see(/error: mob\/inspector cannot be suspended: it is what would resume it/);
    line('mob.restartActor("mob")');
    await see(/error: mob is a root/);
    line("mob.trace()");
    await see(/error: a name is missing/);
    line('mob.trace("echo", 7)');
    await see(/error: the second argument is a node, or limits/);
  }));

test("a lost connection is told, and the next call connects anew", () =>
  atShell(async ({ world, line, see }) => {
    line("mob.nodes()");
    await see(/6666@box +127/);
    world.system.exit("session/1", "kill");
    await see(/the connection to the node has ended: .*; the next call makes another/);
    line('mob.actor("echo")');
    await see(/path +mob\/echo/);
  }));
