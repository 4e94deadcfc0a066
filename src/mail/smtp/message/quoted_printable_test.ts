import assert from "node:assert/strict";
import fc from "fast-check";
import { encode as slowEncode, wrap as slowWrap } from "nodemailer/lib/qp";
import { dataText } from "../content.ts";
import { encode, wrap } from "./quoted_printable.ts";

const PIECES = ["\n", "\n\n", " ", "\t", " \n", "=", ".", ",", "é", "⏳", "\ud800", "\0", "\r\n"];

/** Texts with lines of all lengths, some without a place to break them. */
const TEXTS = fc.array(
  fc.oneof(
    fc.constantFrom(...PIECES),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.stringMatching(/^[a-z=;:-]{20,90}$/),
    fc.stringMatching(/^[äö⏳]{1,30}$/u),
  ),
  { maxLength: 60, size: "max" },
).map((pieces) => pieces.join(""));

Deno.test("text is encoded, and broken into lines, as by nodemailer", () => {
  fc.assert(
    fc.property(TEXTS, (text) => {
      const encoded = encode(text);
      assert.equal(encoded, slowEncode(text));
      assert.equal(dataText(wrap(encoded)), dataText(slowWrap(encoded, 76)));
    }),
    { numRuns: 300 },
  );
});
