/** Functions of the language beside those of Go: expected values are what Go 1.26 gives. */

import assert from "node:assert/strict";
import { Budget } from "../budget.ts";
import { quote, toByteString, toText } from "../byte_string.ts";
import { ConditionError } from "../error.ts";
import { emailLocal } from "./email.ts";
import { expansionOf } from "./pattern_cost.ts";
import { regexpMatch, regexpReplace } from "./regexp.ts";
import { parseRfc3339 } from "./rfc3339.ts";
import { compareVersions, parseVersion } from "./semver.ts";
import { lower, replaceAll, split, upper } from "./text.ts";

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof ConditionError);
    return error.reason;
  }
}

Deno.test("emailLocal() reads addresses as Go's net/mail does", () => {
  const cases: readonly (readonly [address: string, expected: string])[] = [
    ["a@b.c", "a"],
    ["A <a@b.c>", "a"],
    ['"a b"@b.c', "a b"],
    ['"a\\"b"@b.c', 'a"b'],
    ["(comment (nested)) a@b.c", "mail: missing word in phrase: mail: invalid string"],
    ["a@b.c (x \\) y)", "a"],
    ["a@b.c (x", "mail: misformatted parenthetical comment"],
    ["é@exämple.de", "é"],
    ["a@[127.0.0.1]", "a"],
    ["<a@[127.0.0.01]>", 'mail: invalid IP address in domain-literal: "127.0.0.01"'],
    ["a@[::1]", "a"],
    ["<a@[IPv6:::1]>", 'mail: invalid IP address in domain-literal: "IPv6:::1"'],
    ["a@[b c]", "mail: missing '@' or angle-addr"],
    ["<a@[b c]>", "mail: bad character in domain-literal: ' '"],
    ["g: a@b.c;", "a"],
    ["g: ;", "mail: empty group"],
    ["g: a@b.c, d@e.f;", "mail: group with multiple addresses"],
    ["=?utf-8?q?J=C3=B6rg?= <j@b.c>", "j"],
    ["=?koi8-r?q?J?= <j@b.c>", 'mail: missing word in phrase: charset not supported: "koi8-r"'],
    ["a b@c.d", "mail: no angle-addr"],
    ['<"@b.c>', "mail: empty quoted string in addr-spec"],
    ["a@b.c.", "mail: missing '@' or angle-addr"],
    ["<a@b..c>", "mail: double dot in atom"],
    [" \t", "mail: no address"],
  ];
  for (const [address, expected] of cases) {
    const actual = outcome(() => toText([...emailLocal(new Set([toByteString(address)]))][0]!));
    assert.equal(
      actual.replace(/^failed to parse "email.local" argument ".*?[^\\]": /, ""),
      expected,
    );
  }
});

Deno.test("parseRfc3339() is as loose and as strict as Go", () => {
  const iso = (text: string) => {
    const { ns } = parseRfc3339(text);
    return `${new Date(Number(ns / 1_000_000n)).toISOString()} ${ns % 1_000_000n}`;
  };
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ["2025-08-11T4:30:00Z", "2025-08-11T04:30:00.000Z 0"],
    ["2025-08-11T14:30:00,123456789123+24:60", "2025-08-10T13:30:00.123Z 456789"],
    ["0000-02-29T00:00:00Z", "0000-02-29T00:00:00.000Z 0"],
    ["2025-13-01T00:00:00Z", 'parsing time "2025-13-01T00:00:00Z": month out of range'],
    [
      "2025-08-11T14:30:00+25:61",
      'parsing time "2025-08-11T14:30:00+25:61": time zone offset minute out of range',
    ],
    [
      "2025-08-11t14:30:00Z",
      'parsing time "2025-08-11t14:30:00Z" as "2006-01-02T15:04:05Z07:00": ' +
      'cannot parse "t14:30:00Z" as "T"',
    ],
    [
      "2025-08-11T14:30:00z",
      'parsing time "2025-08-11T14:30:00z" as "2006-01-02T15:04:05Z07:00": ' +
      'cannot parse "z" as "Z07:00"',
    ],
  ];
  for (const [text, expected] of cases) assert.equal(outcome(() => iso(text)), expected, text);
});

Deno.test("Letters change case one by one, and invalid bytes become U+FFFD", () => {
  const budget = new Budget();
  const cases: readonly (readonly [text: string, upper: string, lower: string])[] = [
    ["straße ﬁ ŉ", "STRAßE ﬁ ŉ", "straße ﬁ ŉ"],
    ["ᾳ ᾀ ῼ ὖ ǆ ǅ", "ᾼ ᾈ ῼ ὖ Ǆ Ǆ", "ᾳ ᾀ ῳ ὖ ǆ ǆ"],
    ["ΟΔΟΣ İ ı K", "ΟΔΟΣ İ I K", "οδοσ i ı k"],
    ["𐐨😀", "𐐀😀", "𐐨😀"],
  ];
  for (const [text, up, low] of cases) {
    assert.equal(toText(upper(toByteString(text), budget)), up);
    assert.equal(toText(lower(toByteString(text), budget)), low);
  }
  assert.equal(upper("a\xff", budget), "A\xef\xbf\xbd");
});

