/** The access token of `[smtp.oauth2]`: whether it is given, until when, and what it allows. */

import { decodeJwt } from "jose";
import type { OAuth2Config } from "../../config/config.ts";
import { asTokenError } from "../../mail/smtp/oauth/error.ts";
import type { AccessToken, TokenSource } from "../../mail/smtp/oauth/token_source.ts";
import { isoTime } from "../../text.ts";
import { type Finding, timed } from "./finding.ts";

const PERMISSION = "SMTP.SendAsApp";

/** Gets an access token and describes it. */
export async function checkToken(
  username: string,
  oauth2: OAuth2Config,
  tokens: Pick<TokenSource, "get">,
): Promise<Finding> {
  const check = "mail.token";
  try {
    const { value: token, tookMs } = await timed(() => tokens.get());
    return { ...describe(username, oauth2, token), tookMs };
  } catch (error) {
    const { message: text, details: { remedy } } = asTokenError(error);
    return { check, level: "problem", text, ...remedy === undefined ? {} : { remedy } };
  }
}

/** Decoded for display: the mail server alone decides whether it is good. */
function describe(username: string, oauth2: OAuth2Config, token: AccessToken): Finding {
  const check = "mail.token";
  const claims = claimsOf(token.value);
  const expiresMs = token.expiresMs ?? (claims.exp === undefined ? undefined : claims.exp * 1000);
  const until = expiresMs === undefined ? undefined : isoTime(expiresMs);
  const audience = [claims.aud ?? []].flat().join(", ");
  const granted = [
    ...Array.isArray(claims["roles"]) ? claims["roles"].map(String) : [],
    ...typeof claims["scp"] === "string" ? claims["scp"].split(" ") : [],
  ];
  const text = [
    `for '${username}'`,
    ...until === undefined ? [] : [`until ${until}`],
    ...audience === "" ? [] : [`audience '${audience}'`],
    ...granted.length === 0 ? [] : [`permissions ${granted.join(", ")}`],
  ].join(", ");
  const details = {
    username,
    ...until === undefined ? {} : { expires: until },
    ...audience === "" ? {} : { audience },
    permissions: granted,
  };
  const isApplication = oauth2.kind === "endpoint" && oauth2.provider === "microsoft" &&
    oauth2.grant.kind === "client_credentials";
  if (!isApplication || granted.includes(PERMISSION)) return { check, level: "ok", text, details };
  return {
    check,
    level: "warning",
    text: `${text}, without the permission ${PERMISSION}`,
    remedy: "fine with RBAC for Applications in Exchange Online; otherwise add the application " +
      `permission ${PERMISSION} to the app registration and grant admin consent`,
    details,
  };
}

/** None for an opaque token. */
function claimsOf(token: string): ReturnType<typeof decodeJwt> {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}
