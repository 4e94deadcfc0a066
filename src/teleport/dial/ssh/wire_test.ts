import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ClusterError } from "../../errors.ts";
import { sshPositiveInteger, SshReader, sshString } from "./wire.ts";

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));

Deno.test("SshReader reads back what was written", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(bytes, fc.string({ unit: "grapheme" }))),
    (values) => {
      const reader = new SshReader(Buffer.concat(values.map(sshString)));
      for (const value of values) {
        if (typeof value === "string") assert.equal(reader.text(), value);
        else assert.ok(reader.binary().equals(value));
      }
      reader.end();
    },
  ));
});

Deno.test("SshReader reads numbers", () => {
  const reader = new SshReader(Buffer.from("00000102" + "0000000100000002", "hex"));
  assert.equal(reader.uint32(), 0x102);
  assert.equal(reader.uint64(), 0x1_0000_0002n);
  assert.ok(reader.isAtEnd);
});

Deno.test("A positive integer comes back without leading zeros", () => {
  fc.assert(fc.property(bytes.filter((value) => value.some((byte) => byte !== 0)), (value) => {
    const encoded = sshPositiveInteger(value);
    // The highest bit is the sign (RFC 4251 §5).
    assert.ok((encoded[4] ?? 0) < 0x80);
    const read = new SshReader(encoded).positiveInteger();
    assert.ok(read.equals(value.subarray(value.findIndex((byte) => byte !== 0))));
  }));
});

const READS = ["uint32", "uint64", "binary", "text", "positiveInteger", "end"] as const;

Deno.test("SshReader reads any bytes as a value or a ClusterError", () => {
  fc.assert(fc.property(bytes, fc.array(fc.constantFrom(...READS)), (input, reads) => {
    const reader = new SshReader(input);
    try {
      for (const read of reads) reader[read]();
    } catch (error) {
      assert.ok(error instanceof ClusterError, String(error));
      assert.equal(error.kind, "credentials");
    }
    assert.ok(reader.offset <= input.length);
  }));
});

for (
  const [what, hex, read, expected] of [
    ["too short", "0000", "uint32", /it ends too early/],
    ["a length past the end", "0000000561", "binary", /it ends too early/],
    ["a huge length", "ffffffff61", "text", /it ends too early/],
    ["no UTF-8", "00000001ff", "text", /a text is not UTF-8/],
    ["a negative number", "0000000180", "positiveInteger", /a number is negative/],
    ["the number zero", "00000000", "positiveInteger", /a number is zero/],
    ["left over", "00", "end", /bytes are left over/],
  ] as const
) {
  Deno.test(`SshReader refuses what is ${what}`, () => {
    assert.throws(() => new SshReader(Buffer.from(hex, "hex"))[read](), expected);
  });
}
