import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

Deno.test("deno task demo shows three requests and ends with code 0 in under 15 s", async () => {
  const startMs = Date.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "demo"],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  assert.ok(Date.now() - startMs < 15_000);
  assert.match(text, /3 requests, 13 mails in 5 threads,\n {4}none twice/);
  for (
    const status of ["⏳ PENDING", "✅ APPROVED (Have a good rollout)", "❌ DENIED", "⌛ EXPIRED"]
  ) {
    assert.ok(text.includes(`Status: ${status}`), status);
  }
});
