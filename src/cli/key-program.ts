/** The commands `mob key` and `mob token join`, with their arguments and options. */
import type { Command } from "commander";
import { issueJoinToken, listKeys, rotateKeys } from "./commands/key.ts";
import type { Program } from "./run.ts";

export function addKeyCommands({ command, context, done }: Program): void {
  const key = command.command("key").description("the network's keys: list, and rotate them");
  key
    .command("list")
    .description("list the keys, by their ids, and who misses one")
    .action((_options: unknown, own: Command) => done(listKeys(context(own))));
  key
    .command("install")
    .description("first step of a rotation: make a key, and bring it to every node")
    .action((_options: unknown, own: Command) => done(rotateKeys(context(own), "install")));
  const later = [
    ["use", "second step: have every node prove this key"],
    ["remove", "third step: have no node take this key any more"],
  ] as const;
  for (const [step, description] of later) {
    key
      .command(step)
      .description(description)
      .argument("<key>", "its id, or how that begins")
      .action((id: string, _options: unknown, own: Command) =>
        done(rotateKeys(context(own), step, id)),
      );
  }
  key
    .command("replace")
    .description("after a leak: one new key, at once; every other node then needs a join token")
    .action((_options: unknown, own: Command) => done(rotateKeys(context(own), "replace")));
}

/** Of `mob token`. */
export function addJoinToken(token: Command, { context, done }: Program): void {
  token
    .command("join")
    .description("print a token with which one more machine may join the network")
    .option("--for <duration>", "how long it is good, 1m to 24h (1h)")
    .action((_options: unknown, own: Command) =>
      done(issueJoinToken(context(own), own.opts<{ readonly for?: string }>())),
    );
}
