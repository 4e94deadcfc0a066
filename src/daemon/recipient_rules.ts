import { isEmailAddress } from "../config/values/address.ts";
import type { Config } from "../config/config.ts";
import type { RecipientRules } from "../routing/recipients.ts";

/** Who is mailed, as the configuration says: for the daemon, and for `route`, which explains it. */
export function recipientRules(
  { roleToRecipients, delivery: { allowedDomains } }: Pick<Config, "roleToRecipients" | "delivery">,
): RecipientRules {
  return {
    roleToRecipients,
    isAddress: isEmailAddress,
    ...(allowedDomains === undefined ? {} : { allowedDomains }),
  };
}
