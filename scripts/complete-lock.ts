/**
 * Completes package-lock.json with the platform packages that npm left out of it. A registry mirror
 * may lack the builds for other platforms; npm 10 forgives a lock without them, npm 11 refuses it.
 * `npm run lock` after every change of the dependencies.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** An entry of `packages` in a lock of version 3; other fields pass through untouched. */
interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What a lock maps from folders, like `node_modules/lmdb`, to packages. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"];

/**
 * The platform packages (`…-linux-arm64`) that `packages` names as optional at one exact version and
 * has no entry for, each with the entry that npm makes where the registry has it.
 */
export function missingPlatformPackages(packages: LockedPackages): LockedPackages {
  const missing: Record<string, LockedPackage> = {};
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const folder = `node_modules/${name}`;
      const platform = platformOf(name);
      if (folder in packages || platform === undefined || !/^\d/.test(version)) continue;
      missing[folder] = {
        version,
        ...(parent.dev === true ? { dev: true } : {}),
        optional: true,
        ...platform,
      };
    }
  }
  return missing;
}

function platformOf(name: string): Pick<LockedPackage, "os" | "cpu" | "libc"> | undefined {
  const words = name.slice(name.lastIndexOf("/") + 1).split("-");
  const at = words.findIndex((word) => systems.includes(word));
  const [os, cpu, abi = ""] = at < 0 ? [] : words.slice(at);
  if (os === undefined || cpu === undefined) return undefined;
  const libc = abi.startsWith("musl") ? "musl" : abi.startsWith("gnu") ? "glibc" : undefined;
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) };
}

if (process.argv[1] === import.meta.filename) {
  const file = new URL("../package-lock.json", import.meta.url);
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingPlatformPackages(lock.packages);
  const byFolder = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
    a.localeCompare(b, "en"),
  );
  const completed = { ...lock, packages: Object.fromEntries(byFolder) };
  writeFileSync(file, `${JSON.stringify(completed, null, 2)}\n`);
  console.log(`package-lock.json: ${Object.keys(missing).length} platform packages added`);
}
