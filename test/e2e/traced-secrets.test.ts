/**
 * What an administrator sees of a node's actors shows no secret: every actor of two nodes is traced
 * while one joins by a token, the network's key rotates, and a token for the API is made.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ActorView, TraceRecordView } from "../../src/api/actor-shapes.ts";
import { createAttachment } from "../../src/client/attachment.ts";
import { type Client, createClient } from "../../src/client/client.ts";
import { parseApiToken, verifierOf } from "../../src/trust/api-token.ts";
import { parseJoinToken } from "../../src/trust/join-token.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";

/** Traces of a node at a time. */
const tracesMax = 32;

/** What shows traces cannot be traced itself; shards come and go, and hold what the store writes. */
const untraced = /inspector|\/sessions\/|\/shards\//;

function pathsOf({ path, kind, children }: ActorView): string[] {
  return [...(kind === "worker" ? [path] : []), ...children.flatMap(pathsOf)];
}

/** Attaches to a node and traces all of its actors; `seen` is what they show. */
async function traced(t: TestContext, node: MobNode) {
  const attachment = createAttachment(node.endpoint);
  t.after(() => attachment.close());
  const client = createClient(node.endpoint, {}, attachment);
  const seen: TraceRecordView[] = [];
  const paths = pathsOf(await client.actors()).filter((path) => !untraced.test(path));
  assert.ok(paths.length < tracesMax, "all of them at once");
  for (const target of paths) {
    const trace = await attachment.trace({ target, messagesMax: 10_000, perSecondMax: 250 });
    void (async () => {
      for await (const records of trace.records) seen.push(...records);
    })().catch(() => {}); // It ends with the connection.
  }
  return { client, seen };
}

/** Every key that the node has now, in the forms in which it could be written. */
function keysOf(node: MobNode): string[] {
  const text = readFileSync(join(node.lab.home, "network.key"), "utf8");
  return [...text.matchAll(/^key ([0-9a-f]{64})/gm)].flatMap(([, hex = ""]) => forms(hex));
}

function forms(hex: string): string[] {
  const bytes = Buffer.from(hex, "hex");
  return [hex, bytes.toString("base64"), bytes.toString("base64url")];
}

async function rotate(client: Client, nodes: readonly MobNode[]): Promise<string[]> {
  const old = (await client.keys()).keys[0]?.id ?? "";
  await client.rotateKeys("install");
  const fresh = (await client.keys()).keys.find(({ id }) => id !== old)?.id ?? "";
  const held = nodes.flatMap(keysOf);
  await client.rotateKeys("use", fresh);
  await client.rotateKeys("remove", old);
  return held;
}

test("no trace shows a secret while a node joins, keys rotate and a token is made", async (t) => {
  const member = await (await Lab.open(t)).start();
  const joining = await (await Lab.open(t)).start();
  const [a, b] = [await traced(t, member), await traced(t, joining)];

  const { token: invitation } = await a.client.issueJoinToken();
  await b.client.joinByToken(invitation);
  await eventually(async () => (await a.client.nodes()).length === 2, "two nodes");
  const keys = await rotate(a.client, [member, joining]);
  assert.ok(keys.length >= 3 * 4, "two nodes with two keys each");
  const { token: access } = await b.client.createToken({ role: "deploy", name: "ci" });
  await a.client.revokeToken("ci");

  const all = () => [...a.seen, ...b.seen];
  await eventually(
    () => all().some(({ method, message }) => method === "offer" && message === "(secret)"),
    "an offer of keys, by its name alone",
  );
  await eventually(
    () => JSON.stringify(all()).includes('"verifier":"(secret)"'),
    "the record of the token, without what it is proven by",
  );
  const parsed = parseApiToken(access);
  assert.ok(parsed !== undefined);
  const invited = Buffer.from(parseJoinToken(invitation).secret.reveal()).toString("hex");
  const secrets = [
    ...keys,
    ...forms(invited),
    ...forms(verifierOf(parsed)),
    invitation,
    access,
    parsed.secret,
  ];
  const shown = JSON.stringify(all());
  for (const secret of secrets) assert.ok(!shown.includes(secret), "a secret is shown");
});
