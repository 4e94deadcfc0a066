/** Why there is no access token. */

import type { RefusalCategory } from "../../transport.ts";
import { reasonOf } from "../../../text.ts";

export class TokenError extends Error {
  override readonly name = "TokenError";
  constructor(
    readonly category: RefusalCategory,
    message: string,
    readonly details: {
      /** What the operator can do. */
      readonly remedy?: string;
      /** When the token server wants to be asked again. */
      readonly retryAfterMs?: number;
    } = {},
  ) {
    super(message);
  }
}

/** Whatever a request failed with, as a `TokenError`. */
export function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  return new TokenError("configuration", reasonOf(error));
}
