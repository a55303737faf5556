/**
 * What a service asks of the node that it is placed on: `label.zone == eu`, `node.name != box`. Pure.
 */
/** One condition; all of a service's must hold. */
export interface Constraint {
  /** `node.name`, or `label.` and the name of a label. */
  readonly attribute: string;
  readonly operator: "==" | "!=";
  readonly value: string;
}

/** What a node tells of itself, as far as a constraint asks. */
export interface Described {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a constraint looks like. A label that a node does not have is unlike any value. */
export const constraintPattern =
  /^(node\.name|label\.[^\s=!]{1,128}) *(==|!=) *(\S(?:.{0,126}\S)?)$/;

/** Undefined: it is none. */
export function parseConstraint(text: string): Constraint | undefined {
  const [, attribute, operator, value] = constraintPattern.exec(text) ?? [];
  if (attribute === undefined || value === undefined) return undefined;
  return { attribute, operator: operator === "==" ? "==" : "!=", value };
}

export function constraintText({ attribute, operator, value }: Constraint): string {
  return `${attribute} ${operator} ${value}`;
}

/** Why a node is not what is asked for, for people; undefined: it is. */
export function reasonAgainst(
  { attribute, operator, value }: Constraint,
  { name, labels }: Described,
): string | undefined {
  const label = attribute.startsWith(labelPrefix) ? attribute.slice(labelPrefix.length) : undefined;
  const actual = label === undefined ? name : labelOf(labels, label);
  if ((actual === value) === (operator === "==")) return undefined;
  if (label === undefined) return operator === "==" ? `is not ${value}` : `is ${value}`;
  if (actual === undefined) return `has no label ${label}, which is to be ${value}`;
  const wanted = operator === "==" ? `and is to be ${value}` : "and is to be another";
  return `has the label ${label}=${actual}, ${wanted}`;
}

const labelPrefix = "label.";

/** Labels are the users': one may be called `constructor`. Undefined: there is none of that name. */
export function labelOf(labels: Described["labels"], label: string): string | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined;
}
