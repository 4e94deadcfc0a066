import assert from "node:assert/strict";
import fc from "fast-check";
import MimeNode from "nodemailer/lib/mime-node";
import { OWN_ID_HEADER } from "../../extra_headers.ts";
import { testMessage } from "../../testing/smtp_client.ts";
import { smtpMessage } from "./mail_options.ts";
import { hasPlainValues, ownField } from "./own_fields.ts";

const NAMES = ["To", "Message-ID", "In-Reply-To", "References", "Date", OWN_ID_HEADER];

const ADDRESS = fc.oneof(
  fc.emailAddress(),
  fc.stringMatching(
    /^[\w+-]{1,50}(?:\.[\w+-]{1,20}){0,2}@(?:[a-z0-9-]{1,70}\.){1,2}[a-z0-9]{1,5}$/,
  ),
  fc.stringMatching(/^[\w+-]{1,50}@[a-z]{1,20}\.[a-z]{2}$/),
  fc.constantFrom("a@xn--bcher-kva.example", "zoë@example.com", "a@1.2.3.4", "a@[192.0.2.1]", "a"),
);
const ID = fc.stringMatching(/^[\w.+@-]{1,90}$/);

Deno.test("plain values give the header fields and the recipient that nodemailer makes of them", () => {
  let plain = 0;
  fc.assert(
    fc.property(
      ADDRESS,
      ID,
      ID,
      fc.array(ID, { maxLength: 4 }),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") }),
      (to, messageId, inReplyTo, references, date) => {
        const message = testMessage({ to, messageId, inReplyTo, references, date });
        if (!hasPlainValues(message)) return;
        plain++;
        const options = smtpMessage(message);
        for (const name of NAMES) {
          if (name === "References" && references.length === 0) continue;
          const field = ownField(name) ?? assert.fail(name);
          assert.equal(field.plain(message), field.encoded(options));
        }
        const node = new MimeNode(false, { baseBoundary: "-" }).setHeader("to", options.to);
        assert.deepEqual(node.getEnvelope().to, [to]);
      },
    ),
    { numRuns: 500 },
  );
  assert(plain > 100, `${plain} of 500`);
});

Deno.test("values that nodemailer encodes or quotes are not plain", () => {
  for (
    const to of ["zoë@example.com", "a@EXAMPLE.com", "a@xn--bcher-kva.de", "a@1.2.3.4", "a b@c.de"]
  ) {
    assert.equal(hasPlainValues(testMessage({ to })), false, to);
  }
  for (const id of ["a b@example.com", "a>b@example.com", "é@example.com", "a\r\nBcc: b", ""]) {
    assert.equal(hasPlainValues(testMessage({ messageId: id })), false, id);
    assert.equal(hasPlainValues(testMessage({ inReplyTo: id })), false, id);
    assert.equal(hasPlainValues(testMessage({ references: ["a@example.com", id] })), false, id);
  }
});
