import assert from "node:assert/strict";
import { PassThrough, type Readable, Writable } from "node:stream";
import fc from "fast-check";
import DataStream from "nodemailer/lib/smtp-connection/data-stream";
import { Content, dataText, END_OF_DATA, WithheldError } from "./content.ts";
import { testMessage } from "../testing/smtp_client.ts";
import { MessageBuilder } from "./message/message_builder.ts";

/** What nodemailer writes to the connection for this content, chunk by chunk. */
async function written(content: Readable): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const data = new DataStream();
  const ended = Promise.withResolvers<void>();
  data.once("end", () => ended.resolve());
  data.pipe(
    new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    }),
    { end: false },
  );
  content.pipe(data);
  await ended.promise;
  return chunks;
}

function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("latin1");
}

const LINES = fc.array(
  fc.oneof(fc.constantFrom("\r\n", "\n", "\r", ".", "..", "\n.", "\r.", ".\r\n"), fc.string()),
  { maxLength: 30 },
).map((pieces) => pieces.join("")).filter((text) => text !== "");

Deno.test("the data of a message is what nodemailer makes of it", async () => {
  await fc.assert(fc.asyncProperty(LINES, async (message) => {
    const source = new PassThrough();
    source.end(Buffer.from(message, "latin1"));
    const text = dataText(message);
    const data = `${text}${text.endsWith("\n") ? "" : "\r\n"}${END_OF_DATA}`;
    assert.equal(data, textOf(await written(source)));
  }));
});

Deno.test("the data of a message leaves in one write", async () => {
  const { data } = await new MessageBuilder("").build(testMessage({ text: ".dot\n..\nend" }));
  const content = new Content(data, () => true);
  assert.equal(content.readableDidRead, false);
  const chunks = await written(content);
  assert.equal(content.readableDidRead, true);
  assert.equal(chunks.length, 1);
  assert.match(textOf(chunks), /\r\n\r\n\.\.dot\r\n\.\.\.\r\nend\r\n\.\r\n$/);
});

Deno.test("content is withheld when the email may not leave any more", async () => {
  const content = new Content(new Uint8Array(1), () => false);
  const failed = Promise.withResolvers<unknown>();
  content.once("error", failed.resolve);
  const destination = new DataStream();
  content.pipe(destination);
  assert(await failed.promise instanceof WithheldError);
  assert.equal(content.readableDidRead, false);
  assert.equal(destination.read(), null);
});

Deno.test("content fails in a stream that would double its dots", async () => {
  const content = new Content(new Uint8Array(1), () => true);
  const failed = Promise.withResolvers<unknown>();
  content.once("error", failed.resolve);
  content.pipe(new PassThrough());
  assert.match(String(await failed.promise), /nodemailer does not send content through/);
  assert.equal(content.readableDidRead, false);
});
