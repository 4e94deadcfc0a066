import { fileError } from "../../text.ts";
import type { Secret } from "../config.ts";
import type { Report } from "../report.ts";

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
    const value = (await Deno.readTextFile(secret.file)).trim();
    if (value !== "") return { ok: true, value };
    return { ok: false, reason: "empty", error: `password file ${secret.file} is empty` };
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? { ok: false, reason: "missing", error: `Error reading password from ${secret.file}` }
      : { ok: false, reason: "unreadable", error: fileError("open", secret.file, error) };
  }
}

/** A pair of keys of which one holds a secret and the other the path of its file. */
export interface SecretKeys {
  readonly value: string | undefined;
  readonly file: string | undefined;
  /** The file's key with its section, for errors. */
  readonly fileKey: string;
  /** Error when neither is set. */
  readonly missing: string;
  /** Error when the file is empty, in front of `ensure that password file <path> is not empty`. */
  readonly empty: string;
}

/** Checks at load that a secret is there, as the original does; the value wins over the file. */
export async function checkSecret(keys: SecretKeys, report: Report): Promise<Secret | undefined> {
  if (keys.value !== undefined) return { value: keys.value };
  if (keys.file === undefined) {
    report.error(keys.missing);
    return undefined;
  }
  const secret = { file: keys.file };
  const result = await readSecret(secret);
  if (result.ok) return secret;
  report.fileError(
    result.reason === "empty"
      ? `${keys.empty} and ensure that password file ${keys.file} is not empty`
      : `${keys.fileKey}: ${result.error}`,
  );
  return undefined;
}
