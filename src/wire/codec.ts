/**
 * Messages to bytes and back: a MessagePack array of the message's number and its fields in declared
 * order. Every message is checked once, here, so inside the node its type can be trusted. What
 * `encode` takes, `decode` takes: a bug at one end is told at that end, not by a closed connection.
 */
import { Packr } from "msgpackr";
import { Type } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { messageOf } from "../core/errors.ts";
import { frameBytesMax } from "../core/limits.ts";
import { FrameTooLarge, InvalidMessage, MalformedFrame, UnknownMessage } from "./errors.ts";
import { declarations, type Message } from "./messages.ts";
import { checkPlainData } from "./plain-data.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true, copyBuffers: true });

/**
 * The body of a frame.
 * @throws MalformedFrame when a payload is not plain data; FrameTooLarge when over `frameBytesMax`.
 */
export function encode(message: Message): Uint8Array {
  const form = formOf(message);
  const count = fieldCount(form, message);
  const values = form.blank.slice(0, 1 + count);
  for (let at = 0; at < count; at++) values[1 + at] = fieldOf(message, form.fields[at] ?? "");
  const bytes = pack(values);
  if (bytes.length > frameBytesMax) {
    throw new FrameTooLarge(`"${message.kind}" of ${bytes.length} bytes: over ${frameBytesMax}`);
  }
  checkPlainData(bytes);
  return bytes;
}

/**
 * The message in a frame's body. Fields that a later version appended are dropped.
 * @throws MalformedFrame, InvalidMessage or UnknownMessage, saying what is wrong.
 */
export function decode(bytes: Uint8Array): Message {
  checkPlainData(bytes);
  const values = unpack(bytes);
  const number: unknown = Array.isArray(values) ? values[0] : undefined;
  if (!Array.isArray(values) || typeof number !== "number") {
    throw new MalformedFrame("not an array that begins with a message's number");
  }
  const form = forms.get(number);
  if (form === undefined) throw new UnknownMessage(`no message has the number ${number}`);
  const message: Record<string, unknown> = { kind: form.kind };
  let at = 1;
  for (const field of form.fields) {
    if (at < values.length) message[field] = values[at];
    at += 1;
  }
  const validator = form.validator();
  if (!validator.Check(message)) throw invalid(form, validator, message);
  return message as Message;
}

function pack(values: readonly unknown[]): Uint8Array {
  try {
    return packr.pack(values);
  } catch (cause) {
    throw new MalformedFrame(messageOf(cause), { cause }); // A cycle, for one.
  }
}

/** Where small frames are read: msgpackr makes a view of each array that it has not seen before. */
const smallFrame = new Uint8Array(1_024);

function unpack(bytes: Uint8Array): unknown {
  try {
    if (bytes.length > smallFrame.length) return packr.unpack(bytes);
    smallFrame.set(bytes);
    return packr.unpack(smallFrame, bytes.length);
  } catch (cause) {
    throw new MalformedFrame(messageOf(cause), { cause });
  }
}

/** A declaration, as the codec needs it. */
interface Form {
  readonly number: number;
  readonly kind: Message["kind"];
  readonly fields: readonly string[];
  /** The number, and a place for each field: copied, it has the size that it needs and no more. */
  readonly blank: readonly unknown[];
  /** Compiled when first needed: a start should not pay for messages that never come. */
  validator(): Validator;
}

const forms: ReadonlyMap<number, Form> = new Map(
  declarations.map((declaration) => {
    const { number, kind, fields } = declaration;
    let validator: Validator | undefined;
    const form: Form = {
      number,
      kind,
      fields: Object.keys(fields),
      blank: [number, ...Object.keys(fields).map(() => undefined)],
      validator() {
        validator ??= Compile(Type.Object({ ...fields }));
        return validator;
      },
    };
    return [number, form];
  }),
);

const byKind = new Map([...forms.values()].reverse().map((form) => [form.kind, form]));
const failedReply = [...forms.values()].findLast((form) => form.kind === "reply");

/** A reply travels in one of two forms: a field that only failures have needs no place in the other. */
function formOf(message: Message): Form {
  const form = message.kind === "reply" && !message.ok ? failedReply : byKind.get(message.kind);
  if (form === undefined) throw new UnknownMessage(`no message is called "${message.kind}"`);
  return form;
}

/** How many fields are sent: an optional one that is absent is not, unless one after it is there. */
function fieldCount({ fields }: Form, message: Message): number {
  let count = fields.length;
  while (count > 0 && !((fields[count - 1] ?? "") in message)) count--;
  return count;
}

function fieldOf(message: Message, field: string): unknown {
  const fields: Readonly<Record<string, unknown>> = message;
  return fields[field];
}

function invalid(form: Form, validator: Validator, message: unknown): InvalidMessage {
  const details = validator
    .Errors(message)
    .slice(0, 5)
    .map((error) => ({ path: error.instancePath, message: error.message }));
  const first = details[0];
  const what = first === undefined ? "" : `: ${first.path || "it"} ${first.message}`;
  return new InvalidMessage(`"${form.kind}"${what}`, { details });
}
