/** The page on delivery errors says what the tables in the sources do, row by row. */

import assert from "node:assert/strict";
import { ANSWER_ROWS, judgeAnswer } from "../src/mail/mailgun/answer_table.ts";
import { judgeReply, parseReply } from "../src/mail/smtp/reply.ts";
import { ROWS } from "../src/mail/smtp/reply_table.ts";

const PAGE = new URL("../docs/operate/delivery-errors.md", import.meta.url);

const OUTCOMES = { later: "retried", never: "dropped", transport: "transport pauses" } as const;
const PACES = { connections: ", fewer connections", rate: ", slower" } as const;

interface TableRow {
  readonly about: string;
  readonly category: string;
  readonly retry: keyof typeof OUTCOMES;
  readonly pace?: keyof typeof PACES;
}

/** The cells of a table's rows, by the first words of its head. */
async function cellsOf(head: string): Promise<readonly (readonly string[])[]> {
  const lines = (await Deno.readTextFile(PAGE)).split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${head}`));
  assert.ok(start >= 0, head);
  const rest = lines.slice(start + 2);
  return rest.slice(0, rest.findIndex((line) => !line.startsWith("|")))
    .map((line) =>
      line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"))
    );
}

function told({ about, category, retry, pace }: TableRow): readonly string[] {
  return [about, category, OUTCOMES[retry] + (pace === undefined ? "" : PACES[pace])];
}

Deno.test("docs/operate/delivery-errors.md has every row for SMTP replies, with an example that meets it", async () => {
  const cells = await cellsOf("the reply is about");
  assert.deepEqual(
    cells.map(([about = "", , , category = "", outcome = ""]) => [about, category, outcome]),
    ROWS.map(told),
  );
  for (const [about, step = "", example = ""] of cells) {
    const row = judgeReply(parseReply(step, Number(example.slice(0, 3)), example));
    assert.equal(row.about, about, `${step}: ${example}`);
  }
});

Deno.test("docs/operate/delivery-errors.md has every row for Mailgun's answers, with an example that meets it", async () => {
  const cells = await cellsOf("the answer is about");
  assert.deepEqual(
    cells.map(([about = "", , category = "", outcome = ""]) => [about, category, outcome]),
    ANSWER_ROWS.map(told),
  );
  for (const [about, example = ""] of cells) {
    const [, status, words = ""] = /^(\d{3}) ?(.*)$/.exec(example) ?? [];
    assert.equal(judgeAnswer(Number(status), words).about, about, example);
  }
});

Deno.test("docs/operate/delivery-errors.md and docs/operate/metrics.md name every category", async () => {
  const metrics = await Deno.readTextFile(new URL("../docs/operate/metrics.md", import.meta.url));
  const named = new Set((await cellsOf("category")).map(([category]) => category));
  for (const { category } of [...ROWS, ...ANSWER_ROWS]) assert.ok(named.has(category), category);
  for (const category of named) assert.ok(metrics.includes(`\`${category}\``), category);
});
