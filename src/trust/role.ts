/**
 * What one who calls the API may do. Each role includes those before it: `read` looks at everything,
 * `deploy` also changes services, and so can do as much as the user that the nodes run as; `admin` also
 * changes the network and says who is let in.
 */

export const roles = ["read", "deploy", "admin"] as const;
export type Role = (typeof roles)[number];

/** Whether who has the role `held` may do what needs `needed`. */
export function includesRole(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}
