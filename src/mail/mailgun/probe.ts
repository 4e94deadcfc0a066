/** Checks domain and key with Mailgun (GET /v3/domains/{name} of its API). */

import { startDeadline } from "../../net/deadline.ts";
import { HttpsClient } from "../../net/https_client.ts";
import { fetchFault } from "../../net/network_fault.ts";
import type { MailgunOptions } from "./transport.ts";
import { authorization } from "./provider.ts";
import { singleLine } from "../../text.ts";

/**
 * - `known`: the key is valid for the domain; `state` is Mailgun's, `active` or `unverified`
 * - `refused`: the key is invalid, or is a domain sending key, which may only send
 * - `unknown`: the domain does not exist under this account and base URL
 * - `failed`: any other failure, in one line
 */
export type MailgunView =
  | { readonly kind: "known"; readonly state: string }
  | { readonly kind: "refused" }
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly error: string };

const PROBE_MS = 15_000;

/** Checks domain and key. Never rejects. */
export async function probeMailgun(
  { domain, privateKey, baseUrl, rootCas }: Pick<
    MailgunOptions,
    "domain" | "privateKey" | "baseUrl" | "rootCas"
  >,
  signal: AbortSignal,
): Promise<MailgunView> {
  using deadline = startDeadline(PROBE_MS, signal);
  using https = new HttpsClient(rootCas);
  let key = "";
  try {
    key = await privateKey();
    const response = await https.fetch(`${baseUrl}/v3/domains/${encodeURIComponent(domain)}`, {
      headers: { authorization: authorization(key), "user-agent": "teleport-email" },
      signal: deadline.signal,
    });
    const text = await response.text();
    if (response.ok) return { kind: "known", state: stateIn(text) };
    if (response.status === 401 || response.status === 403) return { kind: "refused" };
    if (response.status === 404) return { kind: "unknown" };
    return { kind: "failed", error: `HTTP ${response.status}: ${singleLine(text, [key])}` };
  } catch (error) {
    const words = deadline.expired ? "no response within the time limit" : fetchFault(error);
    return { kind: "failed", error: singleLine(words, [key]) };
  }
}

function stateIn(text: string): string {
  return /"state"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? "";
}
