/**
 * Access tokens for all connections of a transport: kept in memory, renewed before they expire by one
 * request at a time, and dropped when the mail server refuses them.
 */

import { asTokenError, type TokenError } from "./error.ts";

/** An access token and its expiry. */
export interface AccessToken {
  /** A secret. */
  readonly value: string;
  /** When it expires, milliseconds since 1970; absent when unknown: the token is then requested every time. */
  readonly expiresMs?: number;
}

/** How tokens are requested. */
export interface TokenSourceDeps {
  /** Requests a new token, within a time limit. @throws {TokenError} */
  readonly request: () => Promise<AccessToken>;
  readonly now: () => number;
  /** Called on the first of consecutive failures to renew a token that is still valid. */
  readonly onRenewalFailure?: (error: TokenError) => void;
}

/** Tokens are renewed this long before they expire, or in the last fifth of a short lifetime. */
const MARGIN_MS = 5 * 60_000;
const MARGIN_SHARE = 0.2;
/** For this long, a failure also answers the next requests. */
const FAILURE_MS = 1000;
/** Delay before a failed renewal is retried while the old token is valid. */
const RENEWAL_RETRY_MS = 30_000;

/** Caches an access token and renews it before it expires. */
export class TokenSource {
  #token: (AccessToken & { readonly renewAtMs: number }) | undefined;
  #failure:
    | { readonly error: TokenError; readonly atMs: number; readonly pauseMs: number }
    | undefined;
  #request: Promise<AccessToken> | undefined;

  constructor(private readonly deps: TokenSourceDeps) {}

  /**
   * A valid token.
   *
   * @throws {TokenError} when none can be had
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

  /** Discards a token that the mail server refused: the next `get()` requests another one. */
  refused(token: AccessToken): void {
    if (this.#token?.value === token.value) this.#token = undefined;
  }

  /** Joins the request in progress, or starts one. */
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

  /** The last failure while it is in effect; setting the clock back ends it. */
  #failureAt(nowMs: number): TokenError | undefined {
    if (this.#failure === undefined) return undefined;
    const { error, atMs, pauseMs } = this.#failure;
    return nowMs >= atMs && nowMs < atMs + pauseMs ? error : undefined;
  }
}