Deno.test("Texts are cut and replaced by bytes, or by characters where the separator is empty", () => {
  const budget = new Budget();
  assert.deepEqual(split("\xc3\xa9", "\xc3", budget), ["", "\xa9"]);
  assert.deepEqual(split("\xc3\xa9\xff😀".replace("😀", toByteString("😀")), "", budget), [
    "\xc3\xa9",
    "\xff",
    toByteString("😀"),
  ]);
  assert.equal(replaceAll("\xc3\xa9", "\xa9", "\xa8", budget), "\xc3\xa8");
  assert.equal(replaceAll("\xc3\xa9", "", "-", budget), "-\xc3\xa9-");
  assert.equal(
    quote('a\x00\xff"\\\u00e9'.replace("\u00e9", "\xc3\xa9")),
    '"a\\x00\\xff\\"\\\\\xc3\xa9"',
  );
});

Deno.test("Globs fit whole values, and their stars stop at line breaks", () => {
  const matches = (value: string, pattern: string) =>
    regexpMatch(new Set([toByteString(value)]), toByteString(pattern), new Budget());
  const cases: readonly (readonly [value: string, pattern: string, expected: boolean])[] = [
    ["aba", "a*a", true],
    ["a", "a*a", false],
    ["aXbXc", "a*b*c", true],
    ["acb", "a*b*c", false],
    ["abab", "*ab", true],
    ["é😀", "é*", true],
    ["a\nb", "a*", false],
    ["a\nb", "*\n*", true],
    ["a\nb\nc", "*\n*", false],
    ["a\nb", "a\nb", true],
    ["", "**", true],
  ];
  for (const [value, pattern, expected] of cases) {
    assert.equal(matches(value, pattern), expected, `${JSON.stringify(value)} ${pattern}`);
  }
  assert.equal(
    outcome(() => `${regexpMatch(new Set(["a"]), "a*\xff", new Budget())}`),
    "error parsing regexp: invalid UTF-8: `\ufffd$`",
  );
});

Deno.test("Replacement templates name groups as Go's do", () => {
  const replace = (value: string, pattern: string, template: string) =>
    [...regexpReplace(new Set([value]), pattern, toByteString(template), new Budget())].map(toText);
  const pattern = "(?P<x>a)(b)?";
  const cases: readonly (readonly [template: string, expected: string])[] = [
    ["[$1$2]", "[ab]"],
    ["[${x}${2}]", "[ab]"],
    ["[$x1]", "[]"],
    ["[$xé]", "[]"],
    ["$$1", "$1"],
    ["${1", "${1"],
    ["${-}$", "${-}$"],
    ["$00[$9]", "[]"],
    ["$0$0", "abab"],
  ];
  for (const [template, expected] of cases) {
    assert.deepEqual(replace("ab", pattern, template), [expected], template);
  }
  assert.deepEqual(replace("baaac", "a*", "x"), ["xbxcx"]);
  assert.deepEqual(replace("aab", "^a", "x"), ["xab"]);
  assert.deepEqual(replace("\xffa", "^.", "x"), ["xa"]);
});

Deno.test("Several groups may have the same name, of which a template takes the first that matched", () => {
  const replaced = (
    pattern: string,
    value: string,
    template: string,
  ) => [...regexpReplace(new Set([value]), pattern, template, new Budget())];
  assert.deepEqual(replaced("(?P<n>a)|(?P<n>b)", "ab", "<$n>"), ["<a><b>"]);
  assert.deepEqual(replaced("(?<n>a)(?<n>b)?", "ab", "<${n}>"), ["<a>"]);
  assert.deepEqual(replaced("(?<n>x)?(?<n>b)", "b", "<$n$2>"), ["<bb>"]);
  const matches = (pattern: string, value: string) =>
    outcome(() => `${regexpMatch(new Set([value]), pattern, new Budget())}`);
  assert.equal(matches("^(?P<n>(?P<n>a))$", "a"), "true");
  // Neither a class nor quoted text opens a group.
  assert.equal(matches("^[(?P<n>](?P<n>a)\\Q(?P<n>\\E$", "(a(?P<n>"), "true");
  // Errors show the pattern as it was written.
  const open = "^(?<n>(?<n>$";
  assert.equal(matches(open, ""), `error parsing regexp: missing closing ): \`${open}\``);
});

Deno.test("Versions compare as coreos/go-semver does", () => {
  const order = (a: string, b: string) =>
    Math.sign(compareVersions(parseVersion(a), parseVersion(b)));
  const ascending = [
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-a",
    "1.0.0-a.1",
    "1.0.0-b",
    "1.0.0",
    "1.0.1",
    "1.2.0",
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(order(a, b), Math.sign(i - j), `${a} ${b}`);
    }
  }
  assert.equal(order("1.0.0+a", "1.0.0+b"), 0);
  assert.equal(
    outcome(() => `${order("1.0.9223372036854775808", "1.0.0")}`),
    'strconv.ParseInt: parsing "9223372036854775808": value out of range',
  );
});

Deno.test("expansionOf() counts what repeats write out", () => {
  const cases: readonly (readonly [pattern: string, expansion: number])[] = [
    ["abc*", 0],
    ["a{10}", 9],
    ["(ab){10}", 18],
    ["((a{10}){10}){10}", 999],
    ["[a-z]{3,5}", 4],
    ["\\{10}", 0],
    ["a{1001}", 0],
    ["\\x{61}", 0],
    ["\\pL", 50],
    ["[\\pL\\pN]{2}", 201],
  ];
  for (const [pattern, expansion] of cases) assert.equal(expansionOf(pattern), expansion, pattern);
});
