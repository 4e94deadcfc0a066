import { describeType } from "../values/fields.ts";
import { isEmailAddress } from "../values/address.ts";
import type { Report } from "../report.ts";
import { isTable } from "../section.ts";

const SECTION = "requester_addresses";

/** Reads `[requester_addresses]`: an email address for each user name, which is any text. */
export function readRequesterAddresses(
  table: unknown,
  report: Report,
): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  if (!isTable(table)) {
    report.error(
      `Invalid ${SECTION}: must be a table, current value is ${describeType(table)}`,
    );
    return addresses;
  }
  for (const [user, address] of Object.entries(table)) {
    if (typeof address === "string" && isEmailAddress(address)) {
      addresses.set(user, address);
      continue;
    }
    const current = typeof address === "string" ? JSON.stringify(address) : describeType(address);
    report.error(
      `Invalid requester_addresses.${user}: must be an address such as a@example.com, ` +
        `current value is ${current}`,
    );
  }
  return addresses;
}
