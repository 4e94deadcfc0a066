/** Requests for access tokens, by oauth4webapi: all grants, over HTTPS only, and their failures in words. */

import * as oauth from "oauth4webapi";
import { startDeadline } from "../../../net/deadline.ts";
import type { HttpsClient } from "../../../net/https_client.ts";
import { fetchFault } from "../../../net/network_fault.ts";
import { singleLine } from "../../../text.ts";
import { retryAfterMs } from "../../retry_after.ts";
import { clientProof, serviceAccountAssertion } from "./assertion.ts";
import { TokenError } from "./error.ts";
import { clockRemedy, hintFor } from "./hints.ts";
import type { OAuthOptions } from "./options.ts";
import type { AccessToken } from "./token_source.ts";

type Endpoint = Extract<OAuthOptions, { kind: "endpoint" }>;

/** The HTTP client, the clock, and a callback for new refresh tokens. */
export interface TokenRequestDeps {
  readonly https: Pick<HttpsClient, "fetch">;
  readonly now: () => number;
  readonly timeoutMs?: number;
  /** Called with a refresh token that the server has given in place of the one in the file. */
  readonly onRefreshToken?: (refreshToken: string) => void;
}

const TIMEOUT_MS = 30_000;
/** Signed assertions are good for minutes; clocks may differ less than that. */
const CLOCK_TOLERANCE_MS = 60_000;
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** What is known of a call beside its result. */
interface Call {
  readonly provider: Endpoint["provider"];
  readonly url: string;
  /** Values that must not be in a message. */
  readonly secrets: string[];
  /** The server's time, as its answer gives it. */
  dateMs: number | undefined;
  retryAfter: string | null;
}

/**
 * Requests a token from the endpoint, with the current contents of the files.
 *
 * @throws {TokenError}
 */
export async function requestToken(
  options: Exclude<OAuthOptions, { kind: "file" }>,
  user: string,
  deps: TokenRequestDeps,
): Promise<AccessToken> {
  return options.kind === "service-account"
    ? await byServiceAccount(options, user, deps)
    : await byEndpoint(options, deps);
}

async function byEndpoint(options: Endpoint, deps: TokenRequestDeps): Promise<AccessToken> {
  const { provider, tokenUrl: url, clientId, scope, grant } = options;
  const call: Call = { provider, url, secrets: [], dateMs: undefined, retryAfter: null };
  const { proof, secrets } = await clientProof(options.proof, url, deps.now);
  call.secrets.push(...secrets);
  const parameters = scope === undefined ? {} : { scope };
  const client = { "client_id": clientId };
  return await ask(call, deps, async (as, requestOptions) => {
    if (grant.kind === "client_credentials") {
      return await oauth.clientCredentialsGrantRequest(
        as,
        client,
        proof,
        parameters,
        requestOptions,
      );
    }
    const refreshToken = await grant.refreshToken();
    call.secrets.push(refreshToken);
    return await oauth.refreshTokenGrantRequest(as, client, proof, refreshToken, {
      ...requestOptions,
      additionalParameters: parameters,
    });
  });
}

async function byServiceAccount(
  options: Extract<OAuthOptions, { kind: "service-account" }>,
  user: string,
  deps: TokenRequestDeps,
): Promise<AccessToken> {
  const { assertion, tokenUrl } = await serviceAccountAssertion(options, user, deps.now);
  const call: Call = {
    provider: "google",
    url: tokenUrl,
    secrets: [assertion],
    dateMs: undefined,
    retryAfter: null,
  };
  // The assertion says who asks: there is no client to name.
  const noClientAuth: oauth.ClientAuth = () => {};
  return await ask(call, deps, (as, requestOptions) =>
    oauth.genericTokenEndpointRequest(
      as,
      { client_id: "-" },
      noClientAuth,
      JWT_BEARER,
      { assertion },
      requestOptions,
    ));
}

type RequestOptions = oauth.TokenEndpointRequestOptions;

