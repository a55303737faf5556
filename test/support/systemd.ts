/**
 * A systemd of a test's own, which is the init of processes, mounts, a network and cgroups of its own: what it sets up
 * there is not seen, or changed, outside. It has no units but those that it is asked for. What is at the default places
 * of Podman's is its own too. Needs root.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { basename, join } from "node:path";
import { eventually } from "./eventually.ts";
import { whyMissing } from "./machine.ts";
import { removeCgroupsNamed } from "./test-cgroups.ts";

/** What timers want to be there. */
const targets = "basic local-fs mob shutdown sysinit time-set time-sync timers umount".split(" ");

/** Why none can be started here; false: it can. */
export function whyNoSystemd(): string | false {
  return whyMissing("unshare", "nsenter", "systemd-run", "systemctl");
}

export class Systemd {
  /** What precedes a command that is to run there. */
  readonly enter: readonly string[];
  readonly #folder: string;
  readonly #holder: ChildProcess;

  private constructor(folder: string, holder: ChildProcess, pid: number) {
    this.#folder = folder;
    this.#holder = holder;
    this.enter = ["nsenter", `--target=${pid}`, "--mount", "--pid", "--net", "--ipc", "--cgroup"];
  }

  /** Resolves when it runs. To be closed. @param containersConf of the Podman there */
  static async open(containersConf: string): Promise<Systemd> {
    const folder = await mkdtemp("/tmp/mob-systemd-");
    for (const name of ["units", "storage"]) await mkdir(join(folder, name));
    for (const target of targets) {
      const unit = "[Unit]\nDescription=A target\nDefaultDependencies=no\n";
      writeFileSync(join(folder, "units", `${target}.target`), unit);
    }
    writeFileSync(join(folder, "containers.conf"), containersConf);
    const holder = spawn("sh", ["-c", outside(folder)], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [holder.stdout, holder.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    try {
      const pid = await eventually(() => {
        if (holder.exitCode !== null) throw new Error(`systemd did not start: ${said}`);
        const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8");
        const pid = Number(children.trim());
        return pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n" && pid;
      }, "systemd");
      const systemd = new Systemd(folder, holder, pid);
      await eventually(() => systemd.#answers(), "an answer of systemd's");
      return systemd;
    } catch (error) {
      await end(folder, holder);
      throw error;
    }
  }

  /** Runs a command there to its end, and gives its exit code and what it printed. */
  run(
    ...command: readonly string[]
  ): Promise<{ readonly code: number | null; readonly text: string }> {
    const [program = "", ...args] = [...this.enter, ...command];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, text }));
    });
  }

  /** Ends all that is there. */
  async close(): Promise<void> {
    await end(this.#folder, this.#holder);
  }

  async #answers(): Promise<boolean> {
    return (await this.run("systemctl", "is-active", "mob.target")).code === 0;
  }
}

async function end(folder: string, holder: ChildProcess): Promise<void> {
  holder.kill("SIGKILL"); // And with it the first process there, and so all.
  await eventually(() => holder.exitCode !== null || holder.signalCode !== null, "its end");
  await eventually(() => {
    removeCgroupsNamed(basename(folder)); // Of what has just been killed they are busy for a moment.
    return !isThere(basename(folder));
  }, "the end of all there");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Whether a process is still in cgroups of that name. */
function isThere(name: string): boolean {
  const groups = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return groups.some((line) => {
    const [, point = "", type = ""] = line.split(" ");
    return (type === "cgroup" || type === "cgroup2") && existsSync(join(point, name));
  });
}

/** Enters cgroups of its own, which become the roots of what is seen inside. */
function outside(folder: string): string {
  const spaces = "--cgroup --mount --pid --uts --ipc --net --propagation private";
  return `for mount in $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts); do
      case $mount in */cpuset) continue ;; esac
      mkdir "$mount/${basename(folder)}" && echo $$ >"$mount/${basename(folder)}/cgroup.procs" || exit
    done
    cat >${folder}/inside <<'INSIDE'
${inside(folder)}
INSIDE
    exec unshare ${spaces} --fork --kill-child sh ${folder}/inside`;
}

/** Its cgroups are mounted anew, in a file system of their own: it would change the options of the machine's. */
function inside(folder: string): string {
  const env = "container=mob PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  return `set -e
    mount -t proc proc /proc
    mount --bind /proc/sys /proc/sys
    mount -o remount,bind,ro /proc/sys
    found=$(awk '$3 ~ /^cgroup2?$/ && $2 !~ /cpuset$/ { print $2 ":" $3 ":" $4 }' /proc/mounts)
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    for one in $found; do
      at=\${one%%:*}; type=\${one#*:}; options=\${type#*:}; type=\${type%%:*}
      mkdir -p "$at"
      if [ $type = cgroup2 ]; then mount -t cgroup2 cgroup2 "$at"
      else
        case $options in
          *name=systemd*) mount -t cgroup -o none,name=systemd cgroup "$at" ;;
          *) mount -t cgroup -o "\${at##*/}" cgroup "$at" ;;
        esac
      fi
    done
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir /run/lock
    mkdir -p /etc/containers /var/lib/containers
    cp -r /etc/containers ${folder}/etc
    cp ${folder}/containers.conf ${folder}/etc/
    mount --bind ${folder}/etc /etc/containers
    mount --bind ${folder}/storage /var/lib/containers
    ip link set lo up
    exec env -i ${env} SYSTEMD_UNIT_PATH=${folder}/units /lib/systemd/systemd --system --unit=mob.target --show-status=0`;
}
