import assert from "node:assert/strict";
import type { LogRecord } from "@logtape/logtape";
import fc from "fast-check";
import { formatJson, formatText } from "./log_format.ts";

function record(message: string, properties: Record<string, unknown> = {}): LogRecord {
  return {
    category: ["test"],
    level: "info",
    message: [message],
    rawMessage: message,
    timestamp: Date.parse("2026-11-24T03:53:57.123Z"),
    properties,
  };
}

const text = (message: string, properties?: Record<string, unknown>) =>
  formatText(record(message, properties), { colour: false });

Deno.test("formatText() writes time, level, message and fields", () => {
  assert.equal(
    text("Successfully sent", { request_id: "1-2", kind: "new threads", attempts: 3 }),
    '2026-11-24T03:53:57.123Z INFO  Successfully sent request_id:1-2 kind:"new threads" attempts:3\n',
  );
});

Deno.test("formatText() truncates and pads levels to four letters, coloured on demand", () => {
  const levels = ["trace", "debug", "info", "warning", "error", "fatal"] as const;
  const names = levels.map((level) =>
    formatText({ ...record("x"), level }, { colour: false }).split(" ")[1]
  );
  assert.deepEqual(names, ["TRAC", "DEBU", "INFO", "WARN", "ERRO", "FATA"]);
  const coloured = formatText(record("x"), { colour: true });
  assert.equal(coloured, "2026-11-24T03:53:57.123Z \x1b[36mINFO\x1b[0m  x\n");
});

Deno.test("formatText() and formatJson() escape what would reorder a line or move a cursor", () => {
  const foreign = "x\u202ey\u009b2J";
  assert.match(text("m", { foreign }), / foreign:"x\\u202ey\\u009b2J"\n$/);
  const line = formatJson(record("m", { foreign }));
  assert.match(line, /"foreign":"x\\u202ey\\u009b2J"/);
  assert.equal(JSON.parse(line).foreign, foreign);
});

Deno.test("formatText() omits the time for readers that record it themselves", () => {
  const line = formatText(record("x", { a: 1 }), { colour: false, timeless: true });
  assert.equal(line, "INFO  x a:1\n");
});

Deno.test("formatText() writes errors as their message, and omits what is undefined", () => {
  const error = new Error("first\nsecond");
  assert.match(
    text("x", { error, nothing: undefined, list: ["a"] }),
    / x error:"first\\nsecond" list:/,
  );
});

Deno.test("formatText() and formatJson() write one line for any message and field", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme" }),
    fc.dictionary(fc.string(), fc.anything({ withBigInt: true })),
    (message, properties) => {
      for (
        const line of [
          text(message, { a: properties["a"], s: message }),
          formatJson(record(message, { s: message })),
        ]
      ) {
        assert.equal(line.indexOf("\n"), line.length - 1);
        assert.ok(!line.includes("\r"));
      }
    },
  ));
});

Deno.test("formatJson() has stable keys first, which fields cannot replace", () => {
  const line = formatJson(record("m", { level: "x", message: "y", error: new Error("e"), n: 1 }));
  assert.equal(
    line,
    '{"timestamp":"2026-11-24T03:53:57.123Z","level":"info","message":"m","error":"e","n":1}\n',
  );
});
