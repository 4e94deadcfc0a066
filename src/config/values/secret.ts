import { fileError, fileFault } from "../../text.ts";
import type { Secret } from "../config.ts";
import type { Report } from "../report.ts";
import { readText } from "../../read_file.ts";

/** A secret, or why its file has none. */
export type SecretResult =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: "missing" | "unreadable" | "empty"; error: string };

/**
 * Reads a secret at the moment it is needed, so that a rotated file counts at once. Space round
 * it is cut off, as in the original, whose limit of 2000 bytes is not kept.
 */
export async function readSecret(secret: Secret): Promise<SecretResult> {
  if ("value" in secret) return { ok: true, value: secret.value };
  try {
    const value = (await readText(secret.file)).trim();
    if (value !== "") return { ok: true, value };
    return { ok: false, reason: "empty", error: `password file ${secret.file} is empty` };
  } catch (error) {
    const fault = fileError("open", secret.file, error);
    return error instanceof Deno.errors.NotFound
      // The first part is the original's (original.md §2.1).
      ? {
        ok: false,
        reason: "missing",
        error: `Error reading password from ${secret.file}: ${fileFault(error)}`,
      }
      : { ok: false, reason: "unreadable", error: fault };
  }
}

/** A pair of keys of which one holds a secret and the other the path of its file. */
export interface SecretKeys {
  readonly value: string | undefined;
  readonly file: string | undefined;
  /** The keys with their section, for messages. */
  readonly valueKey: string;
  readonly fileKey: string;
  /** Error when neither is set. */
  readonly missing: string;
  /** Error when the file is empty, before `ensure that password file <path> is not empty`. */
  readonly empty: string;
}

/** Checks at load that a secret is there, as the original does; the value wins over the file. */
export async function checkSecret(keys: SecretKeys, report: Report): Promise<Secret | undefined> {
  if (keys.value !== undefined) {
    if (keys.file !== undefined) {
      report.warn(`both ${keys.valueKey} and ${keys.fileKey} are set: ${keys.valueKey} is used`);
    }
    warnOfLines(keys.valueKey, keys.value, report);
    return { value: keys.value };
  }
  if (keys.file === undefined) {
    report.error(keys.missing);
    return undefined;
  }
  const secret = { file: keys.file };
  const result = await readSecret(secret);
  if (result.ok) {
    warnOfLines(keys.fileKey, result.value, report);
    return secret;
  }
  report.fileError(
    result.reason === "empty"
      ? `${keys.empty} and ensure that password file ${keys.file} is not empty`
      : `${keys.fileKey}: ${result.error}`,
  );
  return undefined;
}

/** Passwords have one line: a second one is most likely a comment, or a second password. */
function warnOfLines(key: string, secret: string, report: Report): void {
  if (/[\r\n]/.test(secret)) {
    report.warn(`${key} has several lines: all of them are sent as one secret`);
  }
}
