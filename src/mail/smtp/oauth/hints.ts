/**
 * What the errors of token endpoints mean for the operator. Numbers and texts may change, so they are
 * hints and decide nothing but the category.
 */

import type { RefusalCategory } from "../../transport.ts";

/** Category and remedy of an error. */
export interface Hint {
  readonly category: RefusalCategory;
  readonly remedy: string;
}

const refused = (remedy: string): Hint => ({ category: "authentication", remedy });
const CONSENT =
  "check smtp.oauth2.client_id and tenant, and that an administrator of this tenant has " +
  "granted consent to the application";
const CERTIFICATE =
  "upload the certificate of smtp.oauth2.client_certificate to the app registration, " +
  "and check that client_key belongs to it";
const FEDERATION =
  "check issuer, subject and audience (api://AzureADTokenExchange) of the federated " +
  "credential; a new one takes a few minutes to take effect";
const CLOCK = "correct this machine's clock (NTP)";
const BUSY: Hint = { category: "server", remedy: "wait: Microsoft Entra is busy or unavailable" };

/** Microsoft Entra's error numbers (Microsoft identity platform, reference of error codes). */
const ENTRA: ReadonlyMap<number, Hint> = new Map([
  [7000215, refused("put the client secret's value, not its id, into smtp.oauth2.client_secret")],
  [7000222, refused("the client secret has expired: create a new one in the app registration")],
  ...[700016, 700011, 65001, 650057, 500011].map((code) => [code, refused(CONSENT)] as const),
  ...[70001, 7000112].map((code) =>
    [code, refused("the application is disabled: enable it in Microsoft Entra")] as const
  ),
  ...[90002, 900023, 900382, 900432, 90038].map((code) =>
    [
      code,
      refused(
        "check smtp.oauth2.tenant, and smtp.oauth2.token_url for a national cloud: this tenant is " +
          "not known there",
      ),
    ] as const
  ),
  ...[9001023, 90124, 90130].map((code) =>
    [code, refused("set smtp.oauth2.tenant to the tenant's id or domain, not to common")] as const
  ),
  ...[70011, 28002, 700022, 1002012].map((code) =>
    [
      code,
      refused("check smtp.oauth2.scope: for client credentials it ends with /.default"),
    ] as const
  ),
  ...[700027, 50012].map((code) => [code, refused(CERTIFICATE)] as const),
  ...[700024, 500133].map((code) => [code, refused(CLOCK)] as const),
  ...[70021, 700211, 700212, 700213].map((code) => [code, refused(FEDERATION)] as const),
  [7000218, refused("set smtp.oauth2.client_secret, client_certificate or federated_token_file")],
  [
    53003,
    refused("a Conditional Access policy blocks the application: exempt it, or this address"),
  ],
  ...[700082, 50173].map((code) =>
    [
      code,
      refused("the refresh token has expired or was revoked: get a new one by a new consent"),
    ] as const
  ),
  ...[50033, 90006, 90012, 90024, 90033, 90055].map((code) => [code, BUSY] as const),
]);

/** OAuth 2.0's own error codes (RFC 6749 §5.2, §4.1.2.1), which every server has. */
const STANDARD: ReadonlyMap<string, Hint> = new Map([
  ["invalid_client", refused("check smtp.oauth2.client_id and the client's secret or certificate")],
  [
    "invalid_grant",
    refused(
      "get a new refresh token, or check the mailbox in smtp.username and this machine's clock",
    ),
  ],
  [
    "unauthorized_client",
    refused("let the client use this grant, and check that it may act for the mailbox"),
  ],
  ["unsupported_grant_type", refused("choose another smtp.oauth2.grant")],
  ["invalid_scope", refused("check smtp.oauth2.scope")],
  ["invalid_request", refused("check smtp.oauth2: the token endpoint reports a missing parameter")],
  ["access_denied", refused("let the application get tokens for this scope")],
  ["temporarily_unavailable", {
    category: "server",
    remedy: "wait: the token endpoint is unavailable",
  }],
  ["server_error", { category: "server", remedy: "wait: the token endpoint is unavailable" }],
]);

const GOOGLE: ReadonlyMap<string, Hint> = new Map([
  [
    "unauthorized_client",
    refused(
      "authorize the service account's client id for exactly https://mail.google.com/ under " +
        "domain-wide delegation; that takes up to a day to take effect, and smtp.username must be a " +
        "mailbox of this Workspace",
    ),
  ],
  [
    "invalid_grant",
    refused(
      "check the mailbox in smtp.username, that the key still exists, and this machine's clock",
    ),
  ],
]);

/** The hint for an error code, of Entra's numbers first; undefined when nothing is known of it. */
export function hintFor(
  provider: "microsoft" | "google" | "generic",
  error: string,
  numbers: readonly number[],
): Hint | undefined {
  const known = numbers.map((number) => ENTRA.get(number)).find((hint) => hint !== undefined);
  return known ?? (provider === "google" ? GOOGLE.get(error) : undefined) ?? STANDARD.get(error);
}

/** The remedy when this machine's clock and the server's differ by more than signed assertions allow. */
export function clockRemedy(offMs: number): string {
  const minutes = Math.round(Math.abs(offMs) / 60_000);
  const how = offMs > 0 ? "ahead of" : "behind";
  return `this machine's clock is ${minutes} minutes ${how} the token endpoint's: ${CLOCK}`;
}
