import assert from "node:assert/strict";
import { anchorsIn, blocksIn, commandsIn, linksIn, rowsIn } from "./markdown.ts";

const PAGE = `# A page: "of mine"

Use \`teleport-email check
--json\`, \`teleport-email.toml\` and \`npx -y deno@1.2.3 task ok\`, see [there](limits.md#sizes) and
[elsewhere](https://example.com/metrics.md).

\`\`\`sh
# not a heading
sudo teleport-email start \\
  --config x # a comment
cat y | teleport-email check -c - && deno task demo > z
\`\`\`

    teleport-email version
`;

Deno.test("commandsIn() finds calls in code blocks and in running text", () => {
  assert.deepEqual([...commandsIn(PAGE, "teleport-email")], [
    ["teleport-email", "start", "--config", "x"],
    ["teleport-email", "check", "-c", "-"],
    ["deno", "task", "demo"],
    ["teleport-email", "version"],
    ["teleport-email", "check", "--json"],
    ["deno", "task", "ok"],
  ]);
});

Deno.test("linksIn() ignores other sites, anchorsIn() what is in code blocks", () => {
  assert.deepEqual([...linksIn(PAGE)], ["limits.md#sizes"]);
  assert.deepEqual([...anchorsIn(PAGE)], ["a-page-of-mine"]);
});

Deno.test("blocksIn() gives the code of one language", () => {
  const page = "a\n```toml\nx = 1\n```\n\n```sh\ny\n```\n";
  assert.deepEqual([...blocksIn(page, "toml")], ["x = 1\n"]);
});

Deno.test("rowsIn() gives the rows of every table without their heads", () => {
  const page = "a | b\n\n| x | y |\n| - | :-: |\n| 1 | 2 |\n| 3 | 4 |\n\n| z |\n| - |\n| 5 |\n";
  assert.deepEqual(rowsIn(page), [["1", "2"], ["3", "4"], ["5"]]);
});
