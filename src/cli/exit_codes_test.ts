import assert from "node:assert/strict";
import { UNCAUGHT_EXIT_CODE } from "../ops/uncaught.ts";
import { DEFINITIONS } from "./commands.ts";
import {
  EXIT_CANNOT_RUN,
  EXIT_CONFIGURATION,
  EXIT_FAILURE,
  EXIT_OK,
  usageExitCode,
} from "./exit_codes.ts";

Deno.test("docs/commands.md lists every exit code", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/commands.md", import.meta.url));
  const [, section = ""] = /^## Exit codes$(.*?)^## /ms.exec(page) ?? [];
  const codes = [...section.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(codes, [
    EXIT_OK,
    EXIT_FAILURE,
    EXIT_CANNOT_RUN,
    UNCAUGHT_EXIT_CODE,
    EXIT_CONFIGURATION,
  ]);
});

Deno.test("usageExitCode() is 1 for the original's commands and health, 2 for all others", () => {
  const with1 = ["configure", "version", "start", "health"];
  for (const { name } of DEFINITIONS) {
    assert.equal(usageExitCode(name), with1.includes(name) ? 1 : 2, name);
  }
  assert.deepEqual([usageExitCode("help"), usageExitCode(undefined)], [1, 1]);
});

Deno.test("The help of every command names the exit codes that docs/commands.md gives it", () => {
  for (const { name, details } of DEFINITIONS) {
    if (name === "version" || name === "completion") continue;
    assert.match(details.join("\n"), /Exit codes: 0/, name);
  }
});
