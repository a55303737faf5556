/** supervisord over XML-RPC, in the calls that `supervisorctl update` and `stop all` make. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { type Contender, processesMarked, type Service } from "./contender.ts";

/** @param folder for its files. Undefined where there is no supervisord. */
export async function startSupervisord(folder: string): Promise<Contender | undefined> {
  const version = versionOf();
  if (version === undefined) return undefined;
  const programs = join(folder, "programs");
  mkdirSync(programs, { recursive: true });
  const socketPath = join(folder, "socket");
  writeFileSync(join(folder, "supervisord.conf"), configuration(folder, socketPath));
  const args = ["--nodaemon", "-c", join(folder, "supervisord.conf")];
  const env = { ...process.env, MOB_BENCH: folder };
  const child = spawn("supervisord", args, { stdio: "ignore", env });
  const rpc = rpcOver(socketPath);
  while (
    !(await rpc("getState").then(
      () => true,
      () => false,
    ))
  ) {
    await setTimeout(50);
  }
  let names: string[] = [];
  return {
    name: `supervisord ${version}`,
    async start(services) {
      for (const service of services) writeProgram(programs, service);
      await rpc("reloadConfig");
      for (const { name } of services) await rpc("addProcessGroup", name);
      names = [...names, ...services.map(({ name }) => name)];
    },
    async removeAll() {
      await rpc("stopAllProcesses");
      for (const name of names) {
        await rpc("removeProcessGroup", name);
        rmSync(join(programs, `${name}.conf`));
      }
      names = [];
    },
    processes: () => processesMarked(folder),
    async close() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function versionOf(): string | undefined {
  try {
    return execFileSync("supervisord", ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

function configuration(folder: string, socketPath: string): string {
  return `[unix_http_server]
file=${socketPath}
[supervisord]
logfile=${folder}/log
pidfile=${folder}/pid
childlogdir=${folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files=${folder}/programs/*.conf
`;
}

/** Restarted at once, and its group stopped whole: what Mob does by itself. */
function writeProgram(folder: string, { name, command }: Service): void {
  const script = join(folder, `${name}.sh`);
  writeFileSync(script, command);
  const program = `[program:${name}]
command=bash ${script}
autorestart=true
startsecs=0
stopasgroup=true
killasgroup=true
stopwaitsecs=1
`;
  writeFileSync(join(folder, `${name}.conf`), program);
}

/** @throws Error with the fault that it answers with */
function rpcOver(socketPath: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (method: string, argument?: string): Promise<void> => {
    const value = argument && `<param><value><string>${argument}</string></value></param>`;
    const asking = request({ socketPath, agent, path: "/RPC2", method: "POST" });
    asking.end(
      `<?xml version="1.0"?><methodCall><methodName>supervisor.${method}</methodName>` +
        `<params>${value ?? ""}</params></methodCall>`,
    );
    const [answer] = await once(asking, "response");
    const body = await text(answer);
    if (body.includes("<fault>")) throw new Error(`supervisord: ${method}: ${body}`);
  };
}
