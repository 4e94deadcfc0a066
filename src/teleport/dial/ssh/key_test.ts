import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { publicKeyBlob, signBody, verifyBody } from "../../../../sim/proxy/ssh/keys.ts";
import { ClusterError } from "../../errors.ts";
import {
  createSignature,
  encodeSignature,
  parsePublicKey,
  parseSignature,
  printable,
  signatureAlgorithms,
  verifySignature,
} from "./key.ts";
import { keyOf } from "./testing/ssh_certificates.ts";

const TYPES = [
  ["rsa", "ssh-rsa"],
  ["p256", "ecdsa-sha2-nistp256"],
  ["p384", "ecdsa-sha2-nistp384"],
  ["p521", "ecdsa-sha2-nistp521"],
  ["ed25519", "ssh-ed25519"],
] as const;

for (const [type, name] of TYPES) {
  const privateKey = keyOf(type);
  const blob = publicKeyBlob(privateKey);

  Deno.test(`parsePublicKey() reads ${name}`, () => {
    const { type: parsed, key } = parsePublicKey(blob);
    assert.equal(parsed, name);
    assert.ok(key.equals(createPublicKey(privateKey)));
  });

  Deno.test(`Signatures by ${name} are exchanged with the simulator`, () => {
    const data = Buffer.from("data");
    const publicKey = parsePublicKey(blob);
    for (const algorithm of signatureAlgorithms(name)) {
      // Several, because the numbers of ECDSA have different lengths.
      for (let round = 0; round < 8; round++) {
        const theirs = signBody(privateKey, algorithm, data);
        assert.ok(verifySignature(publicKey, algorithm, data, theirs));
        assert.ok(!verifySignature(publicKey, algorithm, Buffer.from("datum"), theirs));
        const ours = createSignature({ type: name, key: privateKey }, algorithm, data);
        assert.ok(verifyBody(createPublicKey(privateKey), algorithm, data, ours));
      }
    }
  });

  Deno.test(`parsePublicKey() answers a damaged ${name} with a ClusterError`, () => {
    fc.assert(fc.property(
      fc.nat(blob.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      (at, byte, isCut) => {
        const damaged = Buffer.from(isCut ? blob.subarray(0, at) : blob);
        if (!isCut) damaged[at] = byte;
        try {
          parsePublicKey(damaged);
        } catch (error) {
          assert.ok(error instanceof ClusterError, String(error));
        }
      },
    ));
  });
}

Deno.test("verifySignature() accepts only the key's own algorithm, and never SHA-1", () => {
  const data = Buffer.from("data");
  const rsa = parsePublicKey(publicKeyBlob(keyOf("rsa")));
  assert.ok(!verifySignature(rsa, "ssh-rsa", data, signBody(keyOf("rsa"), "ssh-rsa", data)));
  const p256 = parsePublicKey(publicKeyBlob(keyOf("p256")));
  const body = signBody(keyOf("p256"), "", data);
  assert.ok(!verifySignature(p256, "ecdsa-sha2-nistp384", data, body));
});

Deno.test("verifySignature() is false for oversized numbers", () => {
  const p256 = parsePublicKey(publicKeyBlob(keyOf("p256")));
  const number = Buffer.concat([Buffer.of(0, 0, 0, 33), Buffer.alloc(33, 1)]);
  const body = Buffer.concat([number, number]);
  assert.equal(verifySignature(p256, "ecdsa-sha2-nistp256", Buffer.from("data"), body), false);
});

Deno.test("parsePublicKey() refuses unknown types and points", () => {
  const name = (text: string) =>
    Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)]);
  assert.throws(() => parsePublicKey(name("ssh-dss")), /the key type 'ssh-dss' is not supported/);
  const p256 = publicKeyBlob(keyOf("p256"));
  const renamed = Buffer.from(p256.toString("latin1").replace("nistp256", "nistp384"), "latin1");
  assert.throws(() => parsePublicKey(renamed), ClusterError);
  const text = p256.toString("latin1");
  const at = text.lastIndexOf("nistp256");
  const otherCurve = Buffer.from(
    `${text.slice(0, at)}nistp384${text.slice(at + "nistp384".length)}`,
    "latin1",
  );
  assert.throws(() => parsePublicKey(otherCurve), /another curve than its type/);
  // 2 begins a compressed point, whatever its length.
  const compressed = Buffer.from(p256);
  compressed[compressed.length - 65] = 2;
  assert.throws(() => parsePublicKey(compressed), /not a point on its curve/);
  const offCurve = Buffer.from(p256);
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  assert.throws(() => parsePublicKey(offCurve), /a public key is not valid/);
});

Deno.test("parseSignature() reads what encodeSignature() writes", () => {
  const body = Buffer.from("body");
  assert.deepEqual(parseSignature(encodeSignature("ssh-ed25519", body)), {
    algorithm: "ssh-ed25519",
    body,
  });
});

Deno.test("printable() keeps a name on one short line", () => {
  assert.equal(printable("a\nb\x1b[31m é"), "a?b?[31m ?");
  assert.equal(printable("x".repeat(500)).length, 80);
});
