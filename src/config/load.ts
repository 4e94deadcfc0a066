import { fileError } from "../text.ts";
import type { LoadResult } from "./config.ts";
import { type LoadEnvironment, parseConfig } from "./parse.ts";

export { type LoadEnvironment, parseConfig };

/** Reads and checks a file; nothing that the file can hold makes it throw. */
export async function loadConfig(path: string, env: LoadEnvironment): Promise<LoadResult> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    const errors = [fileError("open", path, error)];
    return { ok: false, errors, warnings: [], isUnreadable: true };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, errors: [`${path}: invalid UTF-8`], warnings: [] };
  }
  return await parseConfig(text, path, env);
}
