import assert from "node:assert/strict";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { composeMail } from "./compose.ts";
import type { ParsedTemplate } from "./engine.ts";
import type { MailData } from "./mail_data.ts";
import { sampleData } from "./sample_data.ts";
import { loadTemplates } from "./templates.ts";

const loaded = await loadTemplates(undefined);
if (!loaded.ok) throw new Error("Built-in templates do not load");
const { templates } = loaded;

const FACTS: MailData = {
  kind: "new",
  audience: "reviewer",
  requestType: "role",
  id: "0198-1",
  cluster: "example.com",
  user: "alice",
  roles: ["dev", "dba"],
  reason: "deploy",
  link: "https://proxy.example.com:3080/web/requests/0198-1",
  status: { state: "PENDING", reason: "" },
  nowMs: 0,
};

const REVIEW: MailData = {
  ...FACTS,
  kind: "review",
  review: {
    author: "bob@example.com",
    createdMs: Date.UTC(2025, 0, 25, 10, 30, 59, 999),
    state: "APPROVED",
    reason: "okay",
  },
};

function textOf(facts: MailData): string {
  const mail = composeMail(facts, templates);
  assert.deepEqual(mail.warnings, []);
  return mail.text;
}

Deno.test("composeMail() writes the subject of the original", () => {
  for (const kind of ["new", "review", "resolution"] as const) {
    const { subject } = composeMail(sampleData(kind), templates);
    assert.equal(
      subject,
      "example.teleport.sh Role Request 0198f3c2-7d0b-4a54-9d4e-1f2e3d4c5b6a",
    );
  }
});

Deno.test("composeMail() writes new requests byte for byte as the original", () => {
  assert.equal(
    textOf(FACTS),
    "You have a new Role Request:\n\nID: 0198-1\nCluster: example.com\nUser: alice\n" +
      "Role(s): dev,dba\nReason: deploy\n" +
      "Link: https://proxy.example.com:3080/web/requests/0198-1\n\nStatus: ⏳ PENDING",
  );
  assert.equal(
    textOf({ ...FACTS, link: undefined, reason: "a <b> & {{ c }}\n second\n" }),
    "You have a new Role Request:\n\nID: 0198-1\nCluster: example.com\nUser: alice\n" +
      "Role(s): dev,dba\nReason: a <b> & {{ c }}\n second\n\n" +
      "Approve: tsh request review --approve 0198-1\n" +
      "Deny: tsh request review --deny 0198-1\n\nStatus: ⏳ PENDING",
  );
  assert.equal(
    textOf({ ...FACTS, user: "", roles: undefined, reason: "" }),
    "You have a new Role Request:\n\nID: 0198-1\nCluster: example.com\n" +
      "Link: https://proxy.example.com:3080/web/requests/0198-1\n\nStatus: ⏳ PENDING",
  );
  assert.match(textOf({ ...FACTS, roles: [] }), /\nRole\(s\): \nReason: deploy\n/);
});

Deno.test("composeMail() writes resolutions byte for byte as the original", () => {
  const head = "Role Request has been resolved:\n\nID: 0198-1\nCluster: example.com\n" +
    "User: alice\nRole(s): dev,dba\nReason: deploy\n";
  const link = "Link: https://proxy.example.com:3080/web/requests/0198-1\n";
  const cases = [
    [{ state: "APPROVED", reason: "okay, go" }, "\nStatus: ✅ APPROVED (okay, go)"],
    [{ state: "DENIED", reason: "" }, "\nStatus: ❌ DENIED"],
    [{ state: "EXPIRED", reason: "" }, "\nStatus: ⌛ EXPIRED"],
    [{ state: "PROMOTED", reason: "to a list" }, "\nStatus: ✅ PROMOTED (to a list)"],
  ] as const;
  for (const [status, tail] of cases) {
    const facts: MailData = { ...FACTS, kind: "resolution", status };
    assert.equal(textOf(facts), head + link + tail);
    assert.equal(textOf({ ...facts, link: undefined }), head + tail);
  }
});

Deno.test("composeMail() writes reviews byte for byte as the original", () => {
  const review = REVIEW.review;
  assert.ok(review);
  const first = "bob@example.com reviewed the request at 25 Jan 25 10:30 UTC.\n";
  assert.equal(textOf(REVIEW), `${first}Resolution: ✅ APPROVED.\nReason: okay.`);
  assert.equal(
    textOf({ ...REVIEW, review: { ...review, state: "DENIED", reason: "" } }),
    `${first}Resolution: ❌ DENIED.\n`,
  );
  assert.equal(
    textOf({ ...REVIEW, review: { ...review, state: "PROMOTED" } }),
    `${first}Resolution:  PROMOTED.\nReason: okay.`,
  );
  assert.match(
    textOf({ ...REVIEW, review: { ...review, createdMs: undefined } }),
    /at 01 Jan 01 00:00 UTC\.\n/,
  );
});

