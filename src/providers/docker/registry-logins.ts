/**
 * Logins at registries, from a file that the node is told of: never in a spec, which every node stores.
 * It has the form of Docker's `config.json`, so `docker login` can write it. Read at each pull: a new
 * password needs no restart.
 */
import { readFile, stat } from "node:fs/promises";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { RegistryLogin } from "./engine.ts";

const Login = Type.Object({
  /** `user:password` in base64. */
  auth: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  identitytoken: Type.Optional(Type.String()),
});
const isLogins = Compile(Type.Object({ auths: Type.Record(Type.String(), Login) }));

/** The name that the engines have for the registry of images without one. */
const dockerHub = "https://index.docker.io/v1/";

/** Undefined where the file has none for the image's registry. @throws Unavailable naming the file */
export async function loginFor(image: string, file: string): Promise<RegistryLogin | undefined> {
  const logins = await readLogins(file);
  const registry = registryOf(image);
  const login = logins.auths[registry];
  if (login === undefined) return undefined;
  const { auth = "", username, password, identitytoken } = login;
  const [, user = "", word = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(auth, "base64").toString()) ?? [];
  return {
    serveraddress: registry,
    username: username ?? user,
    password: password ?? word,
    ...(identitytoken !== undefined && { identitytoken }),
  };
}

/** As Docker tells a registry from the first part of a name: it has a dot or a port, or is localhost. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isRegistry && first !== "docker.io" ? first : dockerHub;
}

async function readLogins(file: string) {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) throw new Error("other users can read it: chmod 600 it");
    const read = parse(await readFile(file, "utf8"));
    if (isLogins.Check(read)) return read;
    throw new Error('it must be like {"auths": {"registry.lan:5000": {"auth": "…"}}}');
  } catch (error) {
    throw new Unavailable(`the registry logins in ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Undefined for what is no JSON: the error of `JSON.parse` has some of it in its message, and it is secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
