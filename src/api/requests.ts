/**
 * What clients send: bodies and queries. Strict: a field that is not known is an error, since one
 * that is silently ignored is a wish that silently fails.
 */
import Type from "typebox";

const strict = { additionalProperties: false };
/** Most documents or names of one request. */
const itemsMax = 10_000;
const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);

/** Of requests that say nothing more; they still are JSON, which a web page's form cannot send. */
export const EmptyRequest = Type.Object({}, strict);

export const JoinRequest = Type.Object({ address: Type.String({ minLength: 1 }) }, strict);

/** `node`: its name or id. */
export const NodeRequest = Type.Object({ node: Type.String({ minLength: 1 }) }, strict);

/** `name`: of a volume. */
export const VolumeRequest = Type.Object({ name: Type.String({ minLength: 1 }) }, strict);

/** `now`: without moving away what the node runs. */
export const LeaveRequest = Type.Object({ now: Type.Optional(Type.Boolean()) }, strict);

/** A join token, as it was printed; `address`: where its issuer is reached, if not as it says. */
export const JoinByTokenRequest = Type.Object(
  {
    token: Type.String({ minLength: 1 }),
    address: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
);

/** `for`: a duration, like `1h`. */
export const JoinTokenRequest = Type.Object(
  { for: Type.Optional(Type.String({ minLength: 1 })) },
  strict,
);

/** `key`: its id, or how that begins; of the steps that are about one. */
export const KeyRequest = Type.Object(
  { key: Type.Optional(Type.String({ minLength: 1 })) },
  strict,
);

/** Of a deploy and of a plan: the documents are specs, which the node itself validates. */
export const DeployRequest = Type.Object(
  { documents: Type.Array(Type.Unknown(), { minItems: 1, maxItems: itemsMax }) },
  strict,
);

export const NamesRequest = Type.Object(
  { names: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: itemsMax }) },
  strict,
);

/** `instances`: as in a spec, which says what is wrong with it. */
export const ScaleRequest = Type.Object({ instances: Type.Unknown() }, strict);

/** As `NewToken` of the commands. */
export const TokenRequest = Type.Object(
  {
    role: Type.Union([Type.Literal("read"), Type.Literal("deploy"), Type.Literal("admin")]),
    name: Type.Optional(Type.String({ minLength: 1 })),
    for: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
);

/** `token`: its name or id. */
export const RevokeRequest = Type.Object({ token: Type.String({ minLength: 1 }) }, strict);

/** `token`: the id of the token that the client holds. */
export const ProofRequest = Type.Object(
  { token: Type.String({ pattern: "^[0-9a-f]{16}$" }) },
  strict,
);

/** `service`: whose; default: of all. */
export const EndpointsQuery = Type.Object({ service: Type.Optional(Type.String()) }, strict);

/** `node` as in ActorsQuery. */
export const LeftoversQuery = Type.Object({ node: Type.Optional(Type.String()) }, strict);

/** `ids`: default all that can be removed. */
export const RemoveLeftoversRequest = Type.Object(
  {
    node: Type.Optional(Type.String()),
    ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: itemsMax,
      }),
    ),
  },
  strict,
);

/** `node`: name or id of the node asked about; default: the one that answers. */
export const ActorsQuery = Type.Object({ node: Type.Optional(Type.String()) }, strict);

/** `target`: a path or a registered name. */
export const ActorQuery = Type.Object(
  { target: Type.String({ minLength: 1 }), node: Type.Optional(Type.String()) },
  strict,
);

/** `node` as in ActorsQuery; `forMs`: goes on by itself after that. */
export const SuspendRequest = Type.Object(
  {
    target: Type.String({ minLength: 1 }),
    node: Type.Optional(Type.String()),
    forMs: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  strict,
);

/** `target`: a path or a registered name. */
export const ActorRequest = Type.Object(
  { target: Type.String({ minLength: 1 }), node: Type.Optional(Type.String()) },
  strict,
);

/** `service`: which are meant: one, several, or by default all. */
export const ServicesQuery = Type.Object(
  {
    service: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }))]),
    ),
  },
  strict,
);

/** `services` as in the query; `told`: `key`, `stamp` and `removed` of the last change of each key. */
export const WatchRequest = Type.Object(
  {
    services: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: itemsMax })),
    told: Type.Optional(Type.Array(Type.Unknown())),
  },
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
