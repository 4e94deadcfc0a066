import { parse, TomlError } from "smol-toml";

/** The tables of a file, or its first syntax error. */
export type SyntaxResult =
  | { readonly ok: true; readonly table: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/** Parses TOML 1.0; an error begins with `(line, column): `, as in the original. */
export function parseToml(text: string): SyntaxResult {
  try {
    // Integers become bigint, so that integers and floats differ.
    return { ok: true, table: parse(text.replace(/^\ufeff/, ""), { integersAsBigInt: true }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n", 1)[0]?.replace("Invalid TOML document: ", "") ?? "";
    const line = text.split(/\r?\n/)[error.line - 1]?.trim() ?? "";
    return {
      ok: false,
      error: `(${error.line}, ${error.column}): ${describe(reason, line)}`,
    };
  }
}

/** One line for the parser's excerpt, without values: they may be secrets. */
function describe(reason: string, line: string): string {
  if (reason.startsWith("trying to redefine")) {
    const header = /^\[+([^\]=]*)\]/.exec(line)?.[1];
    return header === undefined
      ? `The following key was defined twice: ${/^[^=\s]*/.exec(line)?.[0]}`
      : `duplicated tables: ${header}`;
  }
  if (/^\[{1,2}[\w.-]+$/.test(line)) {
    return `${reason}: the table header '${line}' is not closed by ']'`;
  }
  // Not every line of a broken file with a `=` in it starts with a key: it may be base64.
  const key = /^[a-z_]+(?=\s*=(?!=|$))/.exec(line)?.[0];
  return key === undefined ? reason : `${reason}, near '${key}'`;
}
