/** The error of a failed request for an access token. */

import type { RefusalCategory } from "../../transport.ts";
import { reasonOf } from "../../../text.ts";

/** A failed request; `message` is one line without secrets. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  constructor(
    readonly category: RefusalCategory,
    message: string,
    readonly details: {
      /** The remedy for the operator. */
      readonly remedy?: string;
      /** The token server's Retry-After, in milliseconds. */
      readonly retryAfterMs?: number;
    } = {},
  ) {
    super(message);
  }
}

/** Maps the error of a request to a `TokenError`. */
export function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  return new TokenError("configuration", reasonOf(error));
}
