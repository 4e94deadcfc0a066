/**
 * Access tokens for all connections of a transport: kept in memory, renewed before they expire by one
 * request at a time, and dropped when the mail server refuses them.
 */

import { asTokenError, type TokenError } from "./error.ts";

export interface AccessToken {
  /** A secret. */
  readonly value: string;
  /** When it expires, milliseconds since 1970; undefined when nobody knows: then it is read every time. */
  readonly expiresMs?: number;
}

export interface TokenSourceDeps {
  /** Gets a new one; bounded in time. @throws {TokenError} */
  readonly request: () => Promise<AccessToken>;
  readonly now: () => number;
  /** Called when a token cannot be renewed although the old one is still good, once in a row. */
  readonly onRenewalFailure?: (error: TokenError) => void;
}

/** Renewed so long before the end, or in the last fifth of a short life. */
const MARGIN_MS = 5 * 60_000;
const MARGIN_SHARE = 0.2;
/** A failure holds for the connections that ask in the next moment, too. */
const FAILURE_MS = 1000;
/** While the old token is good, a renewal that failed is tried again after this. */
const RENEWAL_RETRY_MS = 30_000;

export class TokenSource {
  #token: (AccessToken & { readonly renewAtMs: number }) | undefined;
  #failure:
    | { readonly error: TokenError; readonly atMs: number; readonly pauseMs: number }
    | undefined;
  #request: Promise<AccessToken> | undefined;

  constructor(private readonly deps: TokenSourceDeps) {}

  /**
   * A token that is good now.
   *
   * @throws {TokenError} when there is none
   */
  async get(): Promise<AccessToken> {
    const nowMs = this.deps.now();
    const token = this.#token;
    const isGood = token?.expiresMs !== undefined && nowMs < token.expiresMs;
    if (isGood && nowMs < token.renewAtMs) return token;
    const failure = this.#failureAt(nowMs);
    if (failure !== undefined) {
      if (isGood) return token;
      throw failure;
    }
    try {
      return await this.#renew();
    } catch (error) {
      if (isGood) return token;
      throw error;
    }
  }

  /** The mail server has refused the token: the next `get()` brings another one. */
  refused(token: AccessToken): void {
    if (this.#token?.value === token.value) this.#token = undefined;
  }

  /** One request for all that ask while it is under way. */
  #renew(): Promise<AccessToken> {
    return this.#request ??= this.#ask().finally(() => this.#request = undefined);
  }

  async #ask(): Promise<AccessToken> {
    const { request, now, onRenewalFailure } = this.deps;
    const old = this.#token;
    const startMs = now();
    try {
      const token = await request();
      const { expiresMs } = token;
      const lifeMs = (expiresMs ?? startMs) - startMs;
      const renewAtMs = startMs + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
      this.#token = { ...token, renewAtMs };
      this.#failure = undefined;
      return token;
    } catch (error) {
      const failure = asTokenError(error);
      const isGood = old?.expiresMs !== undefined && now() < old.expiresMs;
      if (isGood && this.#failure === undefined) onRenewalFailure?.(failure);
      const pauseMs = failure.details.retryAfterMs ?? (isGood ? RENEWAL_RETRY_MS : FAILURE_MS);
      this.#failure = { error: failure, atMs: now(), pauseMs };
      throw failure;
    }
  }

  /** The last failure, while it holds; a clock that was set back ends it. */
  #failureAt(nowMs: number): TokenError | undefined {
    if (this.#failure === undefined) return undefined;
    const { error, atMs, pauseMs } = this.#failure;
    return nowMs >= atMs && nowMs < atMs + pauseMs ? error : undefined;
  }
}
