import assert from "node:assert/strict";
import fc from "fast-check";
import { encode, wrap } from "nodemailer/lib/qp";
import { dataText } from "../content.ts";
import { slotText } from "./slot_text.ts";

const SLOT = "0123456789abcdef0123456789abcdef";

const TEXT = fc.array(
  fc.oneof(
    fc.constantFrom("\n", "\n.", " ", ", ", "=", "⏳", "\n\n"),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.stringMatching(/^[a-z=;:-]{1,90}$/),
  ),
  { maxLength: 40, size: "max" },
).map((pieces) => pieces.join(""));
const INSERT = fc.stringMatching(/^(?:[a-zé.]{1,20}@[a-z]{1,12}\.com(?:, )?){1,20}$/u)
  .map((names) => names.replace(/, $/, ""));

Deno.test("a text with words in its slot has the bytes of the text that nodemailer encodes whole", () => {
  fc.assert(
    fc.property(TEXT, TEXT, INSERT, INSERT, (before, after, ...inserts) => {
      const fill = slotText(encode(before + SLOT + after), SLOT);
      for (const insert of inserts) {
        const whole = wrap(encode(before + insert + after), 76);
        assert.equal(Buffer.concat(fill(insert)).toString(), dataText(whole));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a text may have its slot more than once", () => {
  const fill = slotText(`${SLOT} and ${"again ".repeat(20)}${SLOT}`, SLOT);
  const text = Buffer.concat(fill("Bob")).toString();
  assert.match(text, /^Bob and again (?:[^]*again )=\r\nBob$/);
});
