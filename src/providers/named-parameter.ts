/** Errors of a start that name the parameter whose value cannot be had on this node. */
import { messageOf, Unavailable } from "../core/errors.ts";

/** @throws Unavailable with the parameter and why, where `tried` fails */
export async function inParameter<T>(parameter: string, tried: Promise<T>): Promise<T> {
  try {
    return await tried;
  } catch (error) {
    throw new Unavailable(`params.${parameter}: ${messageOf(error)}`, { cause: error });
  }
}