Deno.test("composeMail() informs requesters of their own request, never how to approve it", () => {
  const requester = { ...FACTS, audience: "requester", link: undefined } as const;
  const submitted = composeMail(requester, templates);
  assert.match(submitted.text, /^Your Role Request has been submitted:\n\nID: 0198-1\n/);
  const resolved = composeMail({
    ...requester,
    kind: "resolution",
    status: { state: "DENIED", reason: "no" },
  }, templates);
  assert.match(
    resolved.text,
    /^Your Role Request has been resolved:\n\n[^]*\nStatus: ❌ DENIED \(no\)$/,
  );
  for (const mail of [submitted, resolved]) {
    assert.doesNotMatch(mail.text + mail.html, /tsh request/);
  }
});

Deno.test("composeMail() omits HTML on demand", () => {
  assert.equal("html" in composeMail(FACTS, templates, { html: false }), false);
});

Deno.test("composeMail() writes HTML that loads nothing and has the facts of the text", () => {
  const { html = "" } = composeMail(FACTS, templates);
  assert.doesNotMatch(html, /src=|url\(|@import|<link|<script/);
  for (const fact of ["0198-1", "example.com", "alice", "dev, dba", "deploy", "⏳ PENDING"]) {
    assert.ok(html.includes(fact), fact);
  }
  assert.ok(html.includes(`href="${FACTS.link}"`));
  const { html: withoutLink = "" } = composeMail({ ...FACTS, link: undefined }, templates);
  assert.ok(withoutLink.includes("tsh request review --approve 0198-1"));
  assert.doesNotMatch(withoutLink, /href=/);
});

Deno.test("composeMail() never throws, and its subject is one line", async () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant("a\r\nBcc: x@y\u2028\u0000{{"));
  const state = fc.constantFrom("PENDING", "APPROVED", "DENIED", "EXPIRED", "PROMOTED");
  const facts = fc.record({
    kind: fc.constantFrom("new", "review", "resolution"),
    audience: fc.constantFrom("reviewer", "requester"),
    requestType: fc.constant("role"),
    id: text,
    cluster: text,
    user: text,
    roles: fc.option(fc.array(text), { nil: undefined }),
    reason: text,
    link: fc.option(text, { nil: undefined }),
    status: fc.record({ state, reason: text }),
    review: fc.record({
      author: text,
      createdMs: fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined }),
      state: text,
      reason: text,
    }),
    nowMs: fc.oneof(fc.integer(), fc.double()),
  });
  await fc.assert(
    fc.asyncProperty(facts, async (arbitrary) => {
      const mail = composeMail(arbitrary as MailData, templates);
      assert.match(mail.subject, /^[^\p{Cc}\p{Zl}\p{Zp}]*Role Request[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
      const parsed = await PostalMime.parse(`Subject: ${mail.subject}\r\n\r\nx`);
      assert.equal(parsed.headers.length, 1);
    }),
    { numRuns: 200 },
  );
});

Deno.test("composeMail() uses an override, and the built-in subject where it gives none", () => {
  const gives = (output: string): ParsedTemplate => ({
    render: () => ({ ok: true, output }),
    namesReviewers: false,
  });
  const overrides = { "subject.txt": gives("ours"), "new.txt": gives("text of ours") };
  const mail = composeMail(FACTS, { ...templates, overrides });
  assert.deepEqual([mail.subject, mail.text, mail.warnings], ["ours", "text of ours", []]);
  const empty = { ...overrides, "subject.txt": gives(" \n") };
  const other = composeMail(FACTS, { ...templates, overrides: empty });
  assert.equal(other.subject, composeMail(FACTS, templates).subject);
  assert.deepEqual(other.warnings, [
    "Using the built-in subject: template 'subject.txt' gave an empty line",
  ]);
});

Deno.test("composeMail() truncates a long subject of an override", () => {
  const render = () => ({ ok: true, output: "x".repeat(1000) }) as const;
  const overrides = { "subject.txt": { render, namesReviewers: false } };
  const { subject } = composeMail(FACTS, { ...templates, overrides });
  assert.match(subject, /^x{200}/);
  assert.ok(subject.length <= 300, `${subject.length} characters`);
});
