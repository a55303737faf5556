/**
 * Bundles the programs into dist/, with the types of what third parties build on. One file of JavaScript loads in half the time of a thousand,
 * and code behind an `import()` becomes a chunk of its own, so a CLI command never loads the node's.
 * The packages in `dependencies` (native code) stay outside; those bundled are devDependencies.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./root.ts";

const manifest: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/**
 * What dockerode loads for engines over SSH and for sessions of its image builder, which Mob does not use:
 * left out, it saves two thirds of what dockerode costs in memory, and native code that would not bundle.
 */
const leftOut: Plugin = {
  name: "leave-out",
  setup({ onResolve, onLoad }) {
    const namespace = "left-out";
    onResolve({ filter: /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader)$/ }, ({ path }) => ({
      path,
      namespace,
    }));
    onLoad({ filter: /.*/, namespace }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Bundles every program into `folder`, with the licences of what is bundled. */
async function bundleInto(folder: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      mob: "bin/mob.ts",
      mobcli: "bin/mobcli.ts",
      "provider-process": "src/providers/third-party/process.ts",
      "provider-suite": "test/conformance/provider-suite.ts",
      "provider-suite-owner": "test/conformance/owner-process.ts",
      "lambda-host": "src/providers/lambda/host-process.ts",
      "lambda-runtime": "src/providers/lambda/runtime.ts",
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.12",
    external: Object.keys(manifest.dependencies),
    plugins: [leftOut],
    // Names are kept, and lines short, so that a user's stack trace can be read as it is. A node holds its
    // source as text: white space and comments would be a megabyte, and one letter beyond Latin-1 in a comment
    // doubles the file that it is in.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    // Bundled CommonJS packages ask for Node's own modules with `require`.
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
  });
  writeFileSync(join(folder, "LICENSES.txt"), licences(Object.keys(metafile.inputs)));
}

/** The declarations that package.json exports, and what they stand on. */
function declareInto(folder: string): void {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = ["-p", "tsconfig.types.json", "--outDir", join(folder, "types")];
  execFileSync(process.execPath, [compiler, ...args], { cwd: root, stdio: "inherit" });
}

/** The licence of every package among `inputs`, as their terms ask of who passes them on. */
function licences(inputs: readonly string[]): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const found = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input);
    if (found !== null) folders.add(found[0]);
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    );
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : readFileSync(join(root, folder, file), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}

const dist = join(root, "dist");
const fresh = `${dist}.${process.pid}`;
try {
  await bundleInto(fresh);
  declareInto(fresh);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist); // Whole or not at all: a failed build leaves the last one.
} catch {
  rmSync(fresh, { recursive: true, force: true });
  process.exitCode = 1; // What failed has said why.
}
