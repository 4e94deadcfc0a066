import type { SmtpConfig } from "../config.ts";
import type { Report } from "../report.ts";
import { checkSecret } from "../values/secret.ts";
import { given } from "../section.ts";
import type { SmtpValues } from "./smtp.ts";

/**
 * Reads how to log in; `undefined` for a relay that wants no login, which the original refuses,
 * and when something is wrong and reported.
 */
export async function readSmtpAuth(
  { username, password, password_file: file, auth_method: method }: SmtpValues,
  report: Report,
): Promise<SmtpConfig["auth"]> {
  if (username === undefined) {
    if (password !== undefined || file !== undefined) {
      report.error("provide smtp.username to use SMTP");
    } else if (method !== undefined) {
      report.warn("smtp.auth_method has no effect without smtp.username");
    }
    return undefined;
  }
  const secret = await checkSecret({
    value: password,
    file,
    fileKey: "smtp.password_file",
    missing: "specify smtp.password or smtp.password_file",
    empty: "provide smtp.password or smtp.password_file",
  }, report);
  return secret === undefined ? undefined : { username, password: secret, ...given({ method }) };
}
