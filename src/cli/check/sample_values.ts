/** Values of the sample configuration that load, but cannot be meant. */

import type { ConfigParts } from "../../config/config.ts";
import type { Finding } from "./finding.ts";

const ADDR = "0.0.0.0:3025";
const SENDER = "noreply@example.com";
const RECIPIENTS: ReadonlySet<string> = new Set([
  "dev-manager@example.com",
  "root@example.com",
  "admin@example.com",
]);

/** Warns about each value of the sample that was not replaced. */
export function* checkSampleValues(
  { teleport, delivery, roleToRecipients }: ConfigParts,
): Generator<Finding> {
  const recipients = [...roleToRecipients ?? []].flatMap(([role, addresses]) =>
    addresses.filter((address) => RECIPIENTS.has(address))
      .map((address) => [`role_to_recipients.${role}`, address] as const)
  );
  const left: readonly (readonly [key: string, value: string])[] = [
    ...teleport?.addr === ADDR ? [["teleport.addr", ADDR] as const] : [],
    ...delivery?.sender.address === SENDER ? [["delivery.sender", SENDER] as const] : [],
    ...recipients,
  ];
  for (const [key, value] of left) {
    yield {
      check: "configuration",
      level: "warning",
      text: `${key} is still '${value}', as in the sample`,
      remedy: "replace it by your own value",
    };
  }
}
