import assert from "node:assert/strict";
import { type Finding, TITLES } from "./finding.ts";
import { findingText } from "./report.ts";

const FINDING: Finding = {
  check: "server",
  level: "problem",
  text: "one two three four five six seven eight",
  remedy: "nine ten eleven",
  attachment: "kind: role of many words that are to be copied\n  name: x",
  tookMs: 5,
};
/** The longest title, with the mark before it and two spaces behind it. */
const WIDTH = 6 + Math.max(...Object.values(TITLES).map((title) => title.length)) + 2;
const INDENT = " ".repeat(WIDTH);
const TITLE = "server".padEnd(WIDTH - 6);

Deno.test("findingText() does not wrap lines of unknown width", () => {
  assert.equal(
    findingText(FINDING, { color: false }),
    `FAIL  ${TITLE}one two three four five six seven eight (5 ms)
${INDENT}Fix: nine ten eleven
${INDENT}kind: role of many words that are to be copied
${INDENT}  name: x
`,
  );
});

Deno.test("findingText() fills a terminal's lines, but for what is to be copied", () => {
  assert.equal(
    findingText(FINDING, { color: true, width: WIDTH + 30 }),
    `\x1b[31mFAIL  \x1b[0m${TITLE}one two three four five six
${INDENT}seven eight (5 ms)
${INDENT}Fix: nine ten eleven
${INDENT}kind: role of many words that are to be copied
${INDENT}  name: x
`,
  );
});

Deno.test("findingText() leaves lines to a terminal that is too narrow for columns", () => {
  assert.match(findingText(FINDING, { color: false, width: 40 }), / seven eight \(5 ms\)\n/);
});
