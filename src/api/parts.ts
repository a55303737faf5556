/** What the shapes of the API are made of. */
import Type from "typebox";

export const Integer = Type.Integer();
export const NullableString = Type.Union([Type.String(), Type.Null()]);
export const Strings = Type.Immutable(Type.Array(Type.String()));
