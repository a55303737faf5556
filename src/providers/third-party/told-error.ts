/** What a third party has thrown, as the node takes it: an error of Mob's, no longer than people read. Pure. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { type ErrorShape, InvalidSpec, RemoteError } from "../../core/errors.ts";
import { messageCharsMax } from "./messages.ts";

const detailsMax = 100;
const text = Type.String({ maxLength: messageCharsMax });
const isDetail = Compile(Type.Object({ path: text, message: text }));

/** @throws TypeError for what is no error's shape */
export function errorOf(shape: ErrorShape): Error {
  const { code } = shape;
  const message = shape.message.slice(0, messageCharsMax);
  const details = shape.details.filter((one) => isDetail.Check(one)).slice(0, detailsMax);
  return code === "invalid_spec"
    ? new InvalidSpec(message, { details })
    : new RemoteError({ code, message, details });
}
