/** Short ways to check the text of a configuration, for tests. */

import assert from "node:assert/strict";
import type { Config } from "../config.ts";
import { type LoadEnvironment, parseConfig } from "../load.ts";

const DEFAULTS = {
  teleport: 'identity = "/id"',
  smtp: 'host = "mail.example.com"',
  delivery: 'sender = "noreply@example.com"',
  "role_to_recipients": '"*" = "all@example.com"',
};

/** A file that loads without a warning, with some tables replaced, added or (null) left out. */
export function file(tables: Readonly<Record<string, string | null>> = {}): string {
  return Object.entries({ ...DEFAULTS, ...tables })
    .filter(([, body]) => body !== null)
    .map(([name, body]) => `[${name}]\n${body}\n`)
    .join("");
}

/** Loads a text that must load, maybe with warnings. */
export async function accept(
  text: string,
  env: LoadEnvironment = {},
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  const result = await parseConfig(text, "test.toml", env);
  assert.ok(result.ok, result.ok ? "" : result.errors.join("\n"));
  return result;
}

/** The errors of a text that must not load. */
export async function refuse(text: string, env: LoadEnvironment = {}): Promise<readonly string[]> {
  const result = await parseConfig(text, "test.toml", env);
  assert.ok(!result.ok, "the text loads");
  return result.errors;
}
