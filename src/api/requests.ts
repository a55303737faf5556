/**
 * What clients send: bodies and queries. Strict: a field that is not known is an error, since one
 * that is silently ignored is a wish that silently fails.
 */
import Type from "typebox";

const strict = { additionalProperties: false };
const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);

/** Of requests that say nothing more; they still are JSON, which a web page's form cannot send. */
export const EmptyRequest = Type.Object({}, strict);

export const JoinRequest = Type.Object({ address: Type.String({ minLength: 1 }) }, strict);

/** `node`: its name or id. */
export const ForgetRequest = Type.Object({ node: Type.String({ minLength: 1 }) }, strict);

/** The documents are specs, which the node itself validates. */
export const DeployRequest = Type.Object(
  { documents: Type.Array(Type.Unknown(), { minItems: 1 }) },
  strict,
);

export const NamesRequest = Type.Object(
  { names: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }) },
  strict,
);

/** `node`: name or id of the node asked about; default: the one that answers. */
export const ActorsQuery = Type.Object({ node: Type.Optional(Type.String()) }, strict);

/** `target`: a path or a registered name. */
export const ActorQuery = Type.Object(
  { target: Type.String({ minLength: 1 }), node: Type.Optional(Type.String()) },
  strict,
);

/** As LogOptions, in text. */
export const LogsQuery = Type.Object(
  {
    tail: Type.Optional(Type.String({ pattern: "^(all|[0-9]{1,9})$" })),
    follow: Type.Optional(Flag),
    slot: Type.Optional(Type.String({ pattern: "^[0-9]{1,9}$" })),
  },
  strict,
);
