/**
 * A Xen host of a test's own: hypervisor and domain 0 in a machine that QEMU emulates, reached by ssh on a port
 * of 127.0.0.1. `.ci/xen-host` makes what it boots.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { whyMissing } from "./machine.ts";
import { freePort } from "./mob-node.ts";

const from = process.env["MOB_TEST_XEN"] ?? "/var/cache/mob-tests/xen-host";

/** On domain 0, for domains. The kernel runs the script that its command line has in base64. */
export const domainKernel = { kernel: "/srv/vmlinuz", initrd: "/srv/initrd" };

/** Why no Xen host can be started here; false: one can. */
export function whyNoXen(): string | false {
  const missing = whyMissing("qemu-system-x86_64", "ssh");
  if (missing !== false || existsSync(join(from, "xen"))) return missing;
  return `there is no Xen host to boot here: .ci/xen-host ${from} makes one`;
}

export class XenHost {
  /** What runs a script on domain 0 that it reads on its standard input, as a shell splits it. */
  readonly shell: string;
  readonly #folder: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    // Connections share one, which the test holds: to log in takes an emulated processor long.
    const options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
    const more = ["LogLevel=ERROR", `ControlPath=${folder}/ssh`, "ControlMaster=no"];
    const given = [...options, ...more].map((option) => `-o ${option}`).join(" ");
    this.shell = `ssh -F none -i ${folder}/key -p ${port} ${given} root@127.0.0.1 sh`;
  }

  /** Resolves when domain 0 answers. To be closed. */
  static async open(): Promise<XenHost> {
    const folder = mkdtempSync("/tmp/mob-xen-"); // A socket's path is short.
    const port = await freePort();
    const host = new XenHost(folder, port);
    try {
      copyFileSync(join(from, "key"), join(folder, "key"));
      const qemu = host.#spawn("qemu-system-x86_64", qemuArgs(folder, port));
      await eventually(
        () => {
          const said = existsSync(`${folder}/console`)
            ? readFileSync(`${folder}/console`, "utf8")
            : "";
          if (qemu.exitCode !== null) throw new Error(`QEMU ended: ${said}`);
          return host.#connect();
        },
        "domain 0",
        300_000,
      );
      return host;
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  /** What a script writes on domain 0. Rejects with what it complained of. */
  run(script: string): Promise<string> {
    const [program = "", ...args] = this.shell.split(" ");
    return new Promise((resolve, reject) => {
      const child = execFile(program, args, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${script}: ${stderr}`, { cause: error }));
      });
      child.stdin?.end(script);
    });
  }

  /** Names of the domains that there are, but for domain 0. */
  async domains(): Promise<readonly string[]> {
    const lines = (await this.run("xl list")).trim().split("\n").slice(2);
    return lines.map((line) => line.split(" ")[0] ?? "");
  }

  async close(): Promise<void> {
    for (const child of this.#processes) child.kill("SIGKILL");
    const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;
    await eventually(() => this.#processes.every(hasEnded), "the end of the Xen host");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Opens the connection that the others share, once it can be had. */
  async #connect(): Promise<boolean> {
    const [program = "", ...args] = this.shell
      .replace(" ControlMaster=no", " ControlMaster=yes")
      .split(" ");
    const master = spawn(program, [...args.slice(0, -1), "-N"], { stdio: "ignore" });
    await eventually(
      () => master.exitCode !== null || existsSync(`${this.#folder}/ssh`),
      "an answer of ssh's",
      300_000,
    );
    if (master.exitCode !== null) return false;
    this.#processes.push(master);
    return true;
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: "ignore" });
    this.#processes.push(child);
    return child;
  }
}

/** A processor without what makes domain 0, or programs on it, crash in emulation. */
function qemuArgs(folder: string, port: number): readonly string[] {
  const at = (name: string) => join(from, name);
  return [
    ...[
      "-M",
      "q35",
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "max,-xsave,-avx,-avx2,-smap,-smep,-pku,-pks,-la57",
    ],
    ...["-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-serial", `file:${folder}/console`, "-kernel", at("xen"), "-append"],
    "console=com1 com1=115200,8n1 dom0_mem=512M,max:512M dom0_max_vcpus=1 no-bootscrub smt=0 xsave=0",
    ...["-initrd", `${at("vmlinuz")} console=hvc0 quiet panic=-1,${at("initrd")}`],
    ...["-netdev", `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...["-device", "e1000,netdev=net,romfile="],
  ];
}
