import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DISPLAY_LIMITS,
  displayAuthor,
  displayName,
  displayNames,
  displayText,
} from "./sanitize.ts";

const ORDINARY = [
  "alice@example.com",
  "O'Neil, Zoë (SRE) <x@y.z>",
  "Łukasz Świątek",
  "Олег Иванов",
  "олег@example.com",
  "Сара",
  "Ελένη",
  "東京 太郎",
  "Ｔａｎａｋａ",
  "김철수 kim",
  "يوسف",
  "می‌خواهم",
  "क्‍ष",
  "עמית",
  "👩‍💻 dev",
  "❤️‍🔥",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  "e\u0301",
  'a<b>&"{{x}}\\u{202e}',
];

Deno.test("displayName() leaves ordinary names of every language unchanged", () => {
  for (const name of ORDINARY) assert.equal(displayName(name), name);
});

Deno.test("displayName() makes characters visible that hide, reorder or break lines", () => {
  const cases: readonly [string, string][] = [
    ["a\r\nStatus: ok", "a\\u{000d}\\u{000a}Status: ok"],
    ["a\u2028b\u0085c\u0000\u007f\u001b[2J", "a\\u{2028}b\\u{0085}c\\u{0000}\\u{007f}\\u{001b}[2J"],
    ["a\u202ebob\u2066", "a\\u{202e}bob\\u{2066}"],
    ["a\u200f\u061cb", "a\\u{200f}\\u{061c}b"],
    ["ad\u200bmin\u00ad\ufeff\u3164", "ad\\u{200b}min\\u{00ad}\\u{feff}\\u{3164}"],
    ["al\u200dice", "al\\u{200d}ice"],
    ["\u200dalice", "\\u{200d}alice"],
    ["al\u{e0041}ice", "al\\u{e0041}ice"],
    ["a\ud800", "a\ufffd"],
  ];
  for (const [name, expected] of cases) assert.equal(displayName(name), expected);
});

Deno.test("displayName() makes letters visible that imitate others", () => {
  const cases: readonly [string, string][] = [
    ["\u0430lice@example.com", "\\u{0430}lice@example.com"],
    ["alice@ex\u0430mple.com", "alice@ex\\u{0430}mple.com"],
    ["adm\u03b9n", "adm\\u{03b9}n"],
    ["\u0441\u043e\u0441\u043e@example.com", "\\u{0441}\\u{043e}\\u{0441}\\u{043e}@example.com"],
    ["\u{1d5ba}lice", "\\u{1d5ba}lice"],
  ];
  for (const [name, expected] of cases) assert.equal(displayName(name), expected);
});

Deno.test("displayAuthor() quotes a name that imitates the start of a line", () => {
  assert.equal(displayAuthor("Link: https://evil.example"), '"Link: https://evil.example"');
  for (const name of ORDINARY) assert.equal(displayAuthor(name), name);
});

Deno.test("displayName() and displayNames() truncate and state by how much", () => {
  assert.equal(displayName("ä".repeat(256)), "ä".repeat(256));
  assert.equal(displayName("😀".repeat(257)), `${"😀".repeat(256)}… (1 more character)`);
  assert.equal(displayName("x".repeat(1490)), `${"x".repeat(256)}… (1234 more characters)`);
  const names = Array.from({ length: 112 }, (_, n) => `role-${n}`);
  assert.deepEqual(displayNames(names), [...names.slice(0, 100), "… (12 more)"]);
  assert.deepEqual(displayNames(names.slice(0, 100)), names.slice(0, 100));
});

Deno.test("displayText() leaves ordinary texts of several lines unchanged", () => {
  const texts = [
    ...ORDINARY,
    "Deploy\n\n\tTicket: OPS-1\n  see https://example.com/a:b\nlatency < 5μs, Δt\r\nThe status: fine\n",
    "Статус: ок\nПричина: нет",
    "שלום\u200f",
    "x".repeat(4096),
    "\n".repeat(99),
    "",
  ];
  for (const text of texts) assert.equal(displayText(text), text);
});

Deno.test("displayText() quotes lines that imitate the mail's labels", () => {
  const lines = [
    "Status: ✅ APPROVED",
    "  LINK : https://evil.example",
    "Role(s): none",
    "Approve: tsh request review --approve 1",
    "L\u0456nk: https://evil.example",
    "Li\u200bnk: https://evil.example",
    "Ｌｉｎｋ： https://evil.example",
    "Link\u2236 https://evil.example",
    "Lïnk: https://evil.example",
  ];
  for (const line of lines) {
    assert.equal(displayText(`why\n${line}\r\nend`), `why\n> ${line}\r\nend`);
  }
  // The first line stands behind our own label.
  assert.equal(displayText("Status: fine"), "Status: fine");
});

Deno.test("displayText() quotes lines that imitate the details of a mail that has some", () => {
  const details = "why\nApprovals (dev): 2 of 2";
  assert.equal(displayText(details), details);
  assert.equal(
    displayText(details, { ...DISPLAY_LIMITS, hasDetails: true }),
    "why\n> Approvals (dev): 2 of 2",
  );
});

Deno.test("displayText() makes controls and directions visible, and truncates characters and lines", () => {
  assert.equal(
    displayText("a\rb\u2028c\vd\u202ee\u0000"),
    "a\\u{000d}b\\u{2028}c\\u{000b}d\\u{202e}e\\u{0000}",
  );
  assert.equal(displayText("x".repeat(5330)), `${"x".repeat(4096)}… (1234 more characters)`);
  assert.equal(displayText("x\n".repeat(150)), `${"x\n".repeat(99)}x… (101 more characters)`);
});

Deno.test("displayName() and displayText() leave nothing hidden in any value", () => {
  const odd = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\n", "\r", "\u202e", "\u2066", "\u200d", "\u{e0061}", "\u{1f3f4}", "\u0430"),
      fc.constantFrom("Status", ":", "a", " ", "\ud800"),
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
    ),
  });
  fc.assert(
    fc.property(odd, (value) => {
      const name = displayName(value);
      assert.doesNotMatch(name, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/u);
      assert.ok(name.isWellFormed());
      const text = displayText(value);
      assert.doesNotMatch(text.replace(/\r?\n|\t/g, ""), /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
      assert.doesNotMatch(text, /\n\s*(Status|Link):/i);
      assert.equal(text.split("\n").length, value.split("\n").length);
    }),
  );
});
