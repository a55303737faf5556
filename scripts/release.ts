/**
 * Makes `mob-<version>.tgz`, and proves it: it installs into an empty folder with npm, without this
 * checkout, without a compiler and without a development dependency, and there a node starts, answers
 * and stops.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./root.ts";

interface Packed {
  readonly filename: string;
  readonly version: string;
  readonly size: number;
}

/** Packs the checkout; npm runs `prepare`, and so the build, first. */
function pack(): Packed {
  const answer = execFileSync("npm", ["pack", "--json"], { cwd: root, encoding: "utf8" });
  // What `prepare` prints comes before the JSON.
  const [packed]: Packed[] = JSON.parse(answer.slice(answer.search(/^\[$/m)));
  if (packed === undefined) throw new Error("npm pack made nothing");
  return packed;
}

/** A PATH on which whatever compiles is found first, and fails. */
function pathWithoutCompilers(folder: string): string {
  mkdirSync(folder);
  for (const name of ["cc", "c++", "gcc", "g++", "clang", "make", "python3", "node-gyp"]) {
    const script = `#!/bin/sh\necho "${name} was called" >&2\nexit 1\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  return [folder, process.env["PATH"]].join(delimiter);
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** @throws Error when the tarball does not install, or what it installs does not work. */
async function prove(tarball: string, version: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mob release "));
  const cwd = join(folder, "empty");
  const port = await freePort();
  try {
    mkdirSync(cwd);
    writeFileSync(join(cwd, "package.json"), "{}\n");
    const PATH = pathWithoutCompilers(join(folder, "no-compilers"));
    const env = { ...process.env, PATH, MOB_HOME: join(folder, "home"), MOB_PORT: String(port) };
    execFileSync("npm", ["install", "--omit=dev", tarball], { cwd, env, stdio: "inherit" });
    const npx = (...command: string[]) => execFileSync("npx", command, { cwd, env }).toString();

    for (const program of ["mob", "mobcli"]) {
      const said = npx(program, "--version");
      if (said.trim() !== version) throw new Error(`${program} --version says ${said}`);
    }
    npx("mob", "up", "--detach", "-P", "bash", "--name", "released");
    try {
      const nodes = npx("mob", "nodes");
      if (!nodes.includes("released")) throw new Error(`mob nodes says ${nodes}`);
    } finally {
      npx("mob", "down");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

const { filename, version, size } = pack();
await prove(join(root, filename), version);
console.log(`${filename}: ${Math.round(size / 1024)} KiB, installs without a compiler and runs`);
