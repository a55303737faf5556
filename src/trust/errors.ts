/** What can be wrong with a key that the node keeps. */
import { MobError } from "../core/errors.ts";

/** A key file that cannot be read, that others can read, or that holds no key. */
export class UnusableKey extends MobError {
  readonly code = "unusable_key";
}

/** A join token that its issuer does not take: used, expired, unknown, or tried too often. */
export class TokenRefused extends MobError {
  readonly code = "token_refused";
}

/** What answers at a join token's address does not hold the issuer's key: it was shown no token. */
export class NotTheIssuer extends MobError {
  readonly code = "not_the_issuer";
}
