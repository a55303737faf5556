/**
 * From a service's parameters to the shell script that makes a domain, writes its console, and ends with it.
 * Pure. It runs under the keeper: so the console is the task's log, and the domain's end is recorded, also
 * while the node is away. What it has to do on domain 0 it hands to a shell there.
 */
import { quote } from "shlex";
import { Unavailable } from "../../core/errors.ts";
import type { TaskContext } from "../provider.ts";
import { type DomainOwner, notePath, noteText } from "./domain-name.ts";
import type { XenParams } from "./params.ts";

/** Most of a command line that Xen hands to a domain. */
const commandLineMax = 1_023;

/** In the folder that it runs in, once the domain is there whole. */
export function createdFile(attempt: number): string {
  return `created.${attempt}`;
}

/** Looks, a second apart, after which a domain that is not there has been destroyed. */
const missedMax = 3;

/** @param shell what reads and runs a script on domain 0; @param name the domain's; @param owner noted of it */
export function domainScript(
  shell: readonly string[],
  name: string,
  owner: DomainOwner,
  params: XenParams,
  context: Pick<TaskContext, "attempt" | "env" | "ports">,
): string {
  if (Object.keys(context.ports ?? {}).length > 0) {
    throw new Unavailable(
      "ports: a domain has addresses of its own, and none of this node's ports",
    );
  }
  return `inDom0() { ${shell.map(quote).join(" ")}; }
inDom0 <<'MOB_SCRIPT' || exit
${createLines(name, owner, domainConfig(name, params, context.env))}
MOB_SCRIPT
: >${createdFile(context.attempt)}
# Whoever is cut off from it attaches again; it ends with the domain.
while :; do echo 'exec xl console ${name} 2>/dev/null' | inDom0; sleep 1; done &
missed=0
while :; do
  # Its last line: name, id, memory, processors, state.
  set -- $(echo 'xl list ${name} 2>&1 | tail -n 1' | inDom0)
  case "$*" in
    # Destroyed; while it reboots it is not there for a moment either.
    *'is an invalid domain identifier'*) missed=$((missed + 1)); [ $missed -lt ${missedMax} ] || kill -KILL $$ ;;
    '${name} '*) missed=0 ;;
  esac
  case $5 in
    ????c?) code=1 ;; # Crashed.
    ???s??) code=0 ;;
    *) sleep 1; continue ;;
  esac
  sleep 1 # For the last of its console.
  echo 'xl destroy ${name}; xenstore-rm ${notePath(name)}' | inDom0
  exit $code
done
`;
}

/** In one script, since a reader of the file must not find half of it; `xl` takes no other than a plain file. */
function createLines(name: string, owner: DomainOwner, config: string): string {
  return `file=$(mktemp) || exit
trap 'rm -f "$file"' EXIT
cat >"$file" <<'MOB_CONFIG'
${config}MOB_CONFIG
xenstore-write ${notePath(name)} ${noteText(owner)} || exit
xl list ${name} >/dev/null 2>&1 || xl create -q "$file" </dev/null >/dev/null`;
}

/** As xl.cfg(5) has it. Xen keeps a domain that has ended, so that how it did can be asked. */
function domainConfig(
  name: string,
  { type, kernel, initrd, append, memory, cpus, disks, networks }: XenParams,
  env: TaskContext["env"],
): string {
  const list = (items: readonly string[]) => `[${items.map(configText).join(", ")}]`;
  const lines = [
    ["name", configText(name)],
    ["type", configText(type)],
    ["kernel", configText(kernel)],
    ...(initrd === undefined ? [] : [["ramdisk", configText(initrd)]]),
    ["extra", configText(commandLine(append, env))],
    ["memory", String(Math.ceil(memory / 1024 ** 2))],
    ["vcpus", String(cpus)],
    ["disk", list(disks)],
    ["vif", list(networks)],
    ["on_poweroff", '"preserve"'],
    ["on_crash", '"preserve"'],
    ["on_reboot", '"restart"'],
  ];
  return lines.map(([key, value]) => `${key} = ${value}\n`).join("");
}

/** In the quotes of xl.cfg(5), which know JSON's escapes; what is read is ASCII. */
function configText(text: string): string {
  return JSON.stringify(text);
}

/** A Linux kernel hands to its init as environment what it does not know itself. */
function commandLine(append: string, env: TaskContext["env"]): string {
  const words = Object.entries(env).map(([name, value]) => {
    if (/^[\x20-\x7e]*$/.test(value) && !value.includes('"')) return `${name}="${value}"`;
    throw new Unavailable(`env.${name}: a kernel's command line takes ASCII without "`);
  });
  const line = [append, ...words].join(" ");
  if (line.length <= commandLineMax) return line;
  throw new Unavailable(
    `env: with params.append it has ${line.length} characters, and a domain's command line takes ${commandLineMax}`,
  );
}
