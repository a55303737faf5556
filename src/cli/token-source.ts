/**
 * Where a command gets the token for a node elsewhere: a file, or the environment. Never an argument:
 * every user of a host can see those of every process.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BadRequest, messageOf, Unauthorized } from "../core/errors.ts";
import { type ApiToken, parseApiToken } from "../trust/api-token.ts";
import { mobHome } from "./home.ts";
import type { Io } from "./io.ts";

/**
 * The token of `--token-file`, else that in MOB_TOKEN, else that in the file `token` in `~/.mob`.
 * @throws BadRequest for a file that others can read or that holds no token; Unauthorized when there
 * is none
 */
export function findToken(io: Io, tokenFile: string | undefined): ApiToken {
  if (tokenFile !== undefined) return fromFile(tokenFile);
  const { MOB_TOKEN: given } = io.env;
  if (given !== undefined && given !== "") return parsed(given, "MOB_TOKEN");
  const usual = join(mobHome(io), "token");
  if (statSync(usual, { throwIfNoEntry: false }) !== undefined) return fromFile(usual);
  throw new Unauthorized(
    `a node asked by --node wants a token: --token-file FILE, MOB_TOKEN or ${usual}. ` +
      "`mob token create` on a host of the network makes one",
  );
}

function fromFile(file: string): ApiToken {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new BadRequest(`${file} can be read by others: chmod 600 it`);
    }
    return parsed(readFileSync(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof BadRequest) throw cause;
    throw new BadRequest(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function parsed(text: string, where: string): ApiToken {
  const token = parseApiToken(text.trim());
  if (token !== undefined) return token;
  throw new BadRequest(`${where} holds no token: one looks like mobapi1.….….…`);
}
