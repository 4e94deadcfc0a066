/** Restricts addresses that requesters name to `delivery.allowed_domains`. */

import { domainToASCII } from "node:url";

/**
 * Whether the address is in one of the domains: lower-case ASCII, with a dot in front for all domains
 * below one.
 */
export function isInDomains(address: string, domains: readonly string[]): boolean {
  const domain = asciiDomain(address.slice(address.lastIndexOf("@") + 1));
  return domain !== "" &&
    domains.some((allowed) =>
      allowed.startsWith(".")
        ? domain.endsWith(allowed) && domain.length > allowed.length
        : domain === allowed
    );
}

/** Only names beyond ASCII are left to IDNA, whose parser would also decode `%2e`. */
function asciiDomain(domain: string): string {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain);
}
