import assert from "node:assert/strict";
import fc from "fast-check";
import { composeMail } from "../../content/compose.ts";
import { composeShared, slotInsert } from "../../content/shared_words.ts";
import type { Audience, MailData } from "../../content/mail_data.ts";
import {
  HOSTILE_TEXT,
  REQUEST_KINDS,
  sampleData,
  sampleResourceData,
} from "../../content/sample_data.ts";
import { DEFAULT_LOOK, type MailLook } from "../../content/scope.ts";
import { loadTemplates } from "../../content/templates.ts";
import type { MailMessage } from "../../transport.ts";
import { MessageBuilder } from "./message_builder.ts";

const loaded = await loadTemplates(undefined);
const templates = loaded.ok ? loaded.templates : assert.fail();
const LOOKS: readonly MailLook[] = [
  DEFAULT_LOOK,
  { ...DEFAULT_LOOK, details: true, actions: true },
  { ...DEFAULT_LOOK, html: false },
  { ...DEFAULT_LOOK, html: false, details: true },
];
const ADDRESSES = ["alice@example.com", "bob.o=neil+x@example.org", "zoë@exämple.com"];

/** The facts of an email as each recipient gets them: the others were asked, too. */
function dataFor(data: MailData, to: string, asked: readonly string[]): MailData {
  const reviewersAsked = asked.filter((address) => address !== to);
  return data.details ? { ...data, details: { ...data.details, reviewersAsked } } : data;
}

function messageTo(to: string, words: Pick<MailMessage, "subject" | "text" | "html">): MailMessage {
  const { subject, text, html } = words;
  return {
    messageId: `${Array.from(to, (c) => c.codePointAt(0)?.toString(36)).join("")}@example.com`,
    from: { name: "Teleport – Zugriff", address: "teleport@example.com" },
    to,
    replyTo: { name: "Help, desk", address: "help@example.com" },
    subject,
    inReplyTo: `first-${to.length}@example.com`,
    references: [`root-${to.length}@example.com`, `first-${to.length}@example.com`],
    date: new Date(Date.UTC(2026, 10, 28, 12, to.length)),
    text,
    ...(html === undefined ? {} : { html }),
  };
}

/** What a connection writes. Boundaries are random; all else has to be equal. */
async function sent(builder: MessageBuilder, message: MailMessage): Promise<string> {
  const { from, to, data } = await builder.build(message);
  const text = new TextDecoder().decode(data).replace(/--_NmP-[0-9a-f]+-/g, "--_NmP-x-");
  return `${from} ${to}\n${text}`;
}

/** Compares each email of a batch, made of shared parts, with the same email made alone; counts the shared. */
async function compare(data: MailData, look: MailLook, asked: readonly string[]): Promise<number> {
  const builder = new MessageBuilder("smtp.example.com");
  const words = composeShared(dataFor(data, asked[0] ?? "", asked), templates, look);
  let shared = 0;
  const boundaries = new Set<string>();
  for (const to of asked) {
    const own = dataFor(data, to, asked);
    const alone = messageTo(to, composeMail(own, templates, look));
    const insert = slotInsert(own, look);
    if (words === undefined || insert === undefined) continue;
    const filled = { ...alone, shared: { words, insert } };
    assert.equal(await sent(builder, filled), await sent(builder, alone));
    const finished = await builder.build(filled);
    boundaries.add(/boundary="([^"]+)"/.exec(new TextDecoder().decode(finished.data))?.[1] ?? "");
    shared++;
  }
  // Emails built alone have boundaries of their own.
  assert(boundaries.size <= 1, "an email was built alone");
  return shared;
}

Deno.test("an email built from what its recipients share has the bytes of one built alone, for every kind", async () => {
  for (const kind of REQUEST_KINDS) {
    for (const audience of ["reviewer", "requester"] satisfies Audience[]) {
      for (const look of LOOKS) {
        const sample = sampleData(kind, audience);
        const hostile = { ...sample, user: HOSTILE_TEXT, reason: HOSTILE_TEXT };
        for (const data of [sample, sampleResourceData(sample), hostile]) {
          assert.equal(await compare(data, look, ADDRESSES), ADDRESSES.length);
        }
      }
    }
  }
});

Deno.test("the bytes are the same wherever the names of the other reviewers end a line", async () => {
  const address = fc.stringMatching(/^[a-z][a-z0-9.+=_-]{0,40}@[a-z]{1,30}\.example$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(address, { minLength: 2, maxLength: 30 }),
      fc.string({ maxLength: 200, unit: "grapheme" }),
      fc.constantFrom(...REQUEST_KINDS),
      async (asked, reason, kind) => {
        const data = { ...sampleData(kind), reason };
        for (const look of LOOKS.slice(0, 2)) await compare(data, look, asked);
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("the emails of each request have a boundary that no other request has", async () => {
  const builder = new MessageBuilder("smtp.example.com");
  const boundaries = new Set<string>();
  for (let request = 0; request < 3; request++) {
    const words = composeShared(sampleData("new"), templates) ?? assert.fail();
    for (const to of ADDRESSES) {
      const shared = { words, insert: "a@example.com" };
      const { data } = await builder.build({ ...messageTo(to, words), shared });
      const [, boundary = ""] = /boundary="([^"]+)"/.exec(new TextDecoder().decode(data)) ?? [];
      assert.equal(new TextDecoder().decode(data).split(`\r\n--${boundary}`).length, 4);
      boundaries.add(boundary);
    }
  }
  assert.equal(boundaries.size, 3);
});

Deno.test("names that HTML escapes, and overrides that show the reviewers, get words of their own", () => {
  const data = sampleData("new");
  const asked = (...names: string[]) => slotInsert(dataFor(data, "", names), DEFAULT_LOOK);
  assert.equal(asked("a@example.com", "b@example.com"), "a@example.com, b@example.com");
  assert.equal(asked("o'brien@example.com"), undefined);
  assert.equal(asked("<b>@example.com"), undefined);
  const override = { ...templates.builtin["new.html"], namesReviewers: true };
  const own = { ...templates, overrides: { "new.html": override } };
  assert.equal(composeShared(data, own), undefined);
  assert.notEqual(composeShared(sampleData("review"), own), undefined);
});