async function ask(
  call: Call,
  deps: TokenRequestDeps,
  request: (as: oauth.AuthorizationServer, options: RequestOptions) => Promise<Response>,
): Promise<AccessToken> {
  if (URL.parse(call.url)?.protocol !== "https:") {
    throw new TokenError(
      "configuration",
      `Cannot get an access token: '${call.url}' is not an https URL`,
      {
        remedy: "set smtp.oauth2.token_url to an https URL",
      },
    );
  }
  using deadline = startDeadline(deps.timeoutMs ?? TIMEOUT_MS);
  const as = { issuer: new URL(call.url).origin, "token_endpoint": call.url };
  const startMs = deps.now();
  try {
    const response = await request(as, {
      signal: deadline.signal,
      headers: { "user-agent": "teleport-email" },
      [oauth.customFetch]: async (url, init) => {
        const { body, ...rest } = init;
        const answer = await deps.https.fetch(url, {
          ...rest,
          ...body === undefined || body === null ? {} : { body },
        });
        call.dateMs = Date.parse(answer.headers.get("date") ?? "") || undefined;
        call.retryAfter = answer.headers.get("retry-after");
        return await withoutIdToken(answer);
      },
    });
    const result = await oauth.processGenericTokenEndpointResponse(
      as,
      { client_id: "-" },
      response,
    );
    if (result.refresh_token !== undefined) deps.onRefreshToken?.(result.refresh_token);
    const { access_token: value, expires_in: seconds } = result;
    return { value, ...seconds === undefined ? {} : { expiresMs: startMs + seconds * 1000 } };
  } catch (error) {
    throw tokenError(error, call, deps, deadline.expired);
  }
}

/** We ask for no identity; an ID token would be checked against values that are not configured. */
async function withoutIdToken(response: Response): Promise<Response> {
  const text = await response.text();
  const { status, headers } = response;
  try {
    const { id_token: _, ...rest } = JSON.parse(text);
    return new Response(JSON.stringify(rest), { status, headers });
  } catch {
    return new Response(text === "" ? null : text, { status, headers });
  }
}

function tokenError(
  error: unknown,
  call: Call,
  { now }: TokenRequestDeps,
  expired: boolean,
): TokenError {
  if (error instanceof TokenError) return error;
  const where = `Cannot get an access token from '${call.url}'`;
  const say = (words: string) => `${where}: ${singleLine(words, call.secrets)}`;
  const pause = retryAfterMs(call.retryAfter, now());
  const retry = pause === undefined ? {} : { retryAfterMs: pause };
  if (expired) return new TokenError("timeout", say("no response within the time limit"), NETWORK);
  if (error instanceof oauth.ResponseBodyError) {
    return refusedByServer(error, call, say, retry, now());
  }
  if (error instanceof oauth.OperationProcessingError) {
    const status = error.cause instanceof Response ? error.cause.status : undefined;
    if (status === 429) return new TokenError("rate-limit", say("HTTP 429"), { ...WAIT, ...retry });
    if (status !== undefined && status >= 500) {
      return new TokenError("server", say(`HTTP ${status}`), { ...WAIT, ...retry });
    }
    const words = status === undefined
      ? "not an OAuth 2.0 response"
      : `HTTP ${status}, not an OAuth 2.0 response`;
    return new TokenError("configuration", say(words), {
      remedy: "check smtp.oauth2.token_url, and that no portal or proxy answers in its place",
    });
  }
  const words = fetchFault(error);
  return /certificate|\btls\b|handshake/i.test(words)
    ? new TokenError("tls", say(words), {
      remedy: "add the CA that signed its certificate to this machine's store",
    })
    : new TokenError("network", say(words), NETWORK);
}

const NETWORK = {
  remedy: "check that this machine reaches the token endpoint by HTTPS (HTTPS_PROXY, firewall)",
};
const WAIT = { remedy: "wait: the token endpoint is unavailable, or limits requests" };

function refusedByServer(
  error: oauth.ResponseBodyError,
  call: Call,
  say: (words: string) => string,
  retry: { readonly retryAfterMs?: number },
  nowMs: number,
): TokenError {
  const { error: code, status, cause } = error;
  const numbers = Array.isArray(cause["error_codes"])
    ? cause["error_codes"].filter((number) => typeof number === "number")
    : [];
  const hint = hintFor(call.provider, code, numbers);
  // Entra's descriptions are paragraphs; its numbers say the same.
  const first = numbers[0] === undefined ? "" : ` (AADSTS${numbers[0]})`;
  const trace = typeof cause["trace_id"] === "string" ? `, trace id ${cause["trace_id"]}` : "";
  const description = numbers.length > 0 || error.error_description === undefined
    ? ""
    : `: ${error.error_description}`;
  const category = status === 429
    ? "rate-limit"
    : status >= 500
    ? "server"
    : hint?.category ?? "authentication";
  const offMs = call.dateMs === undefined ? 0 : nowMs - call.dateMs;
  const isClockOff = Math.abs(offMs) > CLOCK_TOLERANCE_MS && category === "authentication";
  const remedy = isClockOff ? clockRemedy(offMs) : hint?.remedy;
  return new TokenError(category, say(`${code}${first}${trace}${description}`), {
    ...remedy === undefined ? {} : { remedy },
    ...retry,
  });
}
