import assert from "node:assert/strict";
import fc from "fast-check";
import { parseToml } from "./syntax.ts";

Deno.test("parseToml() accepts a byte order mark and both kinds of line ends", () => {
  const result = parseToml("\ufeff[log]\r\noutput = 'stderr'\r\n");
  assert.ok(result.ok);
  assert.deepEqual(Object.keys(result.table), ["log"]);
});

Deno.test("parseToml() reports place and cause in one line", () => {
  const cases: [string, string][] = [
    [
      "[smtp]\nport = 1 2",
      "(2, 10): each key-value declaration must be followed by an end-of-line, near 'port'",
    ],
    [
      "[smtp\nhost = 1",
      "(1, 6): illegal character in key: the table header '[smtp' is not closed by ']'",
    ],
    ["[smtp]\n= 1", "(2, 1): unexpected end of key"],
    ["[smtp]\n[log]\n\n[smtp]\n", "(4, 2): duplicated tables: smtp"],
    ["[smtp]\nhost = 'a'\nhost = 'b'\n", "(3, 1): The following key was defined twice: host"],
  ];
  for (const [text, error] of cases) {
    assert.deepEqual(parseToml(text), { ok: false, error });
  }
});

Deno.test("parseToml() does not print values, which may be secrets", () => {
  const texts = [
    'password = "hunter2',
    'password = "hunter2" x',
    "password = hunter2",
    'a = """\nhunter2 \\q"""',
    "password = 'hunter2'\npassword = 'hunter2'",
    "a = [1,\n'hunter2'\n2]",
  ];
  for (const text of texts) {
    const result = parseToml(text);
    assert.ok(!result.ok, text);
    assert.doesNotMatch(result.error, /hunter2|\n/);
  }
});

Deno.test("parseToml() never throws", () => {
  const pieces = fc.constantFrom(
    ..."[ ] { } = . , # \n ' \" ''' \"\"\" \\ a 1 - : T Z true nan 0x \\u 2020-01-01 \ufeff \0"
      .split(" "),
  );
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(pieces).map((p) => p.join("")));
  fc.assert(
    fc.property(text, (value) => {
      const result = parseToml(value);
      assert.ok(result.ok || /^\(\d+, \d+\): ./.test(result.error));
    }),
    { numRuns: 500 },
  );
});
