/** Creates a token source from the options, with its HTTP client. */

import type { Log } from "../../../log.ts";
import { HttpsClient } from "../../../net/https_client.ts";
import type { TokenAuth } from "../options.ts";
import { TokenError } from "./error.ts";
import type { OAuthOptions, TokenGrant } from "./options.ts";
import { type AccessToken, TokenSource } from "./token_source.ts";
import { reasonOf } from "../../../text.ts";

/** A token source; disposal closes its HTTP client. */
export interface OpenedTokenSource extends Disposable {
  readonly tokens: TokenSource;
}

/** Creates the source; it sends no request and reads no file before the first token is needed. */
export function openTokenSource(
  { username, oauth, rootCas }: TokenAuth,
  log: Pick<Log, "warn">,
  now: () => number = Date.now,
): OpenedTokenSource {
  const https = new HttpsClient(rootCas);
  const request = requester(oauth, username, https, now, log);
  const tokens = new TokenSource({
    request,
    now,
    onRenewalFailure: ({ message: error, category, details: { remedy } }) =>
      log.warn("Access token cannot be renewed, the old one is used while it is valid", {
        error,
        category,
        ...remedy === undefined ? {} : { remedy },
      }),
  });
  return { tokens, [Symbol.dispose]: () => https[Symbol.dispose]() };
}

function requester(
  oauth: OAuthOptions,
  user: string,
  https: HttpsClient,
  now: () => number,
  log: Pick<Log, "warn">,
): () => Promise<AccessToken> {
  if (oauth.kind === "file") return () => readTokenFile(oauth.token, now);
  // Its libraries are large, and most installations have a password.
  const load = () => import("./request.ts");
  if (oauth.kind === "service-account") {
    return async () => await (await load()).requestToken(oauth, user, { https, now });
  }
  const { grant, onRefreshToken } = rotating(oauth.grant, log);
  return async () => {
    const { requestToken } = await load();
    return await requestToken({ ...oauth, grant }, user, { https, now, onRefreshToken });
  };
}

/**
 * Servers may give a new refresh token with each access token. It is used from then on, in memory, until
 * the file holds another one: the program may not write to it.
 */
function rotating(grant: TokenGrant, log: Pick<Log, "warn">) {
  if (grant.kind === "client_credentials") return { grant, onRefreshToken: () => {} };
  let inFile = "";
  let given: string | undefined;
  const refreshToken = async () => {
    const text = await grant.refreshToken();
    if (text !== inFile) given = undefined;
    inFile = text;
    return given ?? text;
  };
  const onRefreshToken = (token: string) => {
    if (token === inFile || token === given) return;
    if (given === undefined) {
      log.warn(
        "Token endpoint issued a new refresh token, which is used until the program ends: if the endpoint " +
          "revoked the old one, renew smtp.oauth2.refresh_token_file before the next start",
      );
    }
    given = token;
  };
  return { grant: { kind: "refresh_token", refreshToken } as const, onRefreshToken };
}

/** Without an end, so that it is read for every login. */
async function readTokenFile(read: () => Promise<string>, now: () => number): Promise<AccessToken> {
  const remedy = "check smtp.oauth2.access_token_file, and what renews it";
  let value: string;
  try {
    value = (await read()).trim();
  } catch (error) {
    const message = reasonOf(error);
    throw new TokenError("configuration", message, { remedy });
  }
  const expiresMs = await expiryOf(value);
  if (expiresMs !== undefined && expiresMs <= now()) {
    const end = new Date(expiresMs).toISOString();
    throw new TokenError(
      "authentication",
      `The access token in smtp.oauth2.access_token_file expired at ${end}`,
      { remedy },
    );
  }
  return { value };
}

/** When a JWT expires, milliseconds since 1970; undefined for opaque tokens. */
export async function expiryOf(token: string): Promise<number | undefined> {
  const { decodeJwt } = await import("jose");
  try {
    const { exp } = decodeJwt(token);
    return exp === undefined ? undefined : exp * 1000;
  } catch {
    return undefined;
  }
}
