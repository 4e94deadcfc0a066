import { domainToASCII } from "node:url";

/** Letters, digits and hyphens, dots between labels (RFC 1123 §2.1). */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * `example.com` for this domain alone; `*.example.com` or `.example.com` for all domains below it,
 * which is returned with a leading dot. Lower-case ASCII (IDNA); undefined if it is not a domain.
 */
export function parseDomainPattern(text: string): string | undefined {
  const [, below, domain = ""] = /^(\*?\.)?(.*)$/.exec(text) ?? [];
  // Only names beyond ASCII are left to IDNA: its parser would also decode %2e and read 0x7f.1.
  // deno-lint-ignore no-control-regex
  const ascii = /^[\x00-\x7f]*$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain);
  if (!HOST_NAME.test(ascii)) return undefined;
  return below === undefined ? ascii : `.${ascii}`;
}
