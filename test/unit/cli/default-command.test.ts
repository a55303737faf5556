import assert from "node:assert/strict";
import { test } from "node:test";
import { withDefaultCommand } from "../../../src/cli/default-command.ts";

const words = (text: string) => text.split(" ").filter((word) => word !== "");
const startsNode = (text: string) => withDefaultCommand(words(text))[0] === "up";

test("no arguments, or options alone, start a node", () => {
  for (const args of ["", "-p 6666", "-p6666", "--json", "-P bash", "--name ls -p 1", "--port=1"]) {
    assert.ok(startsNode(args), args);
  }
});

test("a command is left as it is, also behind the options that all commands take", () => {
  const commands = [
    "ls",
    "-p 6666 ls",
    "--node a:1 ls",
    "--json nodes",
    "--port=1 ls -P",
    "-p6 ls",
  ];
  for (const args of [...commands, "--help", "-p 1 --help", "-V", "nodse"]) {
    assert.deepEqual(withDefaultCommand(words(args)), words(args), args);
  }
});
