/**
 * The ports of a service: what its spec asks for, what its node has given it, and how its task is told.
 * A port has a name; its number is fixed, or 0 for one that the node chooses.
 */
import { described } from "../core/reading.ts";
import { integer, mapOf } from "../core/value-readers.ts";

/** By name. */
export type Ports = Readonly<Record<string, number>>;

/** What a port may be called. */
export const portNamePattern = /^[A-Za-z][\w.-]{0,62}$/;
/** Most ports of a service. */
export const portsMax = 64;

const readNumbers = mapOf(portNamePattern, integer({ min: 0, max: 65_535 }), portsMax);

export const readPorts = described(
  () => readNumbers.schema(),
  (value, at): Ports => {
    const ports = readNumbers(value, at);
    const names = Object.keys(ports);
    for (const [index, name] of names.entries()) {
      const before = names.slice(0, index);
      const alike = before.find((other) => portVariable(other) === portVariable(name));
      if (alike !== undefined) {
        at.member(name).wrong(`is told in ${portVariable(name)}, as ${alike} is`);
      }
      const same = before.find((other) => ports[other] === ports[name] && ports[name] !== 0);
      if (same !== undefined) at.member(name).wrong(`is the port of ${same}, too`);
    }
    return ports;
  },
);

/** The variable of its environment in which a task is told a port: `PORT_HTTP`. */
export function portVariable(name: string): string {
  return `PORT_${name.toUpperCase().replaceAll(/\W/g, "_")}`;
}

/** The environment of a task that was given these ports. */
export function taskEnv(
  { env }: { readonly env: Readonly<Record<string, string>> },
  ports: Ports,
): Readonly<Record<string, string>> {
  const told = Object.entries(ports).map(([name, port]) => [portVariable(name), String(port)]);
  return { ...env, ...Object.fromEntries(told) };
}

/** The ports that nothing else on its node may hold: its node must have them, and no other will do. */
export function fixedPorts({ ports }: { readonly ports: Ports }): readonly number[] {
  return Object.values(ports).filter((port) => port !== 0);
}

/** Whether it has ports, and its node chooses them all: two of it can run there. */
export function areChosen(ports: Ports): boolean {
  const numbers = Object.values(ports);
  return numbers.length > 0 && numbers.every((port) => port === 0);
}

/** Whether what was given is all that is asked for. */
export function isGiven(wanted: Ports, given: Ports): boolean {
  return Object.keys(wanted).every((name) => Object.hasOwn(given, name));
}
