/** Remedies for the operator after a refusal by Mailgun. */

import type { RefusalCategory } from "../transport.ts";

/** One sentence for each category. */
export const REMEDIES: Readonly<Record<Exclude<RefusalCategory, "cancelled">, string>> = {
  network: "check mailgun.base_url or region, and that this machine reaches it by HTTPS",
  tls: "if the CA of mailgun.base_url is private, name it in mailgun.root_cas",
  timeout: "check that no firewall or proxy blocks the connection",
  authentication:
    "check mailgun.private_key, that it belongs to this domain or account, and mailgun.region",
  configuration:
    "check mailgun.domain, and mailgun.region: a domain is in 'us' or in 'eu'; look at " +
    "the account's and the domain's state at Mailgun",
  "rate-limit":
    "none needed: emails are sent more slowly and retried; lower mailgun.max_messages_per_second " +
    "if it recurs",
  quota: "wait until the account may send again, or raise its limit at Mailgun",
  sender: "check delivery.sender",
  policy: "look at the domain's log at Mailgun",
  recipient: "check the recipient's address",
  message: "look at the domain's log at Mailgun",
  server: "look at Mailgun's status page",
};

/** The remedy for an unreadable key file. */
export const KEY_FILE_REMEDY =
  "check mailgun.private_key_file, and that the user who runs this program may read it";
